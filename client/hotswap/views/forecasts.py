"""Forecasts: the dry run of a deployment, as one page that says who moves when, and what is in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hotswap.resources.deployments import Deployment, PlanStep
from hotswap.resources.forecasts import Forecast
from hotswap.views.deployments import head_view
from hotswap.views.tables import facts

#: Enough to see of what kind they are; `--json` tells more.
_NAMED = 2
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS = {"D": "d", "H": "h", "M": "min", "S": "s"}
_ISO_PART = re.compile(r"([0-9]+)([DHMS])")


def forecast_view(deployment: Deployment, forecast: Forecast, *, now: datetime) -> RenderableType:
    """Show a plan that has not begun: whom each step moves, its time, its price, and what is against it."""
    return Group(
        head_view(deployment, now),
        _plan_view(deployment.plan, forecast, now),
        Text(),
        facts([*_time(forecast), *_policy(forecast), *_obstacles(forecast), ("cost", _cost(forecast))]),
        *_violations(forecast),
    )


def spoken(duration: str) -> str:
    """Say an ISO 8601 duration: PT1H30M is 1 h 30 min."""
    return " ".join(f"{number} {_UNITS[unit]}" for number, unit in _ISO_PART.findall(duration)) or "0 s"


def _plan_view(plan: Sequence[PlanStep], forecast: Forecast, now: datetime) -> RenderableType:
    tree = Table.grid(padding=(0, 1, 0, 0))
    for justify in ("left", "right", "right", "left", "left", "right", "left"):
        tree.add_column(justify=justify, overflow="fold")
    before = 0
    for position, step in enumerate(plan):
        begins = forecast.step_begins[position] if position < len(forecast.step_begins) else None
        is_move = step.kind == "shift"
        tree.add_row(
            Text("└─○" if position == len(plan) - 1 else "├─○", style="quiet"),
            str(step.index + 1),
            Text(_from_now(begins, now), style="quiet"),
            Text(step.kind, style="name" if is_move else ""),
            Text(step.detail, style="" if is_move else "quiet"),
            Text(f"{step.reaches}/{step.of_tenants}" if is_move and step.of_tenants is not None else "", style="name"),
            Text(_moved(step, before) if is_move else "", style="quiet"),
        )
        before = step.reaches if is_move and step.reaches is not None else before

    return tree


def _from_now(begins: datetime | None, now: datetime) -> str:
    if begins is None:
        return "never"
    seconds = max(round((begins - now).total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)

    return f"+{hours}:{minutes:02}:{left:02}"


def _moved(step: PlanStep, before: int) -> str:
    """Say how many this step moves, and name some."""
    moved = (step.reaches or 0) - before
    if moved <= 0:
        return "moves nobody" if moved == 0 else ""
    shown = step.sample[:_NAMED]
    more = ", …" if shown and moved > len(shown) else ""

    return f"+{moved:,}: {', '.join(shown)}{more}" if shown else f"+{moved:,}"


def _time(forecast: Forecast) -> Iterator[tuple[str, RenderableType]]:
    most = f"at most {spoken(forecast.at_most)}" if forecast.at_most else "without a limit"
    yield "time", f"at least {spoken(forecast.at_least)}, {most}"
    for reason in forecast.without_limit:
        yield "", Text(reason, style="held")


def _policy(forecast: Forecast) -> Iterator[tuple[str, RenderableType]]:
    needed = forecast.approvals_needed
    people = f"{needed} people" if needed > 1 else "1 person"
    yield "approvals", f"{people}, within {spoken(forecast.approval_timeout)}" if needed else "none"
    for place, window in enumerate(forecast.windows):
        days = " ".join(_DAYS[day] for day in window["weekdays"])
        text = f"{days} {window['begins']}–{window['until']} {window['timeZone']}"
        yield "windows" if place == 0 else "", text
    for place, freeze in enumerate(forecast.freezes):
        because = f": {freeze['reason']}" if freeze["reason"] else ""
        yield "freezes" if place == 0 else "", f"{freeze['begins']} to {freeze['ends']}{because}"


def _obstacles(forecast: Forecast) -> Iterator[tuple[str, RenderableType]]:
    for place, each in enumerate(forecast.obstacles):
        until = f"until {each.until:%Y-%m-%d %H:%M} UTC" if each.until else "nobody can say until when"
        yield "waits" if place == 0 else "", Text(f"step {each.step + 1} {until}: {each.reason}", style="held")


def _cost(forecast: Forecast) -> str:
    states, calls = f"{forecast.state_transitions:,} state transitions", f"{forecast.lambda_calls:,} function calls"

    return f"${forecast.usd:.4f}: {states}, {calls} ({forecast.prices})"


def _violations(forecast: Forecast) -> Iterator[RenderableType]:
    if not forecast.violations:
        yield Text("  Nothing is against it.", style="ok")
        return
    listed = Table.grid(padding=(0, 1, 0, 0))
    listed.add_column()
    listed.add_column(overflow="fold")
    for each in forecast.violations:
        listed.add_row(Text("  ✗", style="bad"), each.message)
        listed.add_row("", Text.assemble(("fix: ", "quiet"), (each.fix, "fix")))
    yield Text()
    yield listed
