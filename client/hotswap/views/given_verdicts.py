"""Every verdict on a deployment, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from hotswap.resources.given_verdicts import GivenVerdict
from hotswap.views.tables import listing
from hotswap.views.verdicts import numbers, outcome_text

_FOLLOWED = {"complete": "went on", "hold": "held", "rollback": "rolled back"}


def given_verdicts_view(given: Sequence[GivenVerdict]) -> RenderableType:
    """List verdicts in the order that they came in: when, on which step, what was seen, and what followed."""
    return listing(
        ["at (UTC)", "step", "verdict", "seen", "then"],
        [_row(one) for one in given],
        nothing="No verdict was given yet.",
        next_step="look again once its first step has ended",
    )


def _row(one: GivenVerdict) -> list[RenderableType]:
    at = f"{one.at:%Y-%m-%d %H:%M:%S}" if one.at else "-"
    attempt = f" (attempt {one.attempt})" if one.attempt > 1 else ""

    return [
        at,
        f"{one.step_index + 1} {one.step_kind}{attempt}",
        outcome_text(one.verdict),
        Text(numbers(one.verdict) or one.verdict.reason),
        _FOLLOWED.get(one.consequence, ""),
    ]
