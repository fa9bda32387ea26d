"""Approvals as the machine and people use them: asked once, heard by the table only, and never left hanging."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.domain.approvals import Approval, ApprovalStatus, ApprovalVoidError, Decision, OnExpiry
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment, DeploymentStatus, Lease
from chalicelib.domain.errors import ConflictError, FencedOffError, NotFoundError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.policies import DEFAULT_POLICIES
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verdicts import Verdict
from chalicelib.services.approval_sweeps import expire_approvals
from chalicelib.services.approvals import Decide, asked_of, check_approval, decide, note_token, request_approval
from chalicelib.services.notifications import send_notifications
from tests.fakes import FakeWorld

NOW = "2026-11-22T15:00:00.000Z"
DEPLOYMENT = "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV"
APPROVAL = "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0"
PRODUCTION = Environment.PRODUCTION
ADA = Caller("ada", frozenset({Role.APPROVER}), trace_id="trace of ada")
BEN = Caller("ben", frozenset({Role.APPROVER}))
HOURS = 3600


@dataclass
class Scene:
    """A world in which a deployment to Production stands at its first step, which asks people."""

    world: FakeWorld

    @property
    def deployment(self) -> Deployment:
        return self.world.tables.deployments[DEPLOYMENT]

    @property
    def approval(self) -> Approval:
        return self.world.tables.approvals[APPROVAL]

    @property
    def lease(self) -> Lease:
        return self.world.tables.leases["echo", "Production"]

    @property
    def woken(self) -> list[str]:
        return self.world.executions.woken

    @property
    def told(self) -> list[tuple[str, str]]:
        """What the audit log tells, without what others did: who, and what."""
        return [(record.actor, record.action) for record in self.world.tables.records]

    def set_rule(self, **changes: Any) -> None:
        policy = self.world.ports.policies.get(PRODUCTION)
        changed = replace(policy, approvals=replace(policy.approvals, **changes))
        self.world.tables.policies[PRODUCTION] = changed

    def ask(self) -> Approval:
        return request_approval(self.deployment, self.deployment.plan.steps[0], self.world.ports)

    def say(self, caller: Caller, *, is_approval: bool = True, reason: str = "fine") -> Approval:
        return decide(Decide(caller, APPROVAL, is_approval, reason), self.world.ports)

    def check(self) -> Approval:
        return check_approval(APPROVAL, self.deployment, self.world.ports)

    def edit(self, **changes: Any) -> None:
        self.world.tables.deployments[DEPLOYMENT] = replace(self.deployment, **changes)

    def wait(self, hours: float) -> None:
        self.world.clock.advance(seconds=hours * HOURS)


@pytest.fixture
def scene() -> Scene:
    """Let ana have asked for a canary, whose machine has come to its first step."""
    world = FakeWorld()
    steps = (
        Step(0, StepKind.APPROVE, "ask", status=StepStatus.RUNNING, started_at=NOW),
        Step(1, StepKind.SHIFT, "10 %", share_bps=1000),
    )
    deployment = Deployment(
        id=DEPLOYMENT,
        plugin_id="echo",
        environment="Production",
        target=Target("2.0.0", "v2-0-0", "7", "ab" * 32),
        strategy=Strategy.CANARY,
        plan=Plan(steps),
        initiated_by="ana",
        created_at=NOW,
        fence=3,
        trace_id="trace of ana",
        status=DeploymentStatus.IN_PROGRESS,
    )
    world.tables.deployments[DEPLOYMENT] = deployment
    world.executions.start("deployment", deployment.execution_name, {})
    world.tables.leases["echo", "Production"] = Lease("echo", "Production", DEPLOYMENT, 3, "2026-11-22T15:15:00.000Z")
    return Scene(world)


def test_asking_writes_the_approval_the_waiting_and_the_lease_in_one(scene: Scene) -> None:
    approval = scene.ask()

    assert approval == scene.approval
    assert (approval.needed, approval.excluded, approval.requested_by) == (2, ("ana",), "ana")
    assert scene.deployment.status is DeploymentStatus.PENDING_APPROVAL
    # Two days for people, a quarter of an hour for the machine to hear of it.
    assert scene.lease == Lease("echo", "Production", DEPLOYMENT, 3, "2026-11-24T15:15:00.000Z")
    assert scene.told == [("system", "RequestApproval")]
    record = scene.world.tables.records[0]
    assert (record.resource, record.trace_id) == (f"deployments/{DEPLOYMENT}", "trace of ana")


def test_asking_twice_asks_once(scene: Scene) -> None:
    first = scene.ask()
    scene.say(ADA)

    assert scene.ask().decisions == scene.approval.decisions != first.decisions
    assert scene.told.count(("system", "RequestApproval")) == 1


def test_the_policy_of_the_moment_decides_and_a_later_one_changes_nothing(scene: Scene) -> None:
    scene.set_rule(needed=1, excluded=("eve",), seconds=HOURS)

    approval = scene.ask()
    scene.set_rule(needed=0)

    assert (approval.needed, approval.expires_at) == (1, "2026-11-22T16:00:00.000Z")
    assert scene.ask() == scene.approval == approval
    assert scene.check().status is ApprovalStatus.PENDING


def test_a_policy_that_asks_nobody_lets_it_go_on_at_once(scene: Scene) -> None:
    scene.set_rule(needed=0)

    approval = scene.ask()

    assert approval.holds_for(scene.deployment)
    assert scene.deployment.status is DeploymentStatus.IN_PROGRESS
    assert scene.check() == approval


def test_a_deployment_without_its_lease_asks_nobody(scene: Scene) -> None:
    scene.world.tables.leases["echo", "Production"] = replace(scene.lease, holder="dep_other", fence=4)

    with pytest.raises(FencedOffError):
        scene.ask()
    assert scene.world.tables.approvals == {}


def test_one_that_was_paused_while_it_asked_stays_paused(scene: Scene) -> None:
    scene.edit(status=DeploymentStatus.PAUSED)

    scene.ask()

    assert scene.deployment.status is DeploymentStatus.PAUSED


def test_the_last_word_wakes_the_machine_after_it_was_written(scene: Scene) -> None:
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)

    scene.say(ADA)
    assert scene.woken == []
    approved = scene.say(BEN, reason="QA looks good")

    assert scene.woken == ["token-1"]
    assert approved.status is ApprovalStatus.APPROVED
    assert approved.decisions[1] == Decision("ben", is_approval=True, reason="QA looks good", at=NOW)
    assert scene.check().holds_for(scene.deployment)
    assert scene.told[-2:] == [("ada", "Approve"), ("ben", "Approve")]
    assert scene.world.tables.records[-1].after["agreed"] == 2


def test_one_rejection_wakes_the_machine(scene: Scene) -> None:
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)

    assert scene.say(ADA, is_approval=False, reason="not on a Friday").status is ApprovalStatus.REJECTED

    assert scene.woken == ["token-1"]
    assert scene.check().status is ApprovalStatus.REJECTED
    assert scene.told[-1] == ("ada", "Reject")


def test_what_was_decided_before_the_token_came_wakes_it_at_once(scene: Scene) -> None:
    scene.set_rule(needed=1)
    scene.ask()
    scene.say(ADA)
    assert scene.woken == []

    note_token(APPROVAL, "token-1", scene.world.ports)

    assert scene.woken == ["token-1"]


def test_the_same_token_is_noted_once_and_another_takes_its_place(scene: Scene) -> None:
    scene.ask()
    first = note_token(APPROVAL, "token-1", scene.world.ports)

    assert note_token(APPROVAL, "token-1", scene.world.ports) == first
    assert note_token(APPROVAL, "token-2", scene.world.ports).task_token == "token-2"
    assert scene.woken == []


def test_a_token_and_a_last_word_at_the_same_moment_never_miss_each_other(scene: Scene) -> None:
    scene.set_rule(needed=1)
    scene.ask()

    def note() -> None:
        while True:
            try:
                note_token(APPROVAL, "token-1", scene.world.ports)
            except StaleRevisionError:
                continue
            return

    with ThreadPoolExecutor(2) as pool:
        noted, said = pool.submit(note), pool.submit(scene.say, ADA)
        noted.result()
        said.result()

    assert "token-1" in scene.woken


def test_people_who_decide_at_the_same_moment_are_all_heard(scene: Scene) -> None:
    scene.set_rule(needed=3)
    scene.ask()
    people = [Caller(f"approver-{number}", frozenset({Role.APPROVER})) for number in range(3)]

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(scene.say, people))

    assert {decision.by for decision in scene.approval.decisions} == {person.username for person in people}
    assert scene.approval.status is ApprovalStatus.APPROVED


def test_a_machine_that_cannot_be_woken_takes_nothing_from_the_decision_and_the_sweep_wakes_it(scene: Scene) -> None:
    scene.set_rule(needed=1)
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)
    scene.world.executions.is_down = True

    approved = scene.say(ADA)
    sweep = expire_approvals(scene.world.ports)

    assert approved.status is ApprovalStatus.APPROVED
    assert [name for name, _ in sweep.failed] == [DEPLOYMENT]
    scene.world.executions.is_down = False
    assert expire_approvals(scene.world.ports).woken == (APPROVAL,)
    assert scene.woken == ["token-1"]


@pytest.mark.parametrize("is_awaited", [True, False])
def test_a_refusal_that_no_machine_has_heard_ends_the_deployment_all_the_same(
    scene: Scene, *, is_awaited: bool
) -> None:
    scene.ask()
    if is_awaited:
        note_token(APPROVAL, "token-of-a-dead-machine", scene.world.ports)
    scene.say(ADA, is_approval=False, reason="not on a Friday")
    assert expire_approvals(scene.world.ports).ended == ()
    scene.wait(hours=1 / 60)

    assert expire_approvals(scene.world.ports).ended == (APPROVAL,)

    assert scene.deployment.status is DeploymentStatus.REJECTED
    assert scene.deployment.status_reason == "rejected by ada: not on a Friday"
    assert scene.lease.is_free(NOW)
    assert expire_approvals(scene.world.ports).ended == ()


def test_a_deployment_whose_time_has_run_out_ends_as_rejected_without_a_machine(scene: Scene) -> None:
    scene.ask()
    scene.wait(hours=48)
    expire_approvals(scene.world.ports)
    scene.wait(hours=1 / 60)

    expire_approvals(scene.world.ports)

    ended = scene.deployment
    assert (ended.status, ended.status_reason) == (DeploymentStatus.REJECTED, "approval timed out")


def test_saying_it_again_says_nothing_new_but_wakes_again(scene: Scene) -> None:
    scene.set_rule(needed=1)
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)
    once = scene.say(ADA)

    assert scene.say(ADA) == once
    assert scene.woken == ["token-1", "token-1"]
    assert scene.told.count(("ada", "Approve")) == 1


def test_a_dry_run_says_what_would_be_and_writes_nothing(scene: Scene) -> None:
    scene.set_rule(needed=1)
    scene.ask()

    would_be = decide(Decide(ADA, APPROVAL, is_approval=True, validate_only=True), scene.world.ports)

    assert would_be.status is ApprovalStatus.APPROVED
    assert scene.approval.status is ApprovalStatus.PENDING


def test_a_task_success_sent_by_hand_approves_nothing(scene: Scene) -> None:
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)
    scene.say(ADA)

    scene.world.executions.wake("token-1")  # as anybody with rights on Step Functions might

    checked = scene.check()
    assert checked.status is ApprovalStatus.PENDING
    assert not checked.holds_for(scene.deployment)
    assert scene.deployment.status is DeploymentStatus.PENDING_APPROVAL


@pytest.mark.parametrize(
    "forged",
    [
        {"decisions": ()},
        {"decisions": (Decision("ada", is_approval=True, reason="", at=NOW),)},
        {"decisions": (Decision("ada", is_approval=True, reason="", at=NOW),) * 2},
        {
            "decisions": (
                Decision("ada", is_approval=True, reason="", at=NOW),
                Decision("ana", is_approval=True, reason="", at=NOW),
            )
        },
    ],
)
def test_a_status_without_the_voices_for_it_is_void(scene: Scene, forged: dict[str, Any]) -> None:
    approval = scene.ask()
    scene.world.tables.approvals[APPROVAL] = replace(approval, status=ApprovalStatus.APPROVED, **forged)

    assert scene.check().status is ApprovalStatus.VOID


def test_flagsmith_7056_what_was_edited_after_people_agreed_is_void_and_asked_anew(scene: Scene) -> None:
    scene.ask()
    scene.say(ADA)
    scene.say(BEN)
    first = scene.approval
    steps = scene.deployment.plan.steps
    scene.edit(plan=Plan((steps[0], replace(steps[1], share_bps=10_000))))

    assert scene.check().status is ApprovalStatus.VOID
    anew = scene.ask()

    assert (anew.status, anew.decisions, anew.task_token) == (ApprovalStatus.PENDING, (), None)
    assert anew.binding != first.binding
    assert anew.revision > first.revision
    assert scene.told[-2:] == [("system", "VoidApproval"), ("system", "RequestApproval")]


def test_nobody_agrees_to_what_was_edited_while_they_read(scene: Scene) -> None:
    scene.ask()
    scene.edit(config={"stages": [100]})

    with pytest.raises(ApprovalVoidError) as refused:
        scene.say(ADA)

    assert "has changed since" in refused.value.detail
    assert scene.approval.decisions == ()
    assert scene.check().status is ApprovalStatus.VOID


@pytest.mark.parametrize(
    "status", [DeploymentStatus.ABORTED, DeploymentStatus.SUPERSEDED, DeploymentStatus.ROLLING_BACK]
)
def test_nobody_agrees_to_what_has_ended(scene: Scene, status: DeploymentStatus) -> None:
    scene.ask()
    scene.edit(status=status)

    with pytest.raises(ApprovalVoidError):
        scene.say(ADA)


def test_r09_a_decision_consumes_its_gate_once_and_for_this_attempt(scene: Scene) -> None:
    """argo-rollouts#3015: after a human promote the same gate came again, and again."""
    scene.set_rule(needed=1)
    scene.ask()
    scene.say(ADA)
    approved = scene.check()

    passed = scene.deployment.plan.complete(0, NOW, Verdict("pass", "approved by ada"))
    scene.edit(plan=passed, status=DeploymentStatus.IN_PROGRESS)

    assert scene.check() == scene.ask() == approved
    assert expire_approvals(scene.world.ports).woken == ()
    # A new attempt of the same deployment is asked for anew.
    scene.edit(attempt=2, plan=passed.afresh())
    assert scene.ask().id == "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-2-0"


