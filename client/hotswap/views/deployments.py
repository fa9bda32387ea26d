"""Deployments: the list, and one of them as a tree of its plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotswap.resources.deployments import Deployment, PlanStep
from hotswap.views.tables import listing
from hotswap.views.theme import status_style, status_text
from hotswap.views.times import ago, lasted

_STEP_MARKS = {
    "Completed": "✔",
    "Running": "⟳",
    "Failed": "✗",
    "Skipped": "-",
    "Pending": "○",
}
_DEPLOYMENT_MARKS = {"Completed": "✔", "PendingApproval": "‖", "Paused": "‖"}


def deployments_view(deployments: Sequence[Deployment], now: datetime, *, is_filtered: bool) -> RenderableType:
    """List deployments."""
    rows = [
        (
            Text(each.id, style="name", no_wrap=True),
            each.plugin_id,
            Text(each.version, style="version"),
            each.environment,
            status_text(each.status),
            ago(each.created_at, now),
        )
        for each in deployments
    ]
    nothing = "No deployment matches." if is_filtered else "There are no deployments yet."
    next_step = "hotswap deploy list" if is_filtered else "hotswap deploy create PLUGIN VERSION --wait"

    return listing(
        ("DEPLOYMENT", "PLUGIN", "VERSION", "ENVIRONMENT", "STATUS", "BEGAN"),
        rows,
        nothing=nothing,
        next_step=next_step,
    )


def deployment_view(deployment: Deployment, *, now: datetime) -> RenderableType:
    """Show a deployment: its head, the plan as a tree, and what to do next."""
    parts: list[RenderableType] = [head_view(deployment, now)]
    if deployment.plan:
        parts.append(plan_view(deployment.plan, now=now))
    if deployment.status_reason:
        parts.append(Text.assemble(("  why  ", "quiet"), deployment.status_reason))
    health = deployment.raw.get("healthChecks") or ()
    parts += [_health_line(check) for check in health]
    parts.append(_foot(deployment))

    return Group(*parts)


def plan_view(plan: Sequence[PlanStep], *, now: datetime, indent: int = 0, is_brief: bool = False) -> RenderableType:
    """Draw a plan as a tree: mark, number, kind, what it does, how long it took, verdict (brief: no reason)."""
    tree = Table.grid(padding=(0, 1, 0, 0))
    for justify in ("left", "right", "left", "left", "right", "left"):
        tree.add_column(justify=justify, overflow="fold")
    for position, step in enumerate(plan):
        branch = "└─" if position == len(plan) - 1 else "├─"
        style = status_style(step.status)
        mark = _STEP_MARKS.get(step.status, "○")
        ended_at = step.ended_at or (now if step.status == "Running" else None)
        tree.add_row(
            Text.assemble((branch, "quiet"), (mark, style)),
            str(step.index + 1),
            Text(step.kind, style="name" if step.status == "Running" else ""),
            Text(step.detail, style="quiet" if step.status in {"Pending", "Skipped"} else ""),
            Text(lasted(step.started_at, ended_at), style="quiet"),
            _verdict_text(step, is_brief=is_brief),
        )

    return Padding(tree, (0, 0, 0, indent))


def head_view(deployment: Deployment, now: datetime) -> Text:
    """Say what it is: which plugin, from which version to which, where, how, by whom, and where it stands."""
    style = status_style(deployment.status)
    mark = _DEPLOYMENT_MARKS.get(deployment.status, "✗" if style == "bad" else "⟳")
    took = lasted(deployment.started_at or deployment.created_at, deployment.ended_at)
    by = f"by {deployment.initiated_by}" if deployment.initiated_by else ""
    when = ago(deployment.created_at, now) if deployment.id else ""
    first = Text.assemble(
        (f"{mark} ", style),
        (deployment.id or "plan", "name"),
        "  ",
        deployment.plugin_id,
        " ",
        _versions_of(deployment),
        "  ",
        (deployment.status if deployment.id else "Planned", style),
        (f" in {took}" if took else "", "quiet"),
    )
    second = " · ".join(
        part for part in (deployment.environment, deployment.strategy, by, when) if part and part != "-"
    )

    return Text.assemble(first, ("\n  " + second, "quiet"))


def _versions_of(deployment: Deployment) -> Text:
    if deployment.previous_version:
        return Text.assemble((deployment.previous_version, "quiet"), " → ", (deployment.version, "version"))

    return Text(deployment.version, style="version")


def _verdict_text(step: PlanStep, *, is_brief: bool) -> Text:
    style = {"pass": "ok", "fail": "bad", "error": "bad"}.get(step.verdict, "held")

    reason = "" if is_brief and step.verdict == "pass" else step.verdict_reason

    return Text.assemble((step.verdict.upper(), style), "  " if reason else "", reason)


def _health_line(check: dict[str, object]) -> Text:
    outcome = str(check.get("outcome") or "")
    style = "ok" if outcome == "pass" else "bad"

    return Text.assemble(
        ("  health  ", "quiet"),
        f"{check.get('operation')} of {check.get('version')} ",
        (outcome, style),
        f" {check.get('message') or ''}",
    )


def _foot(deployment: Deployment) -> RenderableType:
    share = deployment.candidate_percentage if deployment.id else None
    serving = f"{share:g} % of tenants on {deployment.version}" if share is not None else ""
    back = deployment.previous_version
    ready = (
        f"last known good: {back}"
        if back and back != deployment.version and deployment.status in {"Completed", "InProgress"}
        else ""
    )
    text = "   ".join(part for part in (serving, ready) if part)
    if deployment.is_settled or not deployment.id:
        return Text(f"  {text}" if text else "", style="quiet", end="\n" if text else "")

    return Text.assemble(
        (f"  {text}\n" if text else "", "quiet"), ("  next: ", "quiet"), (f"hotswap deploy show {deployment.id}", "fix")
    )
