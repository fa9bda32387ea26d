"""Deployments: the list, and one of them as a tree of its plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.resources.deployments import Deployment
from hotswap.resources.reading import time_of
from hotswap.views.plans import plan_view, remaining_seconds
from hotswap.views.tables import facts, listing
from hotswap.views.theme import status_style
from hotswap.views.times import ago, lasted, spoken

_MARKS = {"Completed": "✔", "PendingApproval": "‖", "Paused": "‖", "Holding": "‖", "Queued": "…", "RollingBack": "↩"}
#: In the order in which they are named, the mild ones first.
_VERBS = ("pause", "resume", "advance", "promote", "retry", "abort", "rollback")

Fact = tuple[str, RenderableType]


def deployments_view(deployments: Sequence[Deployment], now: datetime, *, is_filtered: bool) -> RenderableType:
    """List deployments: where each stands, and why it does if that is not the plan's doing."""
    rows = [
        (
            Text(each.id, style="name", no_wrap=True),
            each.plugin_id,
            Text(each.version, style="version"),
            each.environment,
            Text(_standing(each), style=status_style(state_of(each))),
            Text(ago(each.created_at, now), no_wrap=True),
        )
        for each in deployments
    ]
    nothing = "No deployment matches." if is_filtered else "There are no deployments yet."
    next_step = "hotswap deploy list" if is_filtered else "hotswap deploy create PLUGIN VERSION --wait"

    return listing(
        ("DEPLOYMENT", "PLUGIN", "VERSION", "WHERE", "STATUS", "BEGAN"),
        rows,
        nothing=nothing,
        next_step=next_step,
    )


def deployment_view(deployment: Deployment, *, now: datetime, is_watched: bool = False) -> Group:
    """Show a deployment: its head, whom it serves, the plan as a tree, why it stands, and what to do next."""
    parts: list[RenderableType] = [head_view(deployment, now), facts([*_serving(deployment)])]
    if deployment.plan:
        approvals = [each for each in deployment.approvals if each.attempt == deployment.attempt]
        parts.append(plan_view(deployment.plan, now=now, approvals=approvals, is_held=deployment.is_held))
    told = [*_health(deployment), *_standing_because(deployment, now), *_next(deployment, is_watched=is_watched)]
    parts.append(facts(told))

    return Group(*parts)


def head_view(deployment: Deployment, now: datetime) -> Text:
    """Say what it is: which plugin, from which version to which, where, how, by whom, and where it stands."""
    state = state_of(deployment)
    style = status_style(state)
    took = lasted(deployment.started_at or deployment.created_at, deployment.ended_at)
    step = deployment.current_step
    left = remaining_seconds(deployment, now)
    regressed_at = time_of(deployment.raw, "regressedAt")
    agreed = [name for each in deployment.approvals if each.status == "Approved" for name in each.agreed_by]
    first = Text.assemble(
        (f"{mark_of(state)} ", style),
        (deployment.id or "plan", "name"),
        "  ",
        deployment.plugin_id,
        " ",
        versions_text(deployment),
        "  ",
        (state if deployment.id else "Planned", style),
        (f" in {took}" if took else "", "quiet"),
        (f" step {step.index + 1}/{len(deployment.plan)}" if step is not None and deployment.id else "", style),
        (f"  ETA {spoken(left)}" if left is not None and deployment.id else "", "quiet"),
    )
    second = " · ".join(
        part
        for part in (
            deployment.environment,
            deployment.strategy,
            f"by {deployment.initiated_by}" if deployment.initiated_by else "",
            f"approved by {', '.join(agreed)}" if agreed else "",
            f"attempt {deployment.attempt}" if deployment.attempt > 1 else "",
            ago(deployment.created_at, now) if deployment.id else "",
            f"regressed {ago(regressed_at, now)}" if regressed_at is not None else "",
        )
        if part and part != "-"
    )

    return Text.assemble(first, ("\n  " + second, "quiet"))


def versions_text(deployment: Deployment) -> Text:
    """Say from which version to which it goes."""
    if deployment.previous_version and deployment.previous_version != deployment.version:
        return Text.assemble((deployment.previous_version, "quiet"), " → ", (deployment.version, "version"))

    return Text(deployment.version, style="version")


def mark_of(state: str) -> str:
    """Give the sign of a state."""
    return _MARKS.get(state, "✗" if status_style(state) == "bad" else "⟳")


