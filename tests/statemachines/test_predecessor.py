"""What the platform before this one got wrong, as far as machines and steps can prevent it."""

import pytest

from chalicelib.domain.deployments import DeploymentInProgressError
from chalicelib.domain.installations import Installation
from chalicelib.domain.plans import StepKind, StepStatus
from chalicelib.domain.resolution import Reason, resolve
from chalicelib.domain.tenants import Tenant
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, raises
from tests.steps.deployed import begin_second, serves_only
from tests.steps.worlds import (
    NOW,
    PLUGIN,
    TRACE,
    a_deployment,
    a_package,
    announce,
    answer_badly,
    answer_truly,
    intake_given,
    stored_route,
    stored_version,
)

TENANTS = [f"tenant-{number}" for number in range(50)]


def versions_served(world: FakeWorld) -> dict[str, tuple[str, Reason]]:
    """Ask for each tenant which version serves it."""
    served = {}
    for name in TENANTS:
        tenant, installation = Tenant(name, name, NOW, NOW), Installation(name, PLUGIN, NOW, NOW)
        found = resolve(stored_route(world), tenant, installation, now=NOW)
        served[name] = (found.target.version if found.target else "", found.reason)
    return served


@pytest.mark.parametrize(
    "function", ["take_step", "warm_candidate", "check_health", "shift_traffic", "complete_deployment"]
)
def test_after_any_failure_every_tenant_is_on_the_last_known_good(
    function: str, world: FakeWorld, run: Machines
) -> None:
    deployment = begin_second(world)
    before = versions_served(world)
    run.functions.after_next(function, raises(RuntimeError("it broke")))

    run.run("deployment", deployment_id=deployment.id)

    expected = "2.0.0" if function == "complete_deployment" else "1.0.0"
    assert set(before.values()) == {("1.0.0", Reason.STABLE)}
    assert set(versions_served(world).values()) == {(expected, Reason.STABLE)}


def test_no_plan_completes_without_a_verdict_of_its_health_check(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    run.run("deployment", deployment_id=deployment.id)

    steps = world.ports.deployments.get(deployment.id).plan.steps
    smoke = next(step for step in steps if step.kind is StepKind.SMOKE)
    assert smoke.verdict is not None
    assert smoke.verdict.outcome == "pass"
    assert [step.status for step in steps] == [StepStatus.COMPLETED] * len(steps)


def test_every_plan_ends(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.states.count("TakeStep") == len(deployment.plan.steps) + 2


def test_health_is_what_the_candidate_answers_and_not_a_guess(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    answer_badly(world, "2.0.0", "InvalidOutput", "The result does not match.", only="ping")

    outcomes = {run.run("deployment", name=f"run-{number}", deployment_id=deployment.id).end for number in range(3)}

    assert outcomes == {"RolledBack"}
    assert world.functions.calls[-1].payload["operation"] == "ping"


def test_the_old_version_is_not_overwritten_by_the_new_one(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    code = stored_version(world, "1.0.0").code_sha256

    run.run("deployment", deployment_id=deployment.id)

    kept = world.functions.find_version_alias(PLUGIN, "v1-0-0")
    assert kept is not None
    assert kept.code_sha256 == code


def test_the_digest_that_was_announced_is_the_digest_that_runs(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    answer_truly(world, "2.0.0", "00" * 32)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert "another build answers" in world.ports.deployments.get(deployment.id).status_reason
    assert serves_only(world, "1.0.0")


def test_two_deployments_do_not_race(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)

    with pytest.raises(DeploymentInProgressError):
        a_deployment(world, "2.0.0")

    assert run.run("deployment", deployment_id=deployment.id).end == "Completed"


def test_a_failed_stage_leaves_its_audit_record_too(world: FakeWorld, run: Machines) -> None:
    deployment = begin_second(world)
    answer_badly(world, "2.0.0", "PluginRaised", "no", only="ping")

    run.run("deployment", deployment_id=deployment.id)

    told = world.ports.deployments.timeline(deployment.id)
    assert [one.action for one in told][-3:] == ["FailStep", "RollBack", "EndDeployment"]
    assert {one.trace_id for one in told} == {TRACE}
    assert told[-1].reason == "smoke failed: PluginRaised: no"


def test_a_rejected_version_leaves_its_audit_record_too(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package(name="other"))

    run.run("intake", **intake_given())

    assert world.tables.actions[-2:] == ["VerifyPackage", "RejectVersion"]
    assert world.tables.records[-1].after == {"status": "Rejected", "findings": ["MANIFEST_DISAGREES"]}