def test_a_deployment_is_decided_on_by_its_own_id(scene: Scene) -> None:
    with pytest.raises(ConflictError, match="waits for nobody"):
        asked_of(DEPLOYMENT, scene.world.ports)
    scene.ask()

    assert asked_of(DEPLOYMENT, scene.world.ports).id == APPROVAL
    with pytest.raises(NotFoundError):
        asked_of("dep_01ARZ3NDEKTSV4RRFFQ69G5FAW", scene.world.ports)


def test_time_that_has_run_out_rejects_by_default(scene: Scene) -> None:
    scene.ask()
    note_token(APPROVAL, "token-1", scene.world.ports)
    scene.say(ADA)
    scene.wait(hours=48)

    sweep = expire_approvals(scene.world.ports)

    assert (sweep.expired, sweep.failed) == ((APPROVAL,), ())
    assert scene.approval.status is ApprovalStatus.EXPIRED
    assert scene.woken[:1] == ["token-1"]
    assert scene.told[-1] == ("system", "ExpireApproval")
    assert expire_approvals(scene.world.ports).expired == ()


def test_a_machine_that_is_quicker_than_the_sweep_lets_time_run_out_itself(scene: Scene) -> None:
    scene.ask()
    scene.wait(hours=48)

    assert scene.check().status is ApprovalStatus.EXPIRED
    assert scene.told[-1] == ("system", "ExpireApproval")


