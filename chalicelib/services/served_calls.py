"""Call the version that serves, count how it went, and let stable answer where the candidate could not. Light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.resolution import Reason
from chalicelib.domain.tallies import Call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.resolution import Resolution
    from chalicelib.domain.routes import Route, Target
    from chalicelib.domain.tenants import Tenant
    from chalicelib.serving_ports import ServingPorts

#: Failures that the caller can mend; they say nothing about the version.
CALLERS_FAULT = frozenset({"UnknownOperation", "InvalidInput"})
#: Who was sent to a version by the route, and not by hand.
_SPLIT = frozenset({Reason.EXPERIMENT, Reason.RING, Reason.CANARY, Reason.STABLE})
#: A caller waits 29 seconds at most (API Gateway): whoever took longer than this leaves stable too little of it.
_STAND_IN_WITHIN_MS = 10_000.0


class Wanted(NamedTuple):
    """A call to make: *target* is what *decision* leads to through *alias*, for *tenant*."""

    plugin_id: str
    alias: str
    operation: str
    payload: Mapping[str, Any]
    target: Target
    decision: Resolution
    route: Route | None
    tenant: Tenant | None


class Served(NamedTuple):
    """
    What came back, from which version, after how many milliseconds.

    *stood_in_for* is the version that failed before stable answered; empty where none did.
    """

    answer: Mapping[str, Any]
    target: Target
    version: str
    duration_ms: float
    stood_in_for: str = ""


def call_version(wanted: Wanted, ports: ServingPorts) -> Served:
    """
    Call a version once; if it is on trial, fails, and its operation may be repeated, stable answers instead.

    The failure counts against the version on trial all the same, and the answer for neither: it was not stable's turn.

    Raises:
        PluginFailedError: The plugin stopped before it answered (502).
        PluginTimeoutError: It did not answer in its time (504).
    """
    with ports.calls.meanwhile():
        answer, error, duration_ms = _call(wanted, ports)
    target = _who_served(wanted, answer, error)
    has_failed = error is not None or _is_failure(answer)
    if target is not None and (has_failed or answer.get("ok") is True):
        _count(wanted, target, ports, has_failed=has_failed, duration_ms=duration_ms)
    stable = wanted.route.stable if wanted.route else None
    if has_failed and target is not None and stable is not None and _may_stand_in(wanted, target, stable, duration_ms):
        instead = wanted._replace(alias=stable.alias, target=stable)
        answer, error, more_ms = _call(instead, ports)
        if error is None:
            return Served(answer, stable, stable.version, duration_ms + more_ms, target.version)
    if error is not None:
        raise error
    served = target or wanted.target
    version = str(answer.get("version", served.version)) if wanted.decision.by_request else served.version
    return Served(answer, served, version, duration_ms)


def may_serve(wanted: Wanted) -> tuple[str, ...]:
    """Name the versions that a call may reach: one, or more where a weighted alias chooses or stable may stand in."""
    route, target = wanted.route, wanted.target
    if route is not None and wanted.decision.by_request:
        return tuple(one.version for one in route.targets)
    if route is not None and route.stable is not None and _may_stand_in(wanted, target, route.stable, 0.0):
        return target.version, route.stable.version
    return (target.version,)


def _call(
    wanted: Wanted, ports: ServingPorts
) -> tuple[Mapping[str, Any], PluginFailedError | PluginTimeoutError | None, float]:
    began = ports.clock.now()
    answer: Mapping[str, Any] = {}
    error: PluginFailedError | PluginTimeoutError | None = None
    isolated_for = wanted.payload["tenantId"] if wanted.target.is_isolated else None
    try:
        answer = ports.functions.call(wanted.plugin_id, wanted.alias, wanted.payload, isolated_for=isolated_for)
    except (PluginFailedError, PluginTimeoutError) as raised:
        error = raised
    return answer, error, (ports.clock.now() - began).total_seconds() * 1000


def _is_failure(answer: Mapping[str, Any]) -> bool:
    return answer.get("ok") is not True and str(answer.get("failure", {}).get("kind")) not in CALLERS_FAULT


def _who_served(
    wanted: Wanted, answer: Mapping[str, Any], error: PluginFailedError | PluginTimeoutError | None
) -> Target | None:
    """Name the version that a weighted alias chose; None if nothing tells: an answer that never came."""
    if not wanted.decision.by_request or wanted.route is None:
        return wanted.target
    number, version = error.lambda_version if error else "", str(answer.get("version", ""))
    by_name = (one for one in wanted.route.targets if number == one.lambda_version or version == one.version)
    return next(by_name, None)


def _count(wanted: Wanted, target: Target, ports: ServingPorts, *, has_failed: bool, duration_ms: float) -> None:
    if wanted.route is None or wanted.tenant is None or wanted.decision.reason is Reason.OVERRIDE:
        return
    is_split = wanted.decision.reason in _SPLIT
    ports.calls.count(Call(wanted.route, wanted.tenant, target, is_split, has_failed, duration_ms))


def _may_stand_in(wanted: Wanted, target: Target, stable: Target, duration_ms: float) -> bool:
    """Tell whether stable may answer: twice must be as good as once, and whoever waits must still be there."""
    is_on_trial = wanted.decision.reason in _SPLIT and target != stable
    return is_on_trial and wanted.operation in target.retryable and duration_ms < _STAND_IN_WITHIN_MS
