"""Plans as a tree: a line a step, with its mark, what it does, how long it takes, and how it was judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotswap.resources.decisions import Approval
from hotswap.resources.deployments import Deployment, PlanStep
from hotswap.views.theme import status_style
from hotswap.views.times import lasted, remaining
from hotswap.views.verdicts import verdict_text

_MARKS = {"Completed": "✔", "Running": "⟳", "Failed": "✗", "Skipped": "-", "Pending": "○"}
_HELD_MARK = "‖"
#: What a step does is told in a few words; the verdict beside it needs the rest of the line.
_WIDEST_DETAIL = 40


def plan_view(
    plan: Sequence[PlanStep],
    *,
    now: datetime,
    approvals: Sequence[Approval] = (),
    is_held: bool = False,
    indent: int = 0,
    is_brief: bool = False,
) -> RenderableType:
    """
    Draw a plan as a tree; *is_held* tells of the step that runs (brief: a pass needs no reason).

    *approvals* are those of the attempt at hand: they say who agreed.
    """
    tree = Table.grid(padding=(0, 1, 0, 0))
    tree.add_column()
    tree.add_column(justify="right")
    tree.add_column(no_wrap=True)
    tree.add_column(max_width=_WIDEST_DETAIL, overflow="fold")
    tree.add_column(justify="right", no_wrap=True)
    tree.add_column(overflow="fold")
    asked = {approval.step: approval for approval in approvals}
    for position, step in enumerate(plan):
        branch = "└─" if position == len(plan) - 1 else "├─"
        is_waiting = is_held and step.status == "Running"
        judged = _agreed(asked[step.index]) if step.index in asked else verdict_text(step.verdict, is_brief=is_brief)
        tree.add_row(
            Text.assemble((branch, "quiet"), _mark(step, is_held=is_waiting)),
            str(step.index + 1),
            Text(step.kind, style="name" if step.status == "Running" else ""),
            _detail(step),
            Text(_time(step, now, is_held=is_waiting), style="held" if is_waiting else "quiet", no_wrap=True),
            judged,
        )

    return Padding(tree, (0, 0, 0, indent))


def remaining_seconds(deployment: Deployment, now: datetime) -> float | None:
    """Say how long the waits of a plan still take; None when that is up to people."""
    current = deployment.current_step
    if current is None or deployment.is_held or deployment.is_queued:
        return None
    total = 0.0
    for step in deployment.plan[deployment.plan.index(current) :]:
        if step.seconds is None:
            return None
        total += max((step.due_at - now).total_seconds(), 0) if step.due_at is not None else step.seconds

    return total


def _mark(step: PlanStep, *, is_held: bool) -> tuple[str, str]:
    if is_held:
        return _HELD_MARK, "held"

    return _MARKS.get(step.status, "○"), status_style(step.status)


def _detail(step: PlanStep) -> Text:
    reach = f"  {step.reaches}/{step.of_tenants}" if step.reaches is not None and step.of_tenants else ""

    return Text.assemble((step.detail, "quiet" if step.status in {"Pending", "Skipped"} else ""), (reach, "quiet"))


def _time(step: PlanStep, now: datetime, *, is_held: bool) -> str:
    if step.status == "Running" and step.due_at is not None and not is_held:
        return remaining(step.due_at, now)
    ended_at = step.ended_at or (now if step.status == "Running" else None)

    return lasted(step.started_at, ended_at)


def _agreed(approval: Approval) -> Text:
    no = approval.rejection
    if no is not None:
        return Text.assemble(("REJECTED", "bad"), f"  by {no.by}{f': {no.reason}' if no.reason else ''}")
    names = f"  {', '.join(approval.agreed_by)}" if approval.agreed_by else ""
    if approval.status == "Approved":
        return Text.assemble(("APPROVED", "ok"), names)
    words = {"Expired": "EXPIRED", "Void": "VOID"}

    return Text.assemble((words.get(approval.status, f"{approval.agreed} OF {approval.needed}"), "held"), names)
