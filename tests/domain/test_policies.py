"""Policies: what may be set, whom a plan must ask, and what has climbed the ladder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.approvals import OnExpiry
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import ValidationError
from chalicelib.domain.ids import Environment
from chalicelib.domain.ladders import LadderError, has_climbed, require_ladder
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.policies import (
    DEFAULT_POLICIES,
    ApprovalNotPlannedError,
    EnvironmentPolicy,
    NeverOpenError,
    require_asked,
    require_opening,
)
from chalicelib.domain.policy_checks import check_policy
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verdicts import Verdict
from chalicelib.domain.windows import Freeze, Window

NOW = "2026-11-22T15:00:00.000Z"
TARGET = Target("2.0.0", "v2-0-0", "7", "ab" * 32)
PRODUCTION = DEFAULT_POLICIES[Environment.PRODUCTION]
OFFICE = Window((0, 1), "09:00", "17:00", "Europe/Berlin")
FREEZE = Freeze("2026-12-20T00:00:00.000Z", "2027-01-03T00:00:00.000Z")
TESTED = Step(0, StepKind.SMOKE, "", status=StepStatus.COMPLETED, verdict=Verdict("pass", "it works"))


def a_plan(*kinds: StepKind, seconds: int = 60) -> Plan:
    return Plan(tuple(Step(index, kind, "", seconds=seconds) for index, kind in enumerate(kinds)))


def a_completed(environment: str = "QA", **changes: object) -> Deployment:
    made = Deployment(
        id="dep_01",
        plugin_id="echo",
        environment=environment,
        target=TARGET,
        strategy=Strategy.DIRECT,
        plan=Plan((TESTED,)),
        initiated_by="ana",
        created_at=NOW,
        fence=1,
        status=DeploymentStatus.COMPLETED,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_defaults_are_those_of_the_contract() -> None:
    needed = {str(environment): policy.approvals.needed for environment, policy in DEFAULT_POLICIES.items()}

    assert needed == {"Development": 0, "QA": 1, "Staging": 1, "Production": 2}
    assert [str(one) for one, policy in DEFAULT_POLICIES.items() if policy.has_ladder] == ["Production"]
    for policy in DEFAULT_POLICIES.values():
        assert (policy.approvals.seconds, policy.approvals.on_expiry) == (48 * 3600, OnExpiry.REJECT)
        assert check_policy(policy) == policy


def rule(**changes: Any) -> Callable[[EnvironmentPolicy], EnvironmentPolicy]:
    return lambda policy: replace(policy, approvals=replace(policy.approvals, **changes))


def whole(**changes: Any) -> Callable[[EnvironmentPolicy], EnvironmentPolicy]:
    return lambda policy: replace(policy, **changes)


@pytest.mark.parametrize(
    "change, wrong",
    [
        (rule(needed=-1), "/approvals/needed"),
        (rule(needed=11), "/approvals/needed"),
        (rule(roles=()), "/approvals/roles"),
        (rule(roles=("Approver", "Viewer")), "/approvals/roles/1"),
        (rule(excluded=(" ",)), "/approvals/excluded"),
        (rule(excluded=("eve",) * 51), "/approvals/excluded"),
        (rule(seconds=59), "/approvals/timeout"),
        (rule(seconds=14 * 86_400 + 1), "/approvals/timeout"),
        (whole(windows=(OFFICE,) * 21), "/windows"),
        (whole(windows=(OFFICE, replace(OFFICE, weekdays=()))), "/windows/1/weekdays"),
        (whole(windows=(replace(OFFICE, begins="9:00"),)), "/windows/0/begins"),
        (whole(windows=(replace(OFFICE, begins="24:00"),)), "/windows/0/begins"),
        (whole(windows=(replace(OFFICE, until="24:01"),)), "/windows/0/until"),
        (whole(windows=(replace(OFFICE, until="09:00"),)), "/windows/0/until"),
        (whole(windows=(replace(OFFICE, time_zone="Mars/Base"),)), "/windows/0/timeZone"),
        (whole(windows=(replace(OFFICE, time_zone="../../etc/passwd"),)), "/windows/0/timeZone"),
        (whole(windows=(replace(OFFICE, time_zone="Europe"),)), "/windows/0/timeZone"),
        (whole(windows=(replace(OFFICE, time_zone=""),)), "/windows/0/timeZone"),
        (whole(freezes=(FREEZE,) * 51), "/freezes"),
        (whole(freezes=(replace(FREEZE, begins="soon"),)), "/freezes/0/begins"),
        (whole(freezes=(replace(FREEZE, ends="2027-01-03T00:00:00"),)), "/freezes/0/ends"),
        (whole(freezes=(replace(FREEZE, ends=FREEZE.begins),)), "/freezes/0/ends"),
        (whole(freezes=(replace(FREEZE, reason="x" * 201),)), "/freezes/0/reason"),
        (whole(stop_the_line="x" * 201), "/stopTheLine"),
        (whole(environment=Environment.DEVELOPMENT), "/ladder"),
    ],
)
def test_what_nobody_could_fulfil_is_refused_and_named(
    change: Callable[[EnvironmentPolicy], EnvironmentPolicy], wrong: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        check_policy(change(PRODUCTION))

    assert {error.field for error in refused.value.errors} == {wrong}
    assert all(error.fix for error in refused.value.errors)


def test_all_that_is_wrong_is_told_at_once() -> None:
    bad = replace(PRODUCTION, stop_the_line="x" * 201, windows=(replace(OFFICE, weekdays=(), begins="x"),))

    with pytest.raises(ValidationError) as refused:
        check_policy(bad)

    fields = {error.field for error in refused.value.errors}
    assert fields == {"/windows/0/weekdays", "/windows/0/begins", "/stopTheLine"}


def test_people_are_asked_before_anybody_is_moved_whatever_the_requester_wished() -> None:
    require_asked(PRODUCTION, a_plan(StepKind.APPROVE, StepKind.WARM, StepKind.SHIFT))
    require_asked(PRODUCTION, a_plan(StepKind.WARM, StepKind.SMOKE, StepKind.APPROVE, StepKind.SHIFT))
    require_asked(DEFAULT_POLICIES[Environment.DEVELOPMENT], a_plan(StepKind.SHIFT))

    for plan in (
        a_plan(StepKind.WARM, StepKind.SHIFT),
        a_plan(StepKind.SHIFT, StepKind.APPROVE, StepKind.SHIFT),
        a_plan(),
    ):
        with pytest.raises(ApprovalNotPlannedError) as refused:
            require_asked(PRODUCTION, plan)
        assert refused.value.fix


MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("seconds, is_long", [(8 * 3600, False), (8 * 3600 + 1, True)])
def test_what_is_watched_longer_than_every_window_is_refused_with_how_long_they_are(
    seconds: int, *, is_long: bool
) -> None:
    policy = replace(PRODUCTION, windows=(OFFICE,), stop_the_line="an outage")
    plan = Plan((Step(0, StepKind.SHIFT, ""), Step(1, StepKind.OBSERVE, "", seconds=seconds)))

    if not is_long:
        require_opening(policy, plan, MONDAY, "/steps")
        return
    with pytest.raises(NeverOpenError) as refused:
        require_opening(policy, plan, MONDAY, "/steps")

    assert refused.value.errors[0].field == "/steps"
    assert "open for 8 h at a stretch" in refused.value.detail
    assert refused.value.fix.startswith("Let it be watched for at most 8 h")


def test_an_environment_that_is_frozen_as_far_as_anybody_looks_is_told_so() -> None:
    frozen = Freeze("2026-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z")
    policy = replace(PRODUCTION, freezes=(frozen,), windows=(OFFICE,))

    with pytest.raises(NeverOpenError, match="open at no time"):
        require_opening(policy, a_plan(StepKind.SHIFT), MONDAY, "/strategy")


def test_what_waits_for_a_person_or_for_a_freeze_to_end_is_not_refused() -> None:
    frozen = replace(PRODUCTION, freezes=(FREEZE,), windows=(OFFICE,))
    plan = Plan((Step(0, StepKind.SHIFT, ""), Step(1, StepKind.PAUSE, "", seconds=None)))

    require_opening(frozen, plan, datetime(2026, 12, 21, tzinfo=UTC), "/steps")


@pytest.mark.parametrize("environment", ["Development", "QA", "Staging", "Production"])
def test_production_takes_what_was_completed_below_or_was_there_before(environment: str) -> None:
    require_ladder(PRODUCTION, TARGET, [a_completed(environment)])


@pytest.mark.parametrize(
    "changes",
    [
        {"status": DeploymentStatus.ROLLED_BACK},
        {"status": DeploymentStatus.IN_PROGRESS},
        {"target": TARGET._replace(version="2.0.1")},
        {"target": TARGET._replace(sha256="cd" * 32)},
        {"outcome_version": "1.0.0"},  # an experiment after which the old version stayed
        {"plan": Plan(())},
        {"plan": Plan((replace(TESTED, status=StepStatus.SKIPPED),))},
        {"plan": Plan((replace(TESTED, verdict=None),))},
        {"plan": Plan((replace(TESTED, verdict=Verdict("inconclusive", "?")),))},
    ],
)
def test_production_takes_nothing_that_was_not_completed_and_tested_below(changes: dict[str, Any]) -> None:
    with pytest.raises(LadderError) as refused:
        require_ladder(PRODUCTION, TARGET, [a_completed(**changes)])

    assert refused.value.fix == "Deploy 2.0.0 to Development or QA or Staging first."


def test_what_was_completed_above_proves_nothing_below() -> None:
    assert not has_climbed(Environment.QA, TARGET, [a_completed("Staging")])


def test_without_a_ladder_a_version_comes_from_anywhere() -> None:
    require_ladder(replace(PRODUCTION, has_ladder=False), TARGET, [])
