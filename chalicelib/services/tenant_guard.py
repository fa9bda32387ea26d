"""The guard of single tenants: whom a version on trial clearly harms goes back to stable alone, held there by a pin."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.errors import NotFoundError, StaleRevisionError, TransientError
from chalicelib.domain.health import tried_by
from chalicelib.domain.health_criteria import action_of, criteria_of
from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.pins import Pin
from chalicelib.domain.resolution import bucket_of
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.sides import HISTORY_DAYS, sum_of
from chalicelib.domain.tallies import DAY_SECONDS, GROUP_BPS, mark, past_mark
from chalicelib.domain.tenant_guard import (
    Crowd,
    is_shared_by_stable,
    judge_crowd,
    judge_tenant,
    known_before,
    may_be_sick,
)
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Action, Verdict, combine
from chalicelib.services.installation_writes import Change, write
from chalicelib.services.traffic import since_epoch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.installations import Enabled
    from chalicelib.domain.routes import Route, Target
    from chalicelib.domain.sides import Usual
    from chalicelib.ports import Ports

#: How often a pin is tried again when somebody else changes the installation meanwhile.
_READS = 3
#: A look has its time: where a fail does not end the deployment thousands may be harmed, and the next look goes on.
_MOST_A_LOOK = 100


class Guarded(NamedTuple):
    """*deployment*, with whom it has sent back, and the *verdict* on it, with what that says of the version."""

    deployment: Deployment
    verdict: Verdict


class _Known(NamedTuple):
    """What is known of tenants: what single ones got in this deployment, what all got of stable, and what was usual."""

    failing: Mapping[tuple[str, str], Outcomes]
    on_stable: Outcomes
    usual: tuple[Usual, ...]
    exposed: int
    today: int


def guard(deployment: Deployment, verdict: Verdict, ports: Ports) -> Guarded:
    """
    Send back who is harmed by its own evidence, unless *verdict* ends the deployment for everybody anyway.

    Each pin is written with its record and names the deployment; the deployment is the caller's to write. If we die in
    between, the next look finds the pins. The failures of those who are gone have been counted and stay so. What
    can't be read now is looked at next time.
    """
    good, criteria = deployment.last_known_good, criteria_of(deployment.health)
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    if good is None or good.stable is None or route is None or not route.is_trying or not criteria.has_tenant_guard:
        return Guarded(deployment, verdict)
    ends = action_of(replace(verdict, outcome="fail"), criteria) is Action.ROLLBACK and deployment.auto_rollback
    if verdict.is_fail and ends:
        return Guarded(deployment, verdict)
    try:
        known = _read(deployment, good, ports)
        crowd, found = _find(deployment, route, good.stable, known, ports)
    except TransientError:
        return Guarded(deployment, verdict)
    if is_shared_by_stable(crowd):
        return Guarded(deployment, verdict)
    of_crowd = judge_crowd(crowd)
    if of_crowd is not None:
        verdict = combine((*(verdict.signals or (verdict,)), of_crowd))
    if verdict.is_fail and ends:
        return Guarded(deployment, verdict)
    some = islice(found.items(), _MOST_A_LOOK)
    sent = [each for each, why in some if _send_back(deployment, good.stable, each, why, ports)]
    marks = (mark(deployment.id, tenant_id) for tenant_id in sent)
    return Guarded(replace(deployment, sent_back=(*deployment.sent_back, *marks)), verdict)


def _read(deployment: Deployment, good: Route, ports: Ports) -> _Known:
    today = int(ports.clock.now().timestamp() // DAY_SECONDS)
    since = since_epoch(deployment, good.epoch) + 1
    failing: dict[tuple[str, str], Outcomes] = {}
    for (_, version, tenant_mark), now in ports.measurements.failing(deployment.id, since_epoch=since).items():
        key = version, tenant_mark
        failing[key] = failing.get(key, Outcomes()) + now
    if not failing:
        return _Known({}, Outcomes(), (), 0, today)
    tried = [target.version for target in tried_by(deployment)]
    stable = {good.stable.version} if good.stable else set()
    usual = ports.measurements.usual(deployment.plugin_id, deployment.environment, since_day=today - HISTORY_DAYS)
    return _Known(
        failing,
        sum_of(ports.measurements.phases(deployment.id), stable),
        usual,
        ports.measurements.exposed(deployment.id, tried),
        today,
    )


def _find(
    deployment: Deployment, route: Route, stable: Target, known: _Known, ports: Ports
) -> tuple[Crowd, dict[str, Verdict]]:
    """Find who is harmed: how many there are with those who were sent back before, and who is new."""
    criteria = criteria_of(deployment.health)
    tried = {target.version for target in tried_by(deployment)}
    tenants = max(deployment.affected_tenants, known.exposed)
    # Nobody is sought out by name whose failures alone prove nothing.
    suspects = {key: now for key, now in known.failing.items() if may_be_sick(now, criteria, tenants=tenants)}
    new: dict[str, Verdict] = {}
    on_stable = 0
    for each in _named(deployment, suspects, ports).values():
        for version in (*tried, stable.version):
            tenant_mark = mark(deployment.id, each.tenant_id)
            now = suspects.get((version, tenant_mark))
            if now is None or (version in tried and tenant_mark in deployment.sent_back):
                continue
            before = _before(each, route, known, ports)
            verdict = judge_tenant(now, before, criteria, tenants=tenants)
            if verdict.is_fail and version in tried:
                new[each.tenant_id] = verdict
            on_stable += verdict.is_fail and version not in tried
    sick = len(new) + len(deployment.sent_back)
    others = known.exposed if route.split_by is SplitBy.REQUEST else max(tenants - known.exposed, on_stable)
    return Crowd(sick, max(known.exposed, sick), on_stable, others), new


def _named(deployment: Deployment, suspects: Mapping[tuple[str, str], Outcomes], ports: Ports) -> dict[str, Enabled]:
    """Find the tenants behind the marks of *suspects*; only whoever has the plugin can be one."""
    marks = {tenant_mark for _, tenant_mark in suspects} - set(deployment.sent_back)
    if not marks:
        return {}
    enabled = ports.installations.enabled_tenants(deployment.plugin_id)
    named = ((mark(deployment.id, each.tenant_id), each) for each in enabled)
    return {tenant_mark: each for tenant_mark, each in named if tenant_mark in marks}


def _before(each: Enabled, route: Route, known: _Known, ports: Ports) -> Outcomes:
    place = route.plugin_id, route.environment
    own = ports.measurements.past(*place, past_mark(*place, each.tenant_id), since_day=known.today - HISTORY_DAYS)
    group = bucket_of(route.plugin_id, route.salt, each.tenant_id) // GROUP_BPS
    neighbours = total(row.groups[group] for row in known.usual if row.ring == each.ring and group in row.groups)
    everybody = total(outcomes for row in known.usual for outcomes in row.groups.values())
    return known_before(own, (neighbours,), known.on_stable + everybody)


def _send_back(deployment: Deployment, stable: Target, tenant_id: str, verdict: Verdict, ports: Ports) -> bool:
    """
    Pin a tenant to *stable* in the name of the product; tell whether that is settled, be it by its owner's own pin.

    An installation has one pin, so a pin that holds elsewhere stays as well: its owner's wish goes before ours.
    """
    for _ in range(_READS):
        now = rfc3339(ports.clock.now())
        try:
            installation = ports.installations.get(tenant_id, deployment.plugin_id)
            if installation.pin is not None and installation.pin.holds(installation.pin.environment, now):
                return True
            reason = f"{deployment.target.version} fails for this tenant in {deployment.id}: {verdict.reason}"
            pin = Pin(deployment.environment, stable, reason, SYSTEM.username, now, deployment_id=deployment.id)
            after = {"version": stable.version, "environment": pin.environment, "deploymentId": deployment.id}
            caller = SYSTEM._replace(trace_id=deployment.trace_id)
            write(installation._replace(pin=pin, updated_at=now), Change(caller, "SendBack", after, reason), ports)
        except StaleRevisionError:
            continue
        except (NotFoundError, TransientError):
            # The tenant is gone, or nothing can be written now: the next look tries again.
            return False
        return True
    return False
