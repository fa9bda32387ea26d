"""What the policy of an environment asks of a deployment, when it is asked for and again when it begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.ids import Environment
from chalicelib.domain.ladders import LadderError
from chalicelib.domain.plans import Plan, StepKind, StepStatus
from chalicelib.domain.policies import DEFAULT_POLICIES, ApprovalNotPlannedError
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.deployments import CreateDeployment, create_deployment
from chalicelib.services.leases import released_lease
from chalicelib.services.policies import require_admitted
from chalicelib.services.previews import preview_deployment
from tests.fakes import FakeWorld
from tests.services.live_deployments import PLUGIN, a_world

ROOT = Caller("root", frozenset({Role.ADMIN}))
TO_PRODUCTION = CreateDeployment(ROOT, PLUGIN, "1.0.0", Environment.PRODUCTION)


@pytest.fixture
def world() -> FakeWorld:
    return a_world("1.0.0")


def completed_below(world: FakeWorld, outcome: str = "pass") -> Deployment:
    asked = TO_PRODUCTION._replace(environment=Environment.DEVELOPMENT)
    below = create_deployment(asked, world.ports)
    steps = tuple(replace(step, status=StepStatus.COMPLETED, verdict=Verdict(outcome, "")) for step in below.plan.steps)
    done = replace(below, status=DeploymentStatus.COMPLETED, plan=Plan(steps))
    world.tables.deployments[below.id] = done
    world.tables.leases[PLUGIN, "Development"] = released_lease(done, world.ports)
    return done


@pytest.mark.parametrize("environment", [Environment.QA, Environment.STAGING, Environment.PRODUCTION])
def test_the_predecessor_asked_only_if_the_requester_wished(world: FakeWorld, environment: Environment) -> None:
    completed_below(world)

    deployment = create_deployment(TO_PRODUCTION._replace(environment=environment), world.ports)

    assert deployment.plan.steps[0].kind is StepKind.APPROVE


def test_production_takes_only_what_was_completed_below_with_its_tests_passed(world: FakeWorld) -> None:
    with pytest.raises(LadderError):
        create_deployment(TO_PRODUCTION, world.ports)
    completed_below(world, outcome="inconclusive")
    assert [type(one) for one in preview_deployment(TO_PRODUCTION, world.ports).refusals] == [LadderError]

    completed_below(world)

    assert create_deployment(TO_PRODUCTION, world.ports).environment == "Production"


def test_what_was_taken_back_below_meanwhile_does_not_begin(world: FakeWorld) -> None:
    below = completed_below(world)
    deployment = create_deployment(TO_PRODUCTION, world.ports)
    require_admitted(deployment, world.ports)

    world.tables.deployments[below.id] = replace(below, status=DeploymentStatus.ROLLED_BACK)

    with pytest.raises(LadderError):
        require_admitted(deployment, world.ports)


def test_a_policy_that_became_stricter_meanwhile_holds_for_what_was_asked_before(world: FakeWorld) -> None:
    deployment = create_deployment(TO_PRODUCTION._replace(environment=Environment.DEVELOPMENT), world.ports)
    require_admitted(deployment, world.ports)

    world.tables.policies[Environment.DEVELOPMENT] = replace(
        DEFAULT_POLICIES[Environment.QA], environment=Environment.DEVELOPMENT
    )

    with pytest.raises(ApprovalNotPlannedError):
        require_admitted(deployment, world.ports)
