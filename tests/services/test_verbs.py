"""Verbs: each checks the state, changes nothing where it is not possible, and is recorded with its reason."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import approvals
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment, DeploymentInProgressError, DeploymentStatus, OnConflict
from chalicelib.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    PreconditionFailedError,
    TransientError,
    UnprocessableError,
)
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.policies import ApprovalRule
from chalicelib.domain.routes import FULL_BPS, Variant, VersionBlockedError
from chalicelib.domain.verbs import Verb, VerbNotPossibleError
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.records import record_of
from chalicelib.services.returns import NothingToReturnToError, StateAheadError
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.services.live_deployments import (
    ANA,
    CANARY,
    PLACE,
    PLUGIN,
    a_target,
    a_world,
    ask,
    at_step,
    complete,
    serving,
    stored_route,
)


@pytest.fixture
def world() -> FakeWorld:
    made = a_world()
    complete(made, "1.0.0")
    return made


def say(world: FakeWorld, verb: Verb, deployment: Deployment, **changes: Any) -> Deployment:
    return say_verb(SayVerb(ANA, verb, deployment.id, "because")._replace(**changes), world.ports)


def rewritten(world: FakeWorld, deployment: Deployment) -> Deployment:
    """Store a deployment as a step would have left it."""
    return world.ports.deployments.commit(
        deployment, record_of(ANA, "TestIt", f"deployments/{deployment.id}", world.ports)
    )


def test_a_paused_one_keeps_its_traffic_and_its_time_stands_still(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.clock.advance(seconds=60)

    paused = say(world, Verb.PAUSE, deployment)
    world.clock.advance(seconds=300)
    resumed = say(world, Verb.RESUME, deployment)

    assert (paused.status, paused.hold and paused.hold.by) == ("Paused", "ana")
    assert serving(world) == ("1.0.0", "2.0.0", 1_000)
    assert (resumed.status, resumed.hold) == ("InProgress", None)
    assert resumed.plan.steps[3].waited_seconds == 300


def test_r11_only_time_that_it_really_stood_still_is_not_counted(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    paused = say(world, Verb.PAUSE, deployment)
    world.clock.advance(seconds=100)
    later = replace(paused.plan.steps[3], started_at="2026-11-22T15:01:00.000Z")
    rewritten(world, replace(paused, plan=Plan((*paused.plan.steps[:3], later, *paused.plan.steps[4:]))))

    resumed = say(world, Verb.RESUME, deployment)

    assert 0 < resumed.plan.steps[3].waited_seconds < 100


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.ABORT, Verb.ROLLBACK])
def test_saying_it_twice_is_saying_it_once(world: FakeWorld, verb: Verb) -> None:
    deployment = at_step(world, "2.0.0", 3)

    first = say(world, verb, deployment)
    told = len(world.tables.records)

    assert say(world, verb, deployment) == first
    assert len(world.tables.records) == told


@pytest.mark.parametrize(
    "verb, status",
    [
        (Verb.ADVANCE, DeploymentStatus.PAUSED),
        (Verb.PROMOTE, DeploymentStatus.PENDING_APPROVAL),
        (Verb.PAUSE, DeploymentStatus.ROLLED_BACK),
        (Verb.RESUME, DeploymentStatus.COMPLETED),
        (Verb.ABORT, DeploymentStatus.COMPLETED),
        (Verb.RETRY, DeploymentStatus.COMPLETED),
        (Verb.ROLLBACK, DeploymentStatus.ROLLING_BACK),
        (Verb.RESUME, DeploymentStatus.ROLLED_BACK),
        (Verb.RETRY, DeploymentStatus.IN_PROGRESS),
    ],
)
def test_r02_a_verb_in_the_wrong_state_is_refused_and_touches_nothing(
    world: FakeWorld, verb: Verb, status: DeploymentStatus
) -> None:
    deployment = rewritten(world, replace(at_step(world, "2.0.0", 3), status=status))
    before = stored_route(world), world.tables.leases[PLUGIN, PLACE], len(world.tables.records)

    with pytest.raises(VerbNotPossibleError) as refused:
        say(world, verb, deployment)

    assert "ossible now" in refused.value.fix
    assert (stored_route(world), world.tables.leases[PLUGIN, PLACE], len(world.tables.records)) == before


def test_advance_cuts_the_wait_short_and_that_is_never_a_pass(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    advanced = say(world, Verb.ADVANCE, deployment)

    step = advanced.plan.steps[3]
    assert step.status is StepStatus.COMPLETED
    assert step.verdict is not None
    assert (step.verdict.outcome, step.verdict.reason) == ("inconclusive", "cut short by ana: because")


def test_promote_skips_waits_but_no_approval_no_warm_up_and_no_smoke_test(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    steps = list(deployment.plan.steps)
    steps.insert(4, Step(4, StepKind.APPROVE, "ask again"))
    renumbered = tuple(replace(step, index=index) for index, step in enumerate(steps))
    rewritten(world, replace(deployment, plan=Plan(renumbered)))

    promoted = say(world, Verb.PROMOTE, deployment)

    left = [(step.kind, step.share_bps) for step in promoted.plan.steps if step.status is StepStatus.PENDING]
    assert left == [(StepKind.APPROVE, None), (StepKind.SHIFT, FULL_BPS), (StepKind.OBSERVE, None)]
    assert promoted.plan.steps[-1].lasts_seconds == 0


def test_r04_promote_leaves_what_proves_that_the_candidate_is_ready(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 0)

    promoted = say(world, Verb.PROMOTE, deployment)

    kinds = [step.kind for step in promoted.plan.steps if step.status in (StepStatus.PENDING, StepStatus.RUNNING)]
    assert kinds == [StepKind.WARM, StepKind.SMOKE, StepKind.SHIFT, StepKind.OBSERVE]


def test_another_attempt_after_a_promotion_watches_as_long_as_it_was_asked_to(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    say(world, Verb.PROMOTE, deployment)
    say(world, Verb.ABORT, deployment)

    again = say(world, Verb.RETRY, deployment)

    assert [step.lasts_seconds for step in again.plan.steps] == [step.seconds for step in CANARY.steps]
    assert not any(step.is_cut for step in again.plan.steps)


def test_who_promotes_at_the_last_look_has_it_judged_at_once(world: FakeWorld) -> None:
    promoted = say(world, Verb.PROMOTE, at_step(world, "2.0.0", 5, share_bps=FULL_BPS))

    last = promoted.plan.steps[5]
    assert (last.status, last.is_cut, last.verdict) == (StepStatus.RUNNING, True, None)


def test_who_promotes_past_a_fail_is_not_asked_the_same_again(world: FakeWorld) -> None:
    """R9: a human decision consumes its gate (argo-rollouts#3015)."""
    deployment = at_step(world, "2.0.0", 5, share_bps=FULL_BPS)
    failed = replace(deployment.plan.steps[5], verdict=Verdict("fail", "errors 12 %"))
    rewritten(world, replace(deployment, plan=Plan((*deployment.plan.steps[:5], failed))))

    promoted = say(world, Verb.PROMOTE, deployment)

    assert promoted.plan.steps[5].status is StepStatus.SKIPPED
    assert promoted.plan.current is None


def test_abort_takes_the_traffic_back_at_once_and_says_who_and_why(world: FakeWorld) -> None:
    ended = say(world, Verb.ABORT, at_step(world, "2.0.0", 3))

    assert (ended.status, ended.status_reason) == ("Aborted", "abort by ana: because")
    assert serving(world) == ("1.0.0", None, 0)
    assert world.tables.leases[PLUGIN, PLACE].holder == ""


def test_a_rollback_does_not_wait_for_lambda(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    world.functions.fail_next("mirror", TransientError("Lambda is away."))

    rolling = say(world, Verb.ROLLBACK, deployment)

    assert rolling.status == "RollingBack"
    assert serving(world) == ("1.0.0", None, 0)


def test_r12_a_rollback_is_possible_while_the_last_step_is_watched(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 5, share_bps=FULL_BPS)

    assert say(world, Verb.ROLLBACK, deployment).status == "RolledBack"
    assert serving(world) == ("1.0.0", None, 0)


def test_a_completed_one_goes_back_to_what_served_before(world: FakeWorld) -> None:
    deployment = complete(world, "2.0.0")

    returned = say(world, Verb.ROLLBACK, deployment)

    assert returned.status == "RolledBack"
    assert serving(world) == ("1.0.0", None, 0)
    assert world.functions.weights(PLUGIN, PLACE) == {"1": FULL_BPS}
    assert world.tables.leases[PLUGIN, PLACE].held_by == deployment.id
    assert world.tables.leases[PLUGIN, PLACE].fence == deployment.fence + 1


def test_a_completed_one_goes_back_to_any_retained_version(world: FakeWorld) -> None:
    complete(world, "2.0.0")
    newest = complete(world, "3.0.0")

    say(world, Verb.ROLLBACK, newest, to_version="1.0.0")

    assert serving(world) == ("1.0.0", None, 0)


def test_only_the_deployment_of_what_serves_can_be_rolled_back(world: FakeWorld) -> None:
    older = complete(world, "2.0.0")
    complete(world, "3.0.0")

    with pytest.raises(ConflictError, match="does not serve"):
        say(world, Verb.ROLLBACK, older)

    assert serving(world)[0] == "3.0.0"


def test_a_completed_one_is_not_rolled_back_under_a_live_one(world: FakeWorld) -> None:
    older = complete(world, "2.0.0")
    live = at_step(world, "3.0.0", 3)

    with pytest.raises(DeploymentInProgressError) as refused:
        say(world, Verb.ROLLBACK, older)

    assert live.id in refused.value.fix


def test_the_first_one_of_all_has_nothing_to_go_back_to(world: FakeWorld) -> None:
    fresh = a_world()
    first = complete(fresh, "1.0.0")

    with pytest.raises(NothingToReturnToError):
        say(fresh, Verb.ROLLBACK, first)

    assert serving(fresh)[0] == "1.0.0"


def test_a_completed_one_does_not_go_back_to_what_was_blocked_since(world: FakeWorld) -> None:
    deployment = complete(world, "2.0.0")
    route = stored_route(world)
    world.tables.routes[PLUGIN, PLACE] = route.block("1.0.0", last_good=None)

    with pytest.raises(VersionBlockedError, match=r"1\.0\.0"):
        say(world, Verb.ROLLBACK, deployment)

    assert world.tables.deployments[deployment.id].status is DeploymentStatus.COMPLETED
    assert serving(world)[0] == "2.0.0"


def test_r24_a_rollback_across_a_change_of_the_states_schema_is_refused(world: FakeWorld) -> None:
    for number, schema in (("2.0.0", 1), ("3.0.0", 2)):
        version = world.tables.versions[PLUGIN, number]
        world.tables.versions[PLUGIN, number] = replace(version, manifest={"stateSchema": schema})
    complete(world, "2.0.0")
    newest = complete(world, "3.0.0")

    with pytest.raises(StateAheadError, match="schema 2"):
        say(world, Verb.ROLLBACK, newest)

    assert serving(world)[0] == "3.0.0"


def test_r15_resume_of_a_manual_rollback_lets_the_next_begin(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    waiting = ask(world, "3.0.0", OnConflict.QUEUE)
    say(world, Verb.ROLLBACK, deployment)
    assert waiting.execution_name not in world.executions.started

    say(world, Verb.RESUME, deployment)

    assert world.tables.leases[PLUGIN, PLACE].holder == waiting.id
    assert waiting.execution_name in world.executions.started


def test_r10_a_failed_one_can_be_tried_again_with_the_same_version(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    say(world, Verb.ABORT, deployment)

    again = say(world, Verb.RETRY, deployment)

    assert (again.status, again.attempt, again.target) == ("Pending", 2, deployment.target)
    assert again.last_known_good is None
    assert {step.status for step in again.plan.steps} == {StepStatus.PENDING}
    assert again.fence > deployment.fence
    assert {deployment.execution_name, again.execution_name} <= set(world.executions.started)


def test_who_tries_again_does_not_agree_to_it_either(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    say(world, Verb.ABORT, deployment)

    again = say(world, Verb.RETRY, deployment, caller=ANA._replace(username="bob"))
    asked = approvals.ask(again, again.plan.steps[0], ApprovalRule(1), again.created_at)

    assert asked.excluded == ("ana", "bob")


@pytest.mark.parametrize("verb", [Verb.ADVANCE, Verb.PROMOTE])
def test_who_takes_it_past_a_step_does_not_agree_to_what_is_left(verb: Verb, world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    went_on = say(world, verb, deployment, caller=ANA._replace(username="bob"))
    asked = approvals.ask(went_on, went_on.plan.steps[0], ApprovalRule(1), went_on.created_at)

    assert asked.excluded == ("ana", "bob")


def test_who_only_let_it_stand_still_may_agree(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    bob = ANA._replace(username="bob")

    say(world, Verb.PAUSE, deployment, caller=bob)
    resumed = say(world, Verb.RESUME, deployment, caller=bob)

    assert resumed.changed_by == ()
    assert approvals.ask(resumed, resumed.plan.steps[0], ApprovalRule(1), resumed.created_at).excluded == ("ana",)


def test_who_had_a_hand_in_any_attempt_agrees_to_none(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    for name in ("bob", "cem"):
        say(world, Verb.ABORT, deployment)
        again = say(world, Verb.RETRY, deployment, caller=ANA._replace(username=name))

    assert approvals.ask(again, again.plan.steps[0], ApprovalRule(1), again.created_at).excluded == (
        "ana",
        "bob",
        "cem",
    )


def test_a_new_attempt_does_not_push_a_live_one_away(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    say(world, Verb.ABORT, deployment)
    live = at_step(world, "3.0.0", 3)

    with pytest.raises(DeploymentInProgressError):
        say(world, Verb.RETRY, deployment)

    assert world.tables.leases[PLUGIN, PLACE].holder == live.id
    assert world.tables.deployments[deployment.id].status == "Aborted"


def test_a_verb_for_a_state_that_has_gone_is_refused(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    with pytest.raises(PreconditionFailedError):
        say(world, Verb.ADVANCE, deployment, step_index=2)
    with pytest.raises(PreconditionFailedError):
        say(world, Verb.PAUSE, deployment, revision=deployment.revision - 1)

    assert world.tables.deployments[deployment.id] == deployment


def test_a_dry_run_of_a_verb_changes_nothing(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)

    say(world, Verb.ABORT, deployment, validate_only=True)

    assert world.tables.deployments[deployment.id] == deployment


def test_who_may_not_deploy_there_may_say_nothing_there(world: FakeWorld) -> None:
    deployment = at_step(world, "2.0.0", 3)
    viewer = Caller("vera", frozenset({Role.VIEWER}))

    with pytest.raises(ForbiddenError):
        say(world, Verb.ROLLBACK, deployment, caller=viewer)


def an_experiment(world: FakeWorld) -> Deployment:
    """Bring an experiment of 2.0.0 and 3.0.0 against stable to its decision."""
    deployment = at_step(world, "2.0.0", 3)
    arms = tuple(Variant(number, a_target(world, number), 2_000) for number in ("2.0.0", "3.0.0"))
    done = replace(deployment.plan.steps[2], share_bps=None, variants=arms)
    decide = replace(deployment.plan.steps[3], kind=StepKind.DECIDE)
    return rewritten(world, replace(deployment, plan=Plan((*deployment.plan.steps[:2], done, decide))))


@pytest.mark.parametrize("wanted, outcome", [(None, "2.0.0"), ("3.0.0", "3.0.0")])
def test_promote_out_of_an_experiment_says_which_variant_wins(
    world: FakeWorld, wanted: str | None, outcome: str
) -> None:
    promoted = say(world, Verb.PROMOTE, an_experiment(world), outcome_version=wanted)

    assert promoted.outcome_version == outcome
    assert promoted.plan.current is None


@pytest.mark.parametrize(
    "verb, changes, error",
    [
        (Verb.ADVANCE, {}, ConflictError),
        (Verb.PROMOTE, {"outcome_version": "1.0.0"}, UnprocessableError),
        (Verb.ROLLBACK, {"to_version": "1.0.0"}, UnprocessableError),
    ],
)
def test_what_an_experiment_can_not_do_is_refused(
    world: FakeWorld, verb: Verb, changes: dict[str, Any], error: type[DomainError]
) -> None:
    experiment = an_experiment(world)

    with pytest.raises(error):
        say(world, verb, experiment, **changes)

    assert world.tables.deployments[experiment.id] == experiment
