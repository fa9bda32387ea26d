"""How soon it is looked again: at once after a shift, then twice as late each time, and often under suspicion."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.deployments import Deployment
from chalicelib.domain.eager_looks import eager_seconds
from chalicelib.domain.plans import Plan, Reach, Step, StepKind, StepStatus
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verdicts import Outcome, Verdict, combine
from tests.contracts.things import NOW, a_deployment

BEGUN = datetime.fromisoformat(NOW)


def observed(*, tenants: int = 3, kind: StepKind = StepKind.OBSERVE) -> Deployment:
    shift = Step(0, StepKind.SHIFT, "10 %", share_bps=1_000, reach=Reach(tenants, 30), status=StepStatus.COMPLETED)
    watch = Step(1, kind, "watch", seconds=600, status=StepStatus.RUNNING, started_at=rfc3339(BEGUN))
    return replace(a_deployment(), plan=Plan((shift, watch)))


@pytest.mark.parametrize("elapsed, seconds", [(0, 1), (1, 1), (2.2, 3), (8, 8), (300, 300)])
def test_the_time_between_looks_doubles_after_a_shift(elapsed: float, seconds: int) -> None:
    assert eager_seconds(observed(), None, BEGUN + timedelta(seconds=elapsed)) == seconds


@pytest.mark.parametrize(
    "evidence, outcome, elapsed, seconds",
    [
        (3.5, Outcome.INCONCLUSIVE, 120, 2),
        (2.9, Outcome.INCONCLUSIVE, 120, 120),
        (3.5, Outcome.PASS, 120, 120),
        (3.5, Outcome.INCONCLUSIVE, 600, 600),
    ],
)
def test_suspicion_is_looked_at_often_for_ten_minutes(
    evidence: float, outcome: Outcome, elapsed: int, seconds: int
) -> None:
    doubt = Verdict(outcome, "errors 4 of 40", evidence=evidence)
    verdict = combine([doubt, Verdict(Outcome.PASS, "no health check failed")])

    assert eager_seconds(observed(), verdict, BEGUN + timedelta(seconds=elapsed)) == seconds


def test_where_nobody_can_call_the_candidate_its_interval_is_soon_enough() -> None:
    assert eager_seconds(observed(tenants=0), None, BEGUN) is None
    assert eager_seconds(observed(kind=StepKind.PAUSE), None, BEGUN) is None
    assert eager_seconds(replace(observed(), plan=Plan(())), None, BEGUN) is None
