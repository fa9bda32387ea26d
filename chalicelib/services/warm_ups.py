"""Start containers of what a deployment tries before anyone waits for one: as many as its requests will need."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError, TransientError
from chalicelib.domain.health import NOBODY, PROBE, identity_errors, judge_answer, tried_by
from chalicelib.domain.tallies import SLOT_SECONDS
from chalicelib.domain.verdicts import Verdict
from chalicelib.domain.warm_ups import FEWEST_CONTAINERS, SLOTS_SEEN, containers_for

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports


def warm_up(deployment: Deployment, ports: Ports) -> Verdict:
    """
    Start every version that is tried; the first that does not start decides.

    Readiness is that a container of each starts and is the build that was announced. Several are started at the same
    moment, and each that starts must be well; that Lambda has no room for one more just now says nothing.

    Raises:
        TransientError: Lambda throttles or is unreachable, so that none started.
    """
    containers = _containers(deployment, ports)
    for target in tried_by(deployment):
        verdict = _start(deployment, target, ports, containers)
        if verdict.outcome != "pass":
            break
    return verdict


def _containers(deployment: Deployment, ports: Ports) -> int:
    """Say how many containers to start; without counts the fewest, for a warm-up waits for no measurement."""
    since_slot = int(ports.clock.now().timestamp() // SLOT_SECONDS) - SLOTS_SEEN
    try:
        counted = ports.measurements.traffic(deployment.plugin_id, deployment.environment, since_slot=since_slot)
    except TransientError:
        return FEWEST_CONTAINERS
    return containers_for(counted)


def _start(deployment: Deployment, target: Target, ports: Ports, containers: int) -> Verdict:
    published = ports.functions.find_version_alias(deployment.plugin_id, target.alias)
    if published is None or published.lambda_version != target.lambda_version:
        return Verdict("fail", f"the alias {target.alias} does not name Lambda version {target.lambda_version}")
    # Calls at the same moment are what makes Lambda start several; one that isolates tenants does so for each tenant.
    at_once = 1 if target.is_isolated else containers
    with ThreadPoolExecutor(at_once) as pool:
        probes = [pool.submit(_probe, deployment, target, ports) for _ in range(at_once)]
    verdicts, away = [], None
    for probe in probes:
        try:
            verdicts.append(probe.result())
        except TransientError as error:
            away = error
    if away is not None and not verdicts:
        raise away
    return next((verdict for verdict in verdicts if verdict.outcome != "pass"), verdicts[0])


def _probe(deployment: Deployment, target: Target, ports: Ports) -> Verdict:
    try:
        isolated_for = NOBODY if target.is_isolated else None
        answer = ports.functions.call(deployment.plugin_id, target.alias, PROBE, isolated_for=isolated_for)
    except (PluginFailedError, PluginTimeoutError) as error:
        return Verdict("fail", error.detail)
    verdict = judge_answer(answer)
    errors = identity_errors(answer, plugin_id=deployment.plugin_id, version=target.version, sha256=target.sha256)
    if verdict.outcome == "pass" and errors:
        return Verdict("fail", f"another build answers: {'; '.join(errors)}")
    return verdict
