"""Forecasts: what a dry run foretells of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotswap.resources.reading import Document, number_of, text_of, time_of


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that would refuse the deployment."""

    code: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What a step (0-based) would wait for when its turn comes; *until* None: nobody can say."""

    step: int
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long it takes, what it waits for, what it costs, and what is against it; durations are ISO 8601."""

    at_least: str
    at_most: str
    without_limit: tuple[str, ...]
    step_begins: tuple[datetime | None, ...]
    approvals_needed: int
    approval_timeout: str
    windows: tuple[Document, ...]
    freezes: tuple[Document, ...]
    obstacles: tuple[Obstacle, ...]
    usd: float
    state_transitions: int
    lambda_calls: int
    prices: str
    violations: tuple[Violation, ...]

    @classmethod
    def of(cls, document: Document) -> Forecast:
        """Read the ``forecast`` of a deployment."""
        cost = document.get("cost") or {}
        begins = document.get("stepBegins") or ()

        return cls(
            at_least=text_of(document, "atLeast"),
            at_most=text_of(document, "atMost"),
            without_limit=tuple(document.get("withoutLimit") or ()),
            step_begins=tuple(time_of({"at": each}, "at") for each in begins),
            approvals_needed=int(number_of(document, "approvalsNeeded") or 0),
            approval_timeout=text_of(document, "approvalTimeout"),
            windows=tuple(document.get("windows") or ()),
            freezes=tuple(document.get("freezes") or ()),
            obstacles=tuple(
                Obstacle(int(number_of(each, "step") or 0), text_of(each, "reason"), time_of(each, "until"))
                for each in document.get("obstacles") or ()
            ),
            usd=number_of(cost, "usd") or 0.0,
            state_transitions=int(number_of(cost, "stateTransitions") or 0),
            lambda_calls=int(number_of(cost, "lambdaCalls") or 0),
            prices=text_of(cost, "prices"),
            violations=tuple(
                Violation(text_of(each, "code"), text_of(each, "message"), text_of(each, "fix"))
                for each in document.get("violations") or ()
            ),
        )