def test_people_are_reminded_once_before_it_expires(scene: Scene) -> None:
    scene.ask()
    scene.wait(hours=43.9)
    assert expire_approvals(scene.world.ports).noticed == ()
    scene.wait(hours=0.2)

    assert expire_approvals(scene.world.ports).noticed == (APPROVAL,)
    assert expire_approvals(scene.world.ports).noticed == ()

    assert scene.told[-1] == ("system", "RemindApprovers")
    assert scene.world.tables.records[-1].after["expiresAt"] == "2026-11-24T15:00:00.000Z"
    assert scene.say(ADA).agreed == 1


def test_the_predecessor_never_sent_a_notice_of_what_expires(scene: Scene) -> None:
    scene.set_rule(on_expiry=OnExpiry.ESCALATE, roles=("Approver",))
    scene.ask()
    scene.say(ADA)
    for _ in range(96):
        scene.wait(hours=1)
        expire_approvals(scene.world.ports)

    for record in scene.world.tables.records:
        send_notifications(record, scene.world.ports)

    sent = scene.world.notifier.sent
    assert [message.kind for message in sent] == [
        "approval.requested",
        "approval.expiring",
        "approval.escalated",
        "approval.expired",
    ]
    for message in sent:
        assert "echo 2.0.0" in message.subject
        assert "Production" in message.subject
    assert "waits for 2 of Approver until 2026-11-24T15:00:00.000Z" in sent[0].text
    assert "1 of 2 approvals, and time runs out at 2026-11-24T15:00:00.000Z" in sent[1].text
    assert "waits on for Approver or Admin" in sent[2].text


