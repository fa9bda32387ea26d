"""Look after deployments that have ended: pins of their guard are let go, and what they left serving is watched."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.times import rfc3339
from chalicelib.services import regressions
from chalicelib.services.installation_writes import Change, write
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports

#: Whoever was sent back stays on the version of before for so long after the new one has become stable.
PIN_DAYS = 7
#: So long pins are looked for: the listing of pins lags, and a look that had begun may write one after the end.
SETTLING = timedelta(minutes=10)


class AfterCare(NamedTuple):
    """What a sweep did: tenants whose pins it let go or gave an end, what regressed, and what could not be done."""

    pins_settled: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()


def look_after(ports: Ports) -> AfterCare:
    """
    Look after every ended deployment that needs it; one that can't be looked after holds up no other.

    Safe to repeat and to run twice at once: each change is bound to what was read, and a deployment is let out of
    sight only after its pins are settled and something else serves.
    """
    settled: list[str] = []
    regressed: list[str] = []
    failed: list[tuple[str, str]] = []
    for deployment in ports.deployments.watched():
        try:
            serves = _serves(deployment, ports)
            settled += _settle_pins(deployment, ports, serves=serves)
            if not serves and _is_settled(deployment, ports):
                _forget(deployment, ports)
            elif regressions.watch(deployment, ports):
                regressed.append(deployment.id)
        except StaleRevisionError:
            continue  # Somebody else has changed it meanwhile: the next sweep reads it again.
        except Exception as error:  # noqa: BLE001 - any error of one deployment is no reason to leave the others
            failed.append((deployment.id, f"{type(error).__name__}: {error}"))
    return AfterCare(tuple(settled), tuple(regressed), tuple(failed))


def _settle_pins(deployment: Deployment, ports: Ports, *, serves: bool) -> list[str]:
    """
    Let go whom the guard holds, or say until when, while the version that harms them serves.

    While it serves only for some minutes after the end: then nobody can make a pin any more, and all have their end.
    """
    if serves and _is_settled(deployment, ports):
        return []
    keeps = serves and deployment.outcome_version != _held_on(deployment)
    expires_at = rfc3339(_ended_at(deployment) + timedelta(days=PIN_DAYS))
    done = []
    for installation in _guarded(deployment, ports):
        pin, now = installation.pin, rfc3339(ports.clock.now())
        if pin is None or (keeps and pin.expires_at is not None):
            continue
        if keeps:
            kept = installation._replace(pin=pin._replace(expires_at=expires_at), updated_at=now)
            reason = f"{deployment.target.version} is the stable version now; look at it before the pin ends"
            write(kept, _change(deployment, "KeepBack", pin.target, reason, expires_at), ports)
        else:
            reason = f"{deployment.target.version} serves nobody any more; {deployment.id} is {deployment.status}"
            write(
                installation._replace(pin=None, updated_at=now), _change(deployment, "LetGo", pin.target, reason), ports
            )
        done.append(installation.tenant_id)
    return done


def _guarded(deployment: Deployment, ports: Ports) -> Iterator[Installation]:
    """Go through the installations that a pin of this deployment's guard holds."""
    version = _held_on(deployment)
    if version is None:
        return
    now = rfc3339(ports.clock.now())
    for tenant_id in list(ports.installations.pinned_tenants(deployment.plugin_id, version, now=now)):
        try:
            installation = ports.installations.get(tenant_id, deployment.plugin_id)
        except NotFoundError:
            continue  # It has uninstalled the plugin, and the listing lags.
        if installation.pin is not None and installation.pin.deployment_id == deployment.id:
            yield installation


def _held_on(deployment: Deployment) -> str | None:
    good = deployment.last_known_good
    return good.stable.version if good is not None and good.stable is not None else None


def _serves(deployment: Deployment, ports: Ports) -> bool:
    """Tell whether it left a version serving that serves still."""
    if deployment.status is not DeploymentStatus.COMPLETED:
        return False
    route = ports.routes.get(deployment.plugin_id, deployment.environment)
    return route is not None and route.stable is not None and route.stable.version == deployment.outcome_version


def _is_settled(deployment: Deployment, ports: Ports) -> bool:
    return ports.clock.now() - _ended_at(deployment) > SETTLING


def _forget(deployment: Deployment, ports: Ports) -> None:
    record = record_of(SYSTEM, "EndWatch", f"deployments/{deployment.id}", ports, after={"status": deployment.status})
    ports.deployments.commit(replace(deployment, is_watched=False), record)


def _change(deployment: Deployment, action: str, target: Target, reason: str, expires_at: str | None = None) -> Change:
    after = {
        "version": target.version,
        "environment": deployment.environment,
        "deploymentId": deployment.id,
        "expiresAt": expires_at,
    }
    return Change(SYSTEM._replace(trace_id=deployment.trace_id), action, after, reason)


def _ended_at(deployment: Deployment) -> datetime:
    return datetime.fromisoformat(deployment.ended_at or deployment.created_at)
