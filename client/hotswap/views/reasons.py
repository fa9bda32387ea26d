"""Why a deployment is where it is, in five lines."""

from __future__ import annotations

from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from hotswap.reasons import Reason
from hotswap.resources.deployments import Deployment
from hotswap.resources.verdicts import Verdict
from hotswap.views.deployments import mark_of, state_of
from hotswap.views.tables import facts
from hotswap.views.theme import status_style
from hotswap.views.times import ago
from hotswap.views.verdicts import interval, measure, outcome_text, signals_view


def reason_view(
    deployment: Deployment, reason: Reason, now: datetime, *, tells_signals: bool = False
) -> RenderableType:
    """Say where it is and why, what was asked, what was seen, which rule decided, who; and what each rule said."""
    state = state_of(deployment)
    style = status_style(state)
    place = f"  {deployment.plugin_id} {deployment.version} in {deployment.environment} is "

    return Group(
        Text.assemble(
            (f"{mark_of(state)} ", style), (deployment.id, "name"), place, (state, style), f": {reason.because}"
        ),
        facts(
            [
                ("asked", _asked(reason)),
                ("seen", _seen(reason)),
                ("rule", reason.rule),
                ("by", _by(reason, now)),
            ]
        ),
        *(_signals(reason) if tells_signals else ()),
    )


def reason_document(deployment: Deployment, reason: Reason) -> dict[str, object]:
    """Present the same for programs."""
    verdict = reason.verdict

    return {
        "deploymentId": deployment.id,
        "status": deployment.status,
        "state": state_of(deployment),
        "because": reason.because,
        "query": reason.asked,
        "window": verdict.window if verdict else None,
        "n": verdict.n if verdict else None,
        "value": verdict.value if verdict else None,
        "low": verdict.low if verdict else None,
        "high": verdict.high if verdict else None,
        "threshold": verdict.threshold if verdict else None,
        "unit": verdict.unit if verdict else None,
        "outcome": verdict.outcome if verdict else None,
        "signals": [signal.to_document() for signal in verdict.signals] if verdict else [],
        "seen": reason.seen or None,
        "rule": reason.rule,
        "actor": reason.by,
        "at": reason.at.isoformat() if reason.at else None,
    }


def _signals(reason: Reason) -> tuple[RenderableType, ...]:
    verdict = reason.verdict
    if verdict is None or not verdict.signals:
        return (Text("\n  No other rule was asked.", style="quiet"),)

    return Text(), Padding(signals_view(verdict.signals), (0, 0, 0, 2))


def _asked(reason: Reason) -> str:
    verdict = reason.verdict
    if verdict is None:
        return reason.asked
    over = "" if verdict.window.startswith("since ") else "over "
    window = f" {over}{verdict.window}" if verdict.window else ""
    counted = f"  n={verdict.n:,}" if verdict.n else ""

    return f"{reason.asked}{window}{counted}"


def _seen(reason: Reason) -> Text | str:
    verdict = reason.verdict
    if verdict is None:
        return reason.seen
    told = _numbers(verdict)

    return Text.assemble(outcome_text(verdict), f"  {told}" if told else f"  {verdict.reason}")


def _numbers(verdict: Verdict) -> str:
    if verdict.value is None:
        return ""
    surely = f", surely in {interval(verdict)}" if interval(verdict) else ""
    limit = f"; threshold {measure(verdict.threshold, verdict.unit)}" if verdict.threshold is not None else ""

    return f"{measure(verdict.value, verdict.unit)}{surely}{limit}"


def _by(reason: Reason, now: datetime) -> str:
    when = f" at {reason.at:%Y-%m-%d %H:%M:%S} UTC, {ago(reason.at, now)}" if reason.at else ""

    return f"{reason.by}{when}"