def test_one_that_is_escalated_has_its_lease_for_as_long_again(scene: Scene) -> None:
    scene.set_rule(on_expiry=OnExpiry.ESCALATE, roles=("Approver",), needed=1)
    scene.ask()
    scene.wait(hours=48)

    assert expire_approvals(scene.world.ports).escalated == (APPROVAL,)
    assert expire_approvals(scene.world.ports).escalated == ()

    assert scene.lease.expires_at == "2026-11-26T15:15:00.000Z"
    assert scene.told[-1] == ("system", "EscalateApproval")
    assert scene.say(Caller("root", frozenset({Role.ADMIN}))).status is ApprovalStatus.APPROVED


def test_one_that_is_escalated_in_vain_ends(scene: Scene) -> None:
    scene.set_rule(on_expiry=OnExpiry.ESCALATE)
    scene.ask()
    scene.wait(hours=48)
    expire_approvals(scene.world.ports)
    scene.wait(hours=48)

    assert expire_approvals(scene.world.ports).expired == (APPROVAL,)


def test_one_that_is_held_stays_open_with_its_lease(scene: Scene) -> None:
    scene.set_rule(on_expiry=OnExpiry.HOLD, needed=1)
    scene.ask()
    scene.wait(hours=48)

    assert expire_approvals(scene.world.ports).escalated == (APPROVAL,)
    scene.wait(hours=24 * 20)
    assert expire_approvals(scene.world.ports).expired == ()

    assert not scene.lease.is_free("2026-12-22T14:59:59.999Z")
    assert scene.say(ADA).status is ApprovalStatus.APPROVED


