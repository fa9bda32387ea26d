"""The life of a deployment and the lease that it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.deployments import (
    Deployment,
    DeploymentEndedError,
    DeploymentStatus,
    Lease,
    require_fence,
)
from chalicelib.domain.errors import FencedOffError
from chalicelib.domain.routes import FULL_BPS, Target
from chalicelib.domain.strategies import Strategy, compile_plan
from chalicelib.domain.verdicts import Verdict

NOW = "2026-11-22T12:00:00.000Z"
LATER = "2026-11-22T12:00:01.000Z"
FINAL = [status for status in DeploymentStatus if status.is_final]


def a_deployment(status: DeploymentStatus = DeploymentStatus.PENDING) -> Deployment:
    return Deployment(
        id="dep_01JD0000000000000000000000",
        plugin_id="echo",
        environment="Development",
        target=Target("2.0.0", "v2-0-0", "2", "bb"),
        strategy=Strategy.DIRECT,
        plan=compile_plan(Strategy.DIRECT),
        initiated_by="dev",
        created_at=NOW,
        fence=3,
        status=status,
    )


def a_lease() -> Lease:
    return Lease("echo", "Development", a_deployment().id, 3, LATER)


def test_six_statuses_are_final_and_the_others_are_not() -> None:
    assert sorted(FINAL) == ["Aborted", "Completed", "Failed", "Rejected", "RolledBack", "Superseded"]


@pytest.mark.parametrize("status", FINAL)
def test_nothing_moves_a_deployment_that_has_ended(status: DeploymentStatus) -> None:
    ended = a_deployment(status)

    with pytest.raises(DeploymentEndedError, match=status):
        ended.begin(NOW)
    with pytest.raises(DeploymentEndedError):
        ended.end(DeploymentStatus.COMPLETED, "", NOW)


def test_beginning_twice_keeps_the_first_time() -> None:
    begun = a_deployment().begin(NOW)

    assert begun.begin(LATER).started_at == NOW


def test_the_first_end_keeps_its_reason() -> None:
    ended = a_deployment().end(DeploymentStatus.ROLLED_BACK, "health check failed", LATER)

    assert (ended.status, ended.status_reason, ended.ended_at) == ("RolledBack", "health check failed", LATER)


def test_the_candidates_share_follows_the_plan_and_is_nothing_after_a_rollback() -> None:
    deployment = a_deployment()
    plan = deployment.plan
    shifted = replace(deployment, plan=plan.complete(0, NOW).complete(1, NOW).complete(2, NOW))

    assert deployment.candidate_bps == 0
    assert shifted.candidate_bps == FULL_BPS
    assert shifted.end(DeploymentStatus.COMPLETED, "", LATER).candidate_bps == FULL_BPS
    assert shifted.end(DeploymentStatus.ROLLED_BACK, "", LATER).candidate_bps == 0


def test_a_failed_step_is_written_into_the_plan() -> None:
    failed = a_deployment().fail_step(Verdict("fail", "no answer"), LATER)

    assert failed.plan.steps[0].verdict == Verdict("fail", "no answer")


def test_the_execution_is_named_after_the_deployment_and_its_attempt() -> None:
    assert a_deployment().execution_name == "dep_01JD0000000000000000000000-1"


def test_the_holder_of_the_lease_may_go_on() -> None:
    require_fence(a_deployment(), a_lease())


@pytest.mark.parametrize("lease", [None, replace(a_lease(), fence=4), replace(a_lease(), holder="dep_other")])
def test_a_deployment_without_its_lease_is_fenced_off(lease: Lease | None) -> None:
    with pytest.raises(FencedOffError):
        require_fence(a_deployment(), lease)