def state_of(deployment: Deployment) -> str:
    """Say where it stands in one word: its status, or Queued or Holding, which have none of their own."""
    if deployment.is_settled:
        return deployment.status
    if deployment.is_queued:
        return "Queued"

    return "Holding" if deployment.status == "InProgress" and deployment.hold is not None else deployment.status


def _standing(deployment: Deployment) -> str:
    """Say in a cell of the list where it stands, how far it is, and what it waits for."""
    state = state_of(deployment)
    step = deployment.current_step
    if deployment.hold is not None and not deployment.is_settled:
        return f"{state}: {deployment.hold.reason}"
    if step is None or state in {"Queued", "RollingBack"}:
        return state

    return f"{state} {step.index + 1}/{len(deployment.plan)}"


def _serving(deployment: Deployment) -> Iterator[Fact]:
    """Say how much the candidate serves, whom it has served so far, and what is ready to take over."""
    if not deployment.id or deployment.candidate_percentage is None:
        return
    what = "requests" if deployment.raw.get("splitBy") == "request" else "tenants"
    parts = [f"{deployment.candidate_percentage:g} % of {what} on {deployment.version}"]
    seen = deployment.exposure
    if seen is not None:
        of_all = f" of {deployment.affected_tenants}" if deployment.affected_tenants else ""
        parts.append(f"{seen.tenants:,}{of_all} tenants met it")
        failed = f", {seen.failed_requests:,} failed" if seen.failed_requests else ""
        parts.append(f"{seen.requests:,} requests{failed}")
    if sent_back := deployment.raw.get("sentBackTenants"):
        parts.append(f"{sent_back:,} sent back alone")
    if deployment.max_requests is not None:
        parts.append(f"cap {deployment.max_requests:,} requests")
    if deployment.max_tenants is not None:
        parts.append(f"cap {deployment.max_tenants:,} tenants")
    good = deployment.previous_version
    if good and good != deployment.version and deployment.status in {"InProgress", "Paused", "Completed"}:
        parts.append(f"last known good: {good}")
    yield "exposure", "   ".join(parts)


def _health(deployment: Deployment) -> Iterator[Fact]:
    """Show the checks that tell something: those that did not pass, the last of them."""
    bad = [check for check in deployment.raw.get("healthChecks") or () if check.get("outcome") != "pass"]
    for check in bad[-3:]:
        what = f"{check.get('operation')} of {check.get('version')} "
        yield (
            "health",
            Text.assemble(what, (str(check.get("outcome") or ""), "bad"), f" {check.get('message') or ''}"),
        )


def _standing_because(deployment: Deployment, now: datetime) -> Iterator[Fact]:
    if deployment.status_reason:
        yield "why", deployment.status_reason
    if deployment.is_settled:
        return
    hold = deployment.hold
    if hold is not None:
        by = "" if hold.by == "system" else f"paused by {hold.by}: "
        until = f"; looks again at {hold.until:%H:%M:%S} UTC" if hold.until else ""
        since = f" ({ago(hold.since, now)})" if hold.since else ""
        yield "held", Text.assemble((by + hold.reason, "held"), (since + until, "quiet"))
    elif deployment.is_queued:
        yield "queued", Text("it waits for its turn; nothing of it has begun", style="held")
    for approval in deployment.approvals:
        if approval.status == "Pending":
            missing = f"{approval.needed - approval.agreed} more with role {' or '.join(approval.roles)} must agree"
            limit = approval.expires_at
            until = f" by {limit:%Y-%m-%d %H:%M} UTC, then {approval.on_expiry}" if limit else ""
            yield "approval", Text(missing + until, style="held")


def _next(deployment: Deployment, *, is_watched: bool) -> Iterator[Fact]:
    """Name what can be done now, as it is typed."""
    if not deployment.id or deployment.status == "Completed":
        return
    people = ("approve", "reject") if deployment.status == "PendingApproval" else ()
    possible = [verb for verb in _VERBS if verb in deployment.possible_verbs]
    first = () if is_watched or deployment.is_settled else ("watch",)
    last = ("why",) if deployment.status != "Pending" or deployment.is_queued else ()
    yield "next:", Text(f"hotswap deploy {'|'.join([*first, *people, *possible, *last])} {deployment.id}", style="fix")
