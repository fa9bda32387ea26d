"""Plugin health: how each version of a plugin fares in each environment, from the same counts as verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import HealthCheck
from chalicelib.domain.error_rules import judge_error_limit
from chalicelib.domain.errors import TransientError
from chalicelib.domain.health_criteria import HealthCriteria
from chalicelib.domain.ids import Environment
from chalicelib.domain.measurements import Outcomes, Sides, total
from chalicelib.domain.regressions import judge_late_regression
from chalicelib.domain.tallies import DAY_SECONDS, SLOT_SECONDS
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome
from chalicelib.services import health_checks

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.routes import Route, Target
    from chalicelib.domain.verdicts import Verdict
    from chalicelib.ports import Ports

#: Health is told of what happened within this time.
RECENT_SECONDS = 900
_WORDS = {Outcome.PASS: "Healthy", Outcome.INCONCLUSIVE: "Degraded", Outcome.FAIL: "Unhealthy"}


class VersionTraffic(NamedTuple):
    """What was counted of a version in an environment."""

    environment: Environment
    version: str
    outcomes: Outcomes


class VersionHealth(NamedTuple):
    """
    How a version that may serve fares: *status* is Healthy, Degraded, Unhealthy or Unknown, without requests.

    *role* is stable, candidate or variant.
    """

    environment: Environment
    version: str
    role: str
    status: str
    reason: str
    outcomes: Outcomes


class VersionCheck(NamedTuple):
    """A health check that was made just now."""

    environment: Environment
    role: str
    check: HealthCheck


class CheckHealth(NamedTuple):
    """Check the versions of a plugin in *environment*; None is everywhere."""

    caller: Caller
    plugin_id: str
    environment: Environment | None = None
    validate_only: bool = False


class _Whose(NamedTuple):
    """Whom a check is made for."""

    plugin_id: str
    environment: str
    trace_id: str


def show_metrics(plugin_id: str, window_seconds: int, ports: Ports) -> tuple[VersionTraffic, ...]:
    """
    Add up what was counted in a window, by environment and version; its beginning is rounded down to five minutes.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    ports.plugins.get(plugin_id)
    since = int((ports.clock.now().timestamp() - window_seconds) // SLOT_SECONDS)
    found: dict[tuple[Environment, str], Outcomes] = {}
    for environment in Environment:
        for row in ports.measurements.traffic(plugin_id, environment, since_slot=since):
            key = environment, row.version
            found[key] = found.get(key, Outcomes()) + row.outcomes
    return tuple(VersionTraffic(*key, outcomes) for key, outcomes in found.items())


def show_health(plugin_id: str, ports: Ports) -> tuple[VersionHealth, ...]:
    """
    Tell of each version that may serve how it fares, by what was counted of late and the usual limit of errors.

    What is stable is Unhealthy too where it proves to fail more than was usual before.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    recent = show_metrics(plugin_id, RECENT_SECONDS, ports)
    shown = []
    for route in ports.routes.of_plugin(plugin_id):
        late = _regression(route, ports)
        for role, target in _roles(route):
            environment = Environment(route.environment)
            key = environment, target.version
            outcomes = total(row.outcomes for row in recent if row[:2] == key)
            verdict = judge_error_limit(Sides(candidate=outcomes), HealthCriteria())
            if role == "stable" and late is not None and late.is_fail:
                verdict = late
            status, reason = ("Unknown", "no requests of late") if verdict is None else ("", verdict.reason)
            status = status or _WORDS[Outcome(verdict.outcome if verdict else Outcome.PASS)]
            shown.append(VersionHealth(environment, target.version, role, status, reason, outcomes))
    return tuple(shown)


def check_health(command: CheckHealth, ports: Ports) -> tuple[VersionCheck, ...]:
    """
    Make the health check of each version that may serve, now; nothing is kept of it, and no deployment moves.

    Raises:
        NotFoundError: There is no such plugin (404).
    """
    ports.plugins.get(command.plugin_id)
    made: list[VersionCheck] = []
    for route in ports.routes.of_plugin(command.plugin_id):
        if command.validate_only or command.environment not in (None, route.environment):
            continue
        whose = _Whose(command.plugin_id, route.environment, command.caller.trace_id)
        for role, target in _roles(route):
            try:
                check = health_checks.check_health(whose, target, ports.ids.new("exe"), ports)
            except TransientError as error:
                at = rfc3339(ports.clock.now())
                check = HealthCheck(at, target.version, "health check", "error", 0.0, error.detail)
            made.append(VersionCheck(Environment(route.environment), role, check))
    return tuple(made)


def _regression(route: Route, ports: Ports) -> Verdict | None:
    """Compare what stable did of late with what it, and the one before it, did in the day before."""
    if route.stable is None:
        return None
    first = int((ports.clock.now().timestamp() - RECENT_SECONDS) // SLOT_SECONDS) + 1
    known = {route.stable.version, *([route.previous.version] if route.previous else [])}
    since = first - DAY_SECONDS // SLOT_SECONDS
    counted = ports.measurements.traffic(route.plugin_id, route.environment, since_slot=since)
    before = total(row.outcomes for row in counted if row.slot < first and row.version in known)
    slots = [row.outcomes for row in counted if row.slot >= first and row.version == route.stable.version]
    return judge_late_regression(slots, before, of_slots=RECENT_SECONDS // SLOT_SECONDS)


def _roles(route: Route) -> list[tuple[str, Target]]:
    """Name each version that a route may send a tenant to, once, with what it is there."""
    named = [("stable", route.stable), ("candidate", route.candidate)]
    named += [("variant", variant.target) for variant in route.variants]
    roles: dict[str, tuple[str, Target]] = {}
    for role, target in named:
        if target is not None:
            roles.setdefault(target.version, (role, target))
    return list(roles.values())
