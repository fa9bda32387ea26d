"""People are asked, and only what they wrote down counts: whatever wakes the machine, and whenever."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.domain.approvals import ApprovalStatus
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.ids import Environment
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.verbs import Verb
from chalicelib.services import approvals
from chalicelib.services.approval_sweeps import expire_approvals
from chalicelib.services.verbs import SayVerb, say_verb
from tests.fakes import FakeWorld
from tests.statemachines.machines import Happening, Machines
from tests.steps.deployed import serves_only
from tests.steps.plans import APPROVE, SMOKE, WARM, a_plan, begin_plan, observe, shift
from tests.steps.worlds import ANA, DEVELOPMENT, PLUGIN, stored_route

PLAN = a_plan(APPROVE, WARM, SMOKE, shift(100), observe(0))
BEN, CHI, DAN = (Caller(name, frozenset({Role.APPROVER})) for name in ("ben", "chi", "dan"))


def begin_asking(world: FakeWorld, needed: int = 1) -> Deployment:
    deployment = begin_plan(world, PLAN)
    ask(world, needed)
    return deployment


def ask(world: FakeWorld, needed: int) -> None:
    rule = ApprovalRule(needed)
    world.tables.policies[Environment.DEVELOPMENT] = EnvironmentPolicy(DEVELOPMENT, rule)


def says(run: Machines, *people: Caller, is_approval: bool = True) -> Callable[[Mapping[str, Any]], None]:
    def say(event: Mapping[str, Any]) -> None:
        for caller in people:
            said = approvals.Decide(caller, event["approval"]["approval_id"], is_approval, "we looked at it")
            approvals.decide(said, run.ports)

    return say


def sends_success(run: Machines) -> Happening:
    """Do what anybody may who may send successes and got hold of the token."""
    return lambda event: run.ports.executions.wake(event["task_token"])


def test_a_deployment_goes_on_when_enough_people_have_agreed(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world, 2)
    run.functions.after_next("await_approval", says(run, BEN, CHI))

    execution = run.run("deployment", deployment_id=deployment.id)

    approved = world.ports.deployments.get(deployment.id).plan.steps[0]
    assert execution.end == "Completed"
    assert execution.states[2:8] == [
        *("TakeStep", "WhichStep?", "RequestApproval", "AwaitApproval", "CheckApproval", "HaveTheyDecided?")
    ]
    assert approved.verdict is not None
    assert approved.verdict.reason == "approved by ben, chi"
    assert serves_only(world, "2.0.0")


def test_a_deployment_that_waits_for_people_says_so_and_has_prepared_nothing(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)
    seen: list[Deployment] = []
    run.functions.after_next("await_approval", lambda _: seen.append(world.ports.deployments.get(deployment.id)))
    run.functions.after_next("await_approval", says(run, BEN))
    run.functions.before_next("await_approval", says(run, BEN))

    run.run("deployment", deployment_id=deployment.id)

    assert [(one.status, one.last_known_good) for one in seen] == [(DeploymentStatus.PENDING_APPROVAL, None)]


def test_the_address_of_the_page_is_in_clear_in_the_input_of_the_state_that_waits(
    world: FakeWorld, run: Machines
) -> None:
    deployment = begin_asking(world)
    given: list[Mapping[str, Any]] = []
    run.functions.before_next("await_approval", given.append)
    run.functions.after_next("await_approval", says(run, BEN))

    run.run("deployment", deployment_id=deployment.id)

    (asked,) = given
    assert asked["approvalUrl"] == f"https://api.example/approvals/{asked['approval']['approval_id']}"
    assert asked["approval"]["summary"] == "ana asks to take echo in Development from 1.0.0 to 2.0.0 (Canary)"
    assert asked["approval"]["plan"][3] == "4. shift: 100 %"


def test_a_success_that_was_sent_by_hand_approves_nothing(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)
    shares = []
    for _ in range(3):
        run.functions.after_next("await_approval", sends_success(run))
    run.functions.after_next("await_approval", says(run, BEN))
    for _ in range(4):
        run.functions.before_next("await_approval", lambda _: shares.append(stored_route(world).candidate))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.states.count("AwaitApproval") == 4
    assert shares == [None] * 4
    assert execution.end == "Completed"


def test_one_agreement_of_two_is_not_enough_whoever_wakes_the_machine(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world, 2)

    def half(event: Mapping[str, Any]) -> None:
        says(run, BEN)(event)
        sends_success(run)(event)

    run.functions.after_next("await_approval", half)
    run.functions.after_next("await_approval", says(run, CHI))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.states.count("AwaitApproval") == 2
    assert execution.end == "Completed"


def test_a_rejection_ends_the_deployment_and_nobody_is_served(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)
    run.functions.after_next("await_approval", says(run, BEN, is_approval=False))

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    lease = world.ports.deployments.lease(PLUGIN, DEVELOPMENT)
    assert (execution.status, execution.end) == ("SUCCEEDED", "Rejected")
    assert (ended.status, ended.status_reason) == (DeploymentStatus.REJECTED, "rejected by ben: we looked at it")
    assert lease is not None
    assert lease.holder == ""
    assert serves_only(world, "1.0.0")


def test_time_that_ran_out_ends_the_deployment_with_its_reason(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)

    def wait_too_long(_: Mapping[str, Any]) -> None:
        world.clock.advance(seconds=48 * 3600)
        expire_approvals(run.ports)

    run.functions.after_next("await_approval", wait_too_long)

    execution = run.run("deployment", deployment_id=deployment.id)

    ended = world.ports.deployments.get(deployment.id)
    assert execution.end == "Rejected"
    assert (ended.status, ended.status_reason) == (DeploymentStatus.REJECTED, "approval timed out")


def test_what_was_agreed_to_something_else_is_asked_anew(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)

    def agree_then_change(event: Mapping[str, Any]) -> None:
        says(run, BEN)(event)
        stored = world.tables.deployments[deployment.id]
        world.tables.deployments[deployment.id] = replace(stored, max_tenants=3)

    run.functions.after_next("await_approval", agree_then_change)
    run.functions.after_next("await_approval", says(run, CHI))

    execution = run.run("deployment", deployment_id=deployment.id)

    approved = world.ports.deployments.get(deployment.id).plan.steps[0].verdict
    assert execution.states.count("RequestApproval") == 2
    assert execution.end == "Completed"
    assert approved is not None
    assert approved.reason == "approved by chi"


def test_people_who_answer_before_the_token_is_noted_are_heard(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)
    run.functions.before_next("await_approval", says(run, BEN))

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert execution.states.count("AwaitApproval") == 1


def test_a_policy_that_asks_nobody_by_now_is_no_wait(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world, 0)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Completed"
    assert [one.status for one in world.tables.approvals.values()] == [ApprovalStatus.APPROVED]


def test_an_abort_while_people_are_asked_ends_it(world: FakeWorld, run: Machines) -> None:
    deployment = begin_asking(world)

    def abort(_: Mapping[str, Any]) -> None:
        say_verb(SayVerb(ANA, Verb.ABORT, deployment.id, "not today"), run.ports)
        expire_approvals(run.ports)

    run.functions.after_next("await_approval", abort)

    execution = run.run("deployment", deployment_id=deployment.id)

    assert execution.end == "Aborted"
    assert [one.status for one in world.tables.approvals.values()] == [ApprovalStatus.VOID]
