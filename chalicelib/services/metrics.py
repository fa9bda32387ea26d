"""Metrics: what CloudWatch knows of a version that is tried, where its deployment asks for that."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.errors import TransientError
from chalicelib.domain.metric_rules import judge_metric
from chalicelib.domain.metric_signals import signals_of
from chalicelib.domain.verdicts import Outcome, not_measured
from chalicelib.ports.metrics import MetricRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.metric_signals import MetricSignal, Point
    from chalicelib.domain.routes import Target
    from chalicelib.domain.verdicts import Verdict
    from chalicelib.ports import Ports


def judge_metrics(deployment: Deployment, target: Target, window: str, ports: Ports) -> tuple[Verdict, ...]:
    """
    Judge *target* by each metric that its deployment names, over the current step; never raises for an outage.

    What can't be asked is an error: neither a pass nor a fail.
    """
    return tuple(_verdicts(deployment, target, window, ports))


def _verdicts(deployment: Deployment, target: Target, window: str, ports: Ports) -> Iterator[Verdict]:
    outage = ""
    for signal in signals_of(deployment.health):
        # Whoever has not answered once keeps the look waiting no second time.
        if outage:
            yield _error(signal, outage, window)
            continue
        try:
            candidate = _read(signal, deployment, target, ports)
            stable = _read_stable(signal, deployment, ports)
        except TransientError as error:
            outage = error.detail
            yield _error(signal, outage, window)
        except MetricRefusedError as error:
            yield _error(signal, error.detail, window)
        else:
            yield judge_metric(signal, candidate, stable, window)


def _error(signal: MetricSignal, why: str, window: str) -> Verdict:
    return not_measured(signal.query, why, window=window, action=signal.action_for(Outcome.ERROR) or "")


def _read_stable(signal: MetricSignal, deployment: Deployment, ports: Ports) -> tuple[Point, ...]:
    good = deployment.last_known_good
    if signal.most_times is None or good is None or good.stable is None:
        return ()
    return _read(signal, deployment, good.stable, ports)


def _read(signal: MetricSignal, deployment: Deployment, target: Target, ports: Ports) -> tuple[Point, ...]:
    """Ask for the whole periods since the current step began."""
    step = deployment.plan.current
    since = (step.started_at if step else None) or deployment.started_at or deployment.created_at
    values = {
        "plugin": deployment.plugin_id,
        "environment": deployment.environment,
        "version": target.version,
        "alias": target.alias,
        "lambdaVersion": target.lambda_version,
    }
    return ports.metrics.read(
        signal.queries_for(values),
        returns=signal.returns,
        period_seconds=signal.period_seconds,
        since=datetime.fromisoformat(since),
        until=ports.clock.now(),
    )