def test_what_has_ended_waits_for_nobody(scene: Scene) -> None:
    scene.ask()
    scene.edit(status=DeploymentStatus.ABORTED)

    assert expire_approvals(scene.world.ports).voided == (APPROVAL,)
    assert scene.approval.status is ApprovalStatus.VOID
    assert list(scene.world.ports.approvals.pending()) == []


def test_one_that_cannot_be_dealt_with_holds_up_no_other(scene: Scene) -> None:
    lost = replace(scene.ask(), id="apr_01ARZ3NDEKTSV4RRFFQ69G5FAA-1-0", deployment_id="dep_gone")
    scene.world.tables.approvals[lost.id] = lost
    scene.wait(hours=48)

    sweep = expire_approvals(scene.world.ports)

    assert sweep.expired == (APPROVAL,)
    assert [name for name, _ in sweep.failed] == [lost.id]


def test_the_token_is_in_no_record(scene: Scene) -> None:
    scene.ask()
    note_token(APPROVAL, "token-of-the-machine", scene.world.ports)
    scene.say(ADA)
    scene.wait(hours=48)
    expire_approvals(scene.world.ports)

    assert "token-of-the-machine" not in repr(scene.world.tables.records)


def test_the_defaults_are_what_is_asked_where_nobody_has_set_a_policy(scene: Scene) -> None:
    assert scene.ask().needed == DEFAULT_POLICIES[PRODUCTION].approvals.needed == 2
