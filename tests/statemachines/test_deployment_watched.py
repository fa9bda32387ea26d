"""While something waits, somebody looks: a candidate that turns bad goes back, whatever the deployment waits for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import LEASE_SECONDS, DeploymentStatus
from chalicelib.domain.errors import PluginTimeoutError, TransientError
from chalicelib.domain.plans import Plan, StepStatus
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb, say_verb
from chalicelib.steps.evaluate_step import MAX_TICKS
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines, raises
from tests.steps.deployed import serves_only
from tests.steps.plans import CANARY, DECIDE, PAUSE, SMOKE, WARM, a_plan, begin_plan, observe, pause, shares, shift
from tests.steps.worlds import ANA, DEVELOPMENT, PLUGIN, answer_badly, answer_truly, stored_route, stored_version

LONG = a_plan(WARM, SMOKE, shift(10), observe(600), shift(100), observe(0))


def turn_bad(world: FakeWorld) -> Happening:
    return lambda _: answer_badly(world, "2.0.0", "PluginRaised", "not well", only="ping")


def turn_good(world: FakeWorld) -> Happening:
    return lambda _: answer_truly(world, "2.0.0", stored_version(world, "2.0.0").sha256)


def nothing(_: Mapping[str, Any]) -> None:
    """Let a call pass as it is."""


def say(world: FakeWorld, verb: Verb, deployment_id: str) -> Happening:
    def say_it(_: Mapping[str, Any]) -> None:
        say_verb(SayVerb(ANA, verb, deployment_id, "we want it so"), world.ports)

    return say_it


def at_look(run: Machines, number: int, *happenings: Happening) -> None:
    """Let something happen right before the look of that number (1-based), and more before those that follow."""
    for happening in (*(nothing,) * (number - 1), *happenings):
        run.functions.before_next("evaluate_step", happening)


def test_three_bad_looks_in_a_row_take_the_traffic_back_at_once(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 2, turn_bad(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "RolledBack"
    assert sum(run.waited) == 30
    assert serves_only(world, "1.0.0")
    assert ended.status_reason == "observe failed: 3 health checks in a row failed, 3 are allowed to none"
    assert [check.outcome for check in ended.health_checks] == ["pass", "fail", "fail", "fail"]


def test_the_look_itself_rolls_back_and_the_machine_only_finds_it_done(world: FakeWorld, run: Machines) -> None:
    """Promise 3: from a breach to no traffic it takes no further state, and Step Functions may be gone."""
    deployment = begin_plan(world, LONG)
    at_look(run, 2, turn_bad(world))
    seen = []
    for _ in range(4):
        run.functions.after_next("evaluate_step", lambda _: seen.append(stored_route(world).candidate_bps))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert seen == [1_000, 1_000, 1_000, 0]
    assert execution.states[-4:] == ["TakeStep", "RollBack", "HowDidItEnd?", "RolledBack"]


def test_one_bad_look_is_no_reason_to_go_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 2, turn_bad(world), nothing, turn_good(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    outcomes = [check.outcome for check in world.ports.deployments.get(deployment.id).health_checks]
    assert outcomes == ["pass", "fail", "fail", "pass"]


def test_r07_a_look_that_could_not_be_made_is_an_error_and_no_failure(world: FakeWorld, run: Machines) -> None:
    """R7: an error of the measurement is neither a pass nor a fail (argo-rollouts#4692)."""
    deployment = begin_plan(world, LONG)

    def throttle(_: Mapping[str, Any]) -> None:
        world.functions.fail_next("call", TransientError("Lambda throttles"))

    at_look(run, 2, *(throttle,) * 5)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    checks = world.ports.deployments.get(deployment.id).health_checks
    assert [check.outcome for check in checks] == ["pass", "error", "pass"]


def test_a_candidate_that_does_not_answer_in_time_is_bad(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)

    def hang(_: Mapping[str, Any]) -> None:
        world.functions.fail_next("call", PluginTimeoutError("It did not answer in 30 s."))

    at_look(run, 2, hang, hang, hang)

    assert run.run("deployment", deployment_id=deployment.id).end == "RolledBack"


@pytest.mark.parametrize("plan", [a_plan(WARM, SMOKE, shift(10), wait, shift(100)) for wait in (PAUSE, DECIDE)])
def test_a_candidate_is_watched_while_a_person_thinks(plan: Plan, world: FakeWorld, run: Machines) -> None:
    """R12: no phase is unprotected (flagger#1588)."""
    deployment = begin_plan(world, plan)
    at_look(run, 4, turn_bad(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert serves_only(world, "1.0.0")


def test_r12_a_candidate_is_watched_while_it_bakes_at_100_percent(world: FakeWorld, run: Machines) -> None:
    """R12: the last known good stays ready until the bake has ended (flagger#1931)."""
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(100), observe(600)))
    at_look(run, 20, turn_bad(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert serves_only(world, "1.0.0")


def test_r03_a_rollback_goes_to_the_snapshot_and_not_to_the_share_of_a_step(world: FakeWorld, run: Machines) -> None:
    """R3: back is the whole route of before, whatever the steps had given (argo-rollouts PR#4612)."""
    deployment = begin_plan(world, CANARY)
    before = stored_route(world)
    at_look(run, 10, turn_bad(world))

    run.run("deployment", deployment_id=deployment.id)

    after = stored_route(world)
    assert shares(world, deployment) == [1_000, 5_000]
    assert after._replace(epoch=0, fence=0) == before._replace(epoch=0, fence=0)


def test_r16_a_failed_deployment_leaves_no_weights_on_the_alias(world: FakeWorld, run: Machines) -> None:
    """R16: what fails clears the alias's routing (AWS CDK: weights were left behind for ever)."""
    deployment = begin_plan(world, CANARY)
    at_look(run, 2, turn_bad(world))

    run.run("deployment", deployment_id=deployment.id)

    assert world.functions.functions[PLUGIN].weights_bps[DEVELOPMENT.alias] == {}


def test_a_paused_deployment_waits_keeps_its_share_and_is_watched(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 2, say(world, Verb.PAUSE, deployment.id), *(nothing,) * 99, turn_bad(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert sum(run.waited) > 1_000
    assert shares(world, deployment) == [1_000]


def test_r11_time_that_a_deployment_was_paused_does_not_count_for_its_observation(
    world: FakeWorld, run: Machines
) -> None:
    """R11: the clock of a step stops while it is paused, and only then (flagger#1247)."""
    deployment = begin_plan(world, LONG)
    at_look(run, 2, say(world, Verb.PAUSE, deployment.id), *(nothing,) * 9, say(world, Verb.RESUME, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    observed = world.ports.deployments.get(deployment.id).plan.steps[3]
    assert execution.end == "Completed"
    assert observed.waited_seconds == 100
    assert sum(run.waited) == 700


def test_a_pause_before_a_shift_holds_the_shift_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(100), observe(0)))
    run.functions.before_next("check_health", say(world, Verb.PAUSE, deployment.id))
    at_look(run, 5, say(world, Verb.RESUME, deployment.id))
    seen: list[int] = []
    run.functions.after_next("evaluate_step", lambda _: seen.append(stored_route(world).candidate_bps))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert seen == [0]
    assert execution.states.count("Observe") == 1
    assert execution.end == "Completed"


@pytest.mark.parametrize("wait", [PAUSE, observe(6_000)])
def test_a_person_lets_a_wait_end_early(wait: Any, world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(10), wait, shift(100), observe(0)))
    at_look(run, 3, say(world, Verb.ADVANCE, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    step = world.ports.deployments.get(deployment.id).plan.steps[3]
    assert execution.end == "Completed"
    assert sum(run.waited) == 20
    assert step.verdict is not None
    assert (step.verdict.outcome, step.verdict.rule) == ("inconclusive", "advance by hand")


def test_a_pause_with_a_time_ends_by_itself(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(10), pause(95), shift(100), observe(0)))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert run.waited == [10] * 9 + [5]


def test_a_promotion_skips_what_is_left_but_the_last_shift_and_not_its_readiness(
    world: FakeWorld, run: Machines
) -> None:
    deployment = begin_plan(world, CANARY)
    at_look(run, 2, say(world, Verb.PROMOTE, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert shares(world, deployment) == [1_000, 10_000]
    assert serves_only(world, "2.0.0")


@pytest.mark.parametrize(
    "verb, end, status",
    [
        (Verb.ABORT, "Aborted", DeploymentStatus.ABORTED),
        (Verb.ROLLBACK, "RolledBack", DeploymentStatus.ROLLED_BACK),
    ],
)
def test_an_abort_takes_the_traffic_back_before_the_machine_notices(
    verb: Verb, end: str, status: DeploymentStatus, world: FakeWorld, run: Machines
) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 3, say(world, verb, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert (execution.end, ended.status) == (end, status)
    assert ended.status_reason == f"{verb} by ana: we want it so"
    assert serves_only(world, "1.0.0")


def test_r05_a_fail_that_is_held_stays_a_fail_although_the_candidate_recovers(world: FakeWorld, run: Machines) -> None:
    """R5: a fail is latched; only a person gets past it (argo-rollouts#1411)."""
    health = {"healthCheckInterval": "PT10S", "onFail": "hold"}
    deployment = begin_plan(world, LONG, health=health)
    holds: list[str] = []

    def look_at_hold(_: Mapping[str, Any]) -> None:
        hold = world.ports.deployments.get(deployment.id).hold
        holds.append(hold.reason if hold else "")

    at_look(run, 2, turn_bad(world), nothing, nothing, turn_good(world), *(nothing,) * 80)
    for _ in range(70):
        run.functions.after_next("evaluate_step", look_at_hold)
    run.functions.after_next("evaluate_step", say(world, Verb.ADVANCE, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert holds[3:] == ["3 health checks in a row failed, 3 are allowed to none"] * 67
    assert shares(world, deployment) == [1_000, 10_000]
    assert execution.end == "Completed"


def test_a_deployment_that_must_not_roll_back_by_itself_is_held(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG, auto_rollback=False)
    at_look(run, 2, turn_bad(world), *(nothing,) * 20, say(world, Verb.ROLLBACK, deployment.id))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert sum(run.waited) == 220


def test_a_warning_goes_on_and_keeps_its_verdict(world: FakeWorld, run: Machines) -> None:
    health = {"healthCheckInterval": "PT10S", "onFail": "warn"}
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(100), observe(60)), health=health)
    at_look(run, 2, turn_bad(world))

    execution = run.run("deployment", deployment_id=deployment.id)

    step = world.ports.deployments.get(deployment.id).plan.steps[3]
    assert execution.end == "Completed"
    assert step.verdict is not None
    assert (step.status, step.verdict.outcome) == (StepStatus.COMPLETED, "fail")


def test_the_lease_is_renewed_at_every_look_and_the_deployment_is_not_written(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(10), observe(4 * LEASE_SECONDS), shift(100), observe(0)))
    revisions: set[int] = set()
    for _ in range(300):
        run.functions.after_next(
            "evaluate_step", lambda _: revisions.add(world.ports.deployments.get(deployment.id).revision)
        )

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert len(revisions) == 1


def test_a_long_wait_is_watched_by_several_executions_and_the_history_stays_short(
    world: FakeWorld, run: Machines
) -> None:
    """R26: polling stays out of the deployment's own history."""
    seconds = MAX_TICKS * 10 + 55
    deployment = begin_plan(world, a_plan(WARM, SMOKE, shift(10), observe(seconds), shift(100), observe(0)))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert execution.states.count("Observe") == 2
    assert sum(run.waited) == seconds
    assert all(len(events) <= 9 * MAX_TICKS + 10 for events in run.histories("observe"))


def test_a_bug_in_a_look_ends_the_watch_and_goes_back(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 3, raises(RuntimeError("a bug")))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "RolledBack"
    assert execution.states[-4:] == ["Observe", "RollBack", "HowDidItEnd?", "RolledBack"]
    assert serves_only(world, "1.0.0")


def test_a_transient_error_at_a_look_is_tried_again(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, LONG)
    at_look(run, 3, raises(TransientError("the table throttles")))

    assert run.run("deployment", deployment_id=deployment.id).end == "Completed"


def test_a_deployment_that_is_to_start_later_prepares_nothing_before(world: FakeWorld, run: Machines) -> None:
    deployment = begin_plan(world, CANARY, start_at="2026-11-22T16:00:00.000Z")
    seen = []
    for _ in range(3):
        run.functions.after_next(
            "evaluate_step", lambda _: seen.append(world.ports.deployments.get(deployment.id).last_known_good)
        )

    execution = run.run("deployment", deployment_id=deployment.id)

    begun = world.ports.deployments.get(deployment.id).plan.steps[0].started_at
    assert execution.end == "Completed"
    assert seen == [None] * 3
    assert begun is not None
    assert begun >= "2026-11-22T16:00:00.000Z"


def test_a_fenced_off_deployment_is_watched_no_longer(world: FakeWorld, run: Machines) -> None:
    """R1: a superseded run reaches its end, and touches nothing of the one that took over (argo-rollouts#3331)."""
    deployment = begin_plan(world, LONG)

    def take_lease(_: Mapping[str, Any]) -> None:
        key = deployment.plugin_id, deployment.environment
        lease = world.tables.leases[key]
        world.tables.leases[key] = replace(lease, holder="dep_newer", fence=lease.fence + 1)

    at_look(run, 3, take_lease)
    execution = run.run("deployment", deployment_id=deployment.id)

    assert (execution.status, execution.end) == ("SUCCEEDED", "Superseded")
    assert world.tables.leases[deployment.plugin_id, deployment.environment].holder == "dep_newer"
    assert stored_route(world).candidate_bps == 1_000


def test_r06_an_observation_that_was_cut_short_is_no_pass(world: FakeWorld, run: Machines) -> None:
    """R6: what did not run to its end proves nothing (argo-rollouts#2158)."""
    deployment = begin_plan(world, LONG)
    at_look(run, 5, say(world, Verb.ABORT, deployment.id))

    run.run("deployment", deployment_id=deployment.id)

    step = world.ports.deployments.get(deployment.id).plan.steps[3]
    assert step.verdict is not None
    assert (step.status, step.verdict.outcome) == (StepStatus.FAILED, "inconclusive")
