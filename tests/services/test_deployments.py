"""Deployments begin once, only where they may, and a dead one never blocks the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import (
    FIRST_LEASE_SECONDS,
    LEASE_SECONDS,
    Deployment,
    DeploymentInProgressError,
    DeploymentStatus,
)
from chalicelib.domain.errors import (
    DomainError,
    ForbiddenError,
    NotFoundError,
    TransientError,
    UnprocessableError,
    ValidationError,
)
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import Installation
from chalicelib.domain.ladders import LadderError, newcomers
from chalicelib.domain.pins import Pin
from chalicelib.domain.plans import Plan, Reach, StepKind, StepStatus
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.policies import NeverOpenError
from chalicelib.domain.populations import salt_of
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.verdicts import Verdict
from chalicelib.domain.versions import VersionNotReadyError, VersionStatus
from chalicelib.domain.windows import Window
from chalicelib.services.deployments import CreateDeployment, create_deployment, new_route
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.previews import preview_deployment
from chalicelib.services.targets import target_of
from chalicelib.services.versions import CreateVersion, create_version
from tests.fakes import FakeWorld

ANA = Caller("ana", frozenset({Role.DEVELOPER}), trace_id="trace-1")
ADMIN = Caller("root", frozenset({Role.ADMIN}))
_SERVES = (VersionStatus.READY, VersionStatus.DEPRECATED)
ARMS = {"A": "1.0.0", "B": "2.0.0", "C": "3.0.0"}
PAUSE_OF_9_HOURS = {"kind": "pause", "duration": "PT9H"}
OF_OTHERS = {"variantA": "2.0.0", "variantB": "3.0.0"}
TO_DEVELOPMENT = CreateDeployment(ANA, "echo", "1.0.0", Environment.DEVELOPMENT, reason="first")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which echo 1.0.0 is Ready."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ANA, "echo", PluginType.OTHER), world.ports)
    draft, _ = create_version(CreateVersion(ANA, "echo", "1.0.0", sha256="ab" * 32, size=7), world.ports)
    world.tables.versions["echo", "1.0.0"] = replace(draft, status=VersionStatus.READY, lambda_version="1")
    return world


def test_a_deployment_begins_with_its_plan_its_lease_and_one_execution(world: FakeWorld) -> None:
    deployment = create_deployment(TO_DEVELOPMENT, world.ports)

    assert (deployment.status, deployment.strategy, deployment.fence) == ("Pending", "Direct", 1)
    assert deployment.target == Target("1.0.0", "v1-0-0", "1", "ab" * 32)
    assert world.tables.leases["echo", "Development"].holder == deployment.id
    name = deployment.execution_name
    given = {"deployment_id": deployment.id, "attempt": 1, "trace_id": "trace-1"}
    assert world.executions.started[name] == ("deployment", given)
    assert deployment.execution_arn is not None
    assert deployment.execution_arn.endswith(name)
    assert world.tables.records[-1].reason == "first"


def test_a_version_that_keeps_state_is_told_to_the_route(world: FakeWorld) -> None:
    ready = world.tables.versions["echo", "1.0.0"]
    world.tables.versions["echo", "1.0.0"] = replace(ready, manifest={"stateSchema": 2})

    assert create_deployment(TO_DEVELOPMENT, world.ports).target.has_state


def test_a_dry_run_shows_the_plan_and_starts_nothing(world: FakeWorld) -> None:
    preview = preview_deployment(TO_DEVELOPMENT, world.ports)

    assert [step.kind for step in preview.deployment.plan.steps] == ["warm", "smoke", "shift", "observe"]
    assert preview.refusals == ()
    assert world.tables.deployments == {}
    assert world.tables.leases == {}
    assert world.executions.started == {}


def test_a_dry_run_tells_every_rule_that_the_real_one_would_meet(world: FakeWorld) -> None:
    create_deployment(TO_DEVELOPMENT, world.ports)
    viewer = Caller("v", frozenset({Role.VIEWER}))

    preview = preview_deployment(TO_DEVELOPMENT._replace(caller=viewer), world.ports)

    assert [type(refusal) for refusal in preview.refusals] == [ForbiddenError, DeploymentInProgressError]


def test_a_pinned_tenant_is_counted_and_not_moved(world: FakeWorld) -> None:
    target = Target("0.9.0", "v0-9-0", "7", "cc")
    for name, pin in (("acme", Pin("Development", target, "audit", "olga", "")), ("globex", None)):
        world.tables.tenants[name] = Tenant(name, name, "", "")
        world.tables.installations[name, "echo"] = Installation(name, "echo", "", "", pin=pin)

    deployment = preview_deployment(TO_DEVELOPMENT, world.ports).deployment

    assert deployment.plan.steps[2].reach == Reach(1, 2, ("globex",))
    assert deployment.affected_tenants == 2


def test_r20_the_first_route_gets_the_salt_that_the_plan_was_counted_with(world: FakeWorld) -> None:
    assert new_route("echo", "Production") == new_route("echo", "Production")
    assert new_route("echo", "Production").salt == salt_of("echo", "Production")


def test_an_experiment_needs_each_of_its_versions_ready(world: FakeWorld) -> None:
    stable = world.tables.versions["echo", "1.0.0"]
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=target_of(stable), epoch=1)
    world.tables.versions["echo", "2.0.0"] = replace(stable, version="2.0.0", status=VersionStatus.REJECTED)
    asked = TO_DEVELOPMENT._replace(
        strategy=Strategy.AB_TESTING, config={"variantA": "1.0.0", "variantB": "2.0.0"}, version="1.0.0"
    )

    with pytest.raises(VersionNotReadyError):
        create_deployment(asked, world.ports)
    world.tables.versions["echo", "2.0.0"] = replace(stable, version="2.0.0", lambda_version="2")

    arms = create_deployment(asked, world.ports).plan.steps[2].variants
    assert [(arm.name, arm.target.version, arm.share_bps) for arm in arms] == [
        ("A", "1.0.0", 5000),
        ("B", "2.0.0", 5000),
    ]


@pytest.mark.parametrize(
    "asked, field",
    [
        ({"strategy": Strategy.AB_TESTING, "config": {"variantA": "2.0.0", "variantB": "3.0.0"}}, "/abConfig/variants"),
        (
            {"strategy": Strategy.AB_TESTING, "config": {"variantA": "1.0.0", "variantB": "3.0.0"}, "steps": []},
            "/steps",
        ),
        ({"strategy": Strategy.CANARY, "config": {"splitBy": "request"}, "max_tenants": 3}, "/maxTenants"),
    ],
)
def test_what_does_not_go_together_is_refused_where_it_stands(
    world: FakeWorld, asked: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnprocessableError) as refused:
        create_deployment(TO_DEVELOPMENT._replace(**asked), world.ports)

    assert [error.field for error in refused.value.errors] == [field]


def serve_in_production(world: FakeWorld, *climbed: str) -> CreateDeployment:
    """Let 1.0.0 serve Production, let *climbed* be Completed in Development, and ask to compare three versions."""
    ready = world.tables.versions["echo", "1.0.0"]
    for place, number in enumerate(("2.0.0", "3.0.0"), start=2):
        world.tables.versions["echo", number] = replace(
            ready, version=number, lambda_version=str(place), sha256=f"{place:02d}" * 32
        )
    stable = target_of(ready)
    world.tables.routes["echo", "Production"] = Route("echo", "Production", "salt", stable=stable, epoch=1)
    for number in climbed:
        begun = create_deployment(TO_DEVELOPMENT._replace(version=number), world.ports)
        passed = Verdict("pass", "it works")
        steps = (
            replace(step, status=StepStatus.COMPLETED, verdict=passed if step.kind is StepKind.SMOKE else None)
            for step in begun.plan.steps
        )
        done = replace(begun, status=DeploymentStatus.COMPLETED, plan=Plan(tuple(steps)))
        world.tables.deployments[begun.id] = done
        world.tables.leases.clear()
    arms = [{"name": name, "version": version, "percentage": 30} for name, version in ARMS.items()]
    return TO_DEVELOPMENT._replace(
        caller=ADMIN,
        version="2.0.0",
        environment=Environment.PRODUCTION,
        strategy=Strategy.AB_TESTING,
        config={"variants": arms},
    )


def test_every_arm_of_an_experiment_climbs_the_ladder(world: FakeWorld) -> None:
    asked = serve_in_production(world, "2.0.0")

    preview = preview_deployment(asked, world.ports)

    assert [type(refusal) for refusal in preview.refusals] == [LadderError]
    assert preview.refusals[0].fix == "Deploy 3.0.0 to Development or QA or Staging first."
    with pytest.raises(LadderError):
        create_deployment(asked, world.ports)


def test_arms_that_have_climbed_may_be_compared_with_what_serves(world: FakeWorld) -> None:
    asked = serve_in_production(world, "2.0.0", "3.0.0")

    created = create_deployment(asked, world.ports)

    assert newcomers(created) == tuple(target_of(world.tables.versions["echo", one]) for one in ("2.0.0", "3.0.0"))


@pytest.mark.parametrize(
    "asked, field",
    [
        ({"strategy": Strategy.CANARY, "config": {"evaluationPeriod": "PT9H"}}, "/canaryConfig/evaluationPeriod"),
        ({"strategy": Strategy.ROLLING, "config": {"healthCheckTimeout": "PT9H"}}, "/rollingConfig/waitBetweenBatches"),
        (
            {"strategy": Strategy.CANARY, "steps": [{"kind": "shift", "percentage": 100}, PAUSE_OF_9_HOURS]},
            "/steps",
        ),
    ],
)
def test_what_is_watched_longer_than_any_window_is_refused_and_would_wait_for_ever(
    world: FakeWorld, asked: dict[str, Any], field: str
) -> None:
    office = Window((0, 1, 2, 3, 4), "09:00", "17:00")
    policy = world.ports.policies.get(Environment.DEVELOPMENT)
    world.tables.policies[Environment.DEVELOPMENT] = replace(policy, windows=(office,))

    preview = preview_deployment(TO_DEVELOPMENT._replace(**asked), world.ports)

    assert [type(refusal) for refusal in preview.refusals] == [NeverOpenError]
    with pytest.raises(NeverOpenError) as refused:
        create_deployment(TO_DEVELOPMENT._replace(**asked), world.ports)
    assert [error.field for error in refused.value.errors] == [field]
    assert world.tables.deployments == {}


def test_a_start_that_has_passed_is_now_and_one_too_far_ahead_is_refused(world: FakeWorld) -> None:
    now = world.clock.now()

    assert preview_deployment(TO_DEVELOPMENT._replace(start_at=now), world.ports).deployment.start_at is None
    with pytest.raises(ValidationError):
        preview_deployment(TO_DEVELOPMENT._replace(start_at=now + timedelta(days=31)), world.ports)


@pytest.mark.parametrize(
    "command, error",
    [
        (TO_DEVELOPMENT._replace(plugin_id="nobody"), NotFoundError),
        (TO_DEVELOPMENT._replace(version="9.9.9"), NotFoundError),
        (TO_DEVELOPMENT._replace(environment=Environment.PRODUCTION), ForbiddenError),
        (
            TO_DEVELOPMENT._replace(caller=ADMIN, environment=Environment.PRODUCTION, strategy=Strategy.DIRECT),
            LadderError,
        ),
        (TO_DEVELOPMENT._replace(caller=Caller("v", frozenset({Role.VIEWER}))), ForbiddenError),
    ],
)
def test_what_may_not_be_deployed_leaves_no_trace(
    world: FakeWorld, command: CreateDeployment, error: type[DomainError]
) -> None:
    with pytest.raises(error) as refused:
        create_deployment(command, world.ports)

    assert refused.value.fix
    assert world.tables.deployments == {}
    assert world.tables.leases == {}


@pytest.mark.parametrize("status", [status for status in VersionStatus if status not in _SERVES])
def test_only_a_ready_version_is_deployed(world: FakeWorld, status: VersionStatus) -> None:
    world.tables.versions["echo", "1.0.0"] = replace(world.tables.versions["echo", "1.0.0"], status=status)

    with pytest.raises((VersionNotReadyError, NotFoundError)):
        create_deployment(TO_DEVELOPMENT, world.ports)


def test_two_deployments_at_once_are_one_deployment_and_a_conflict_that_names_it(world: FakeWorld) -> None:
    live = create_deployment(TO_DEVELOPMENT, world.ports)

    with pytest.raises(DeploymentInProgressError) as refused:
        create_deployment(TO_DEVELOPMENT, world.ports)

    assert live.id in refused.value.fix
    assert list(world.tables.deployments) == [live.id]


def test_predecessor_had_no_lock_fifty_racing_requests_make_one_live_deployment(world: FakeWorld) -> None:
    def try_it(_: int) -> Deployment | None:
        try:
            return create_deployment(TO_DEVELOPMENT, world.ports)
        except DeploymentInProgressError:
            return None

    with ThreadPoolExecutor(10) as pool:
        winners = [deployment for deployment in pool.map(try_it, range(50)) if deployment]

    assert len(winners) == 1
    assert list(world.tables.deployments) == [winners[0].id]


def test_a_dead_deployment_blocks_only_until_its_lease_runs_out(world: FakeWorld) -> None:
    dead = create_deployment(TO_DEVELOPMENT, world.ports)
    world.clock.advance(seconds=FIRST_LEASE_SECONDS - 1)
    with pytest.raises(DeploymentInProgressError):
        create_deployment(TO_DEVELOPMENT, world.ports)
    world.clock.advance(seconds=2)

    following = create_deployment(TO_DEVELOPMENT, world.ports)

    assert following.fence == dead.fence + 1
    ended = world.ports.deployments.get(dead.id)
    assert (ended.status, ended.status_reason) == (DeploymentStatus.FAILED, "abandoned: its lease ran out")


def test_an_ended_deployment_whose_lease_was_kept_does_not_end_twice(world: FakeWorld) -> None:
    done = create_deployment(TO_DEVELOPMENT, world.ports)
    world.tables.deployments[done.id] = replace(done, status=DeploymentStatus.COMPLETED)
    world.clock.advance(seconds=LEASE_SECONDS + 1)

    create_deployment(TO_DEVELOPMENT, world.ports)

    assert world.ports.deployments.get(done.id).status is DeploymentStatus.COMPLETED


def test_a_deployment_that_can_not_start_ends_and_gives_the_lease_back(world: FakeWorld) -> None:
    world.executions.is_down = True
    with pytest.raises(TransientError):
        create_deployment(TO_DEVELOPMENT, world.ports)
    world.executions.is_down = False

    again = create_deployment(TO_DEVELOPMENT, world.ports)

    first = next(deployment for key, deployment in world.tables.deployments.items() if key != again.id)
    assert (first.status, first.status_reason) == ("Failed", "the execution could not be started")


def test_the_previous_version_is_the_one_that_serves_now(world: FakeWorld) -> None:
    stable = Target("0.9.0", "v0-9-0", "7", "cc")
    world.tables.routes["echo", "Development"] = Route("echo", "Development", "salt", stable=stable, epoch=1)

    assert create_deployment(TO_DEVELOPMENT, world.ports).previous_version == "0.9.0"
