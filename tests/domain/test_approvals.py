"""Approvals: who may agree, how often it counts, what it is bound to, and what follows when time runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.approvals import (
    Approval,
    ApprovalDecidedError,
    ApprovalStatus,
    Decision,
    OnExpiry,
    approval_id,
    ask,
    binding_of,
)
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment
from chalicelib.domain.errors import ConflictError, ForbiddenError
from chalicelib.domain.plans import Plan, Step, StepKind
from chalicelib.domain.policies import ApprovalRule
from chalicelib.domain.routes import SplitBy, Target, Variant
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verdicts import Verdict

NOW = "2026-11-22T15:00:00.000Z"
SOON = "2026-11-22T16:00:00.000Z"
EXPIRES = "2026-11-24T15:00:00.000Z"
ADA = Caller("ada", frozenset({Role.APPROVER}))
BEN = Caller("ben", frozenset({Role.APPROVER}))
ROOT = Caller("root", frozenset({Role.ADMIN}))
STEPS = (Step(0, StepKind.APPROVE, "ask"), Step(1, StepKind.SHIFT, "10 %", share_bps=1000))


def a_deployment(**changes: object) -> Deployment:
    made = Deployment(
        id="dep_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        plugin_id="echo",
        environment="Production",
        target=Target("2.0.0", "v2-0-0", "7", "ab" * 32),
        strategy=Strategy.CANARY,
        plan=Plan(STEPS),
        initiated_by="ana",
        created_at=NOW,
        fence=1,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def an_approval(deployment: Deployment | None = None, **rule: object) -> Approval:
    return ask(deployment or a_deployment(), STEPS[0], replace(ApprovalRule(2), **rule), NOW)  # type: ignore[arg-type]


def agreed(approval: Approval, *callers: Caller, now: str = SOON) -> Approval:
    for caller in callers:
        approval = approval.decide(caller, is_approval=True, reason="fine", now=now)
    return approval


def test_what_is_asked_is_what_the_policy_says_and_its_id_is_the_same_each_time() -> None:
    approval = an_approval(excluded=("eve",))

    assert approval.id == approval_id(a_deployment(), STEPS[0]) == "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0"
    assert (approval.needed, approval.expires_at, approval.status) == (2, EXPIRES, ApprovalStatus.PENDING)
    assert approval.excluded == ("ana", "eve")
    assert approval_id(a_deployment(attempt=2), STEPS[0]) != approval.id


def test_a_policy_that_asks_nobody_is_agreed_to_from_the_start() -> None:
    approval = an_approval(needed=0)

    assert (approval.status, approval.decided_at) == (ApprovalStatus.APPROVED, NOW)
    assert approval.holds_for(a_deployment())


def test_two_different_people_are_two_and_one_person_twice_is_one() -> None:
    once = agreed(an_approval(), ADA)
    twice = agreed(once, ADA)

    assert twice is once
    assert (once.agreed, once.status, once.holds_for(a_deployment())) == (1, ApprovalStatus.PENDING, False)
    both = agreed(once, BEN)
    assert (both.agreed, both.status, both.decided_at) == (2, ApprovalStatus.APPROVED, SOON)
    assert both.holds_for(a_deployment())


def test_one_rejection_is_enough() -> None:
    rejected = agreed(an_approval(), ADA).decide(BEN, is_approval=False, reason="no", now=SOON)

    assert (rejected.status, rejected.holds_for(a_deployment())) == (ApprovalStatus.REJECTED, False)
    with pytest.raises(ApprovalDecidedError):
        agreed(rejected, ROOT)


def test_nobody_takes_a_word_back() -> None:
    approval = agreed(an_approval(), ADA)

    with pytest.raises(ConflictError):
        approval.decide(ADA, is_approval=False, reason="on second thoughts", now=SOON)


@pytest.mark.parametrize(
    "caller",
    [
        Caller("ana", frozenset({Role.ADMIN, Role.APPROVER})),  # asked for it
        Caller("eve", frozenset({Role.APPROVER})),  # is excluded
        Caller("dora", frozenset({Role.DEVELOPER})),
        Caller("nobody", frozenset()),
    ],
)
def test_the_requester_the_excluded_and_those_without_a_role_may_not_decide(caller: Caller) -> None:
    approval = an_approval(excluded=("eve",))

    for is_approval in (True, False):
        with pytest.raises(ForbiddenError) as refused:
            approval.decide(caller, is_approval=is_approval, reason="", now=SOON)
        assert refused.value.fix


def test_a_policy_may_leave_it_to_admins() -> None:
    approval = an_approval(roles=("Admin",), needed=1)

    with pytest.raises(ForbiddenError):
        agreed(approval, ADA)
    assert agreed(approval, ROOT).status is ApprovalStatus.APPROVED


def edited(**changes: object) -> Callable[[Deployment], Deployment]:
    return lambda deployment: replace(deployment, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "edit",
    [
        edited(target=Target("2.0.0", "v2-0-0", "7", "cd" * 32)),
        edited(target=Target("2.0.0", "v2-0-0", "8", "ab" * 32)),
        edited(plan=Plan((STEPS[0], replace(STEPS[1], share_bps=10_000)))),
        edited(plan=Plan((STEPS[0],))),
        edited(plan=Plan((STEPS[0], replace(STEPS[1], rings=("internal",))))),
        edited(config={"stages": [100]}),
        edited(health={"maxErrorRate": 1}),
        edited(max_tenants=100),
        edited(split_by=SplitBy.REQUEST),
        edited(auto_rollback=False),
        edited(environment="Staging"),
        edited(attempt=2),
    ],
)
def test_flagsmith_7056_an_edit_after_people_agreed_voids_what_they_agreed_to(
    edit: Callable[[Deployment], Deployment],
) -> None:
    approval = agreed(an_approval(), ADA, BEN)

    assert not approval.holds_for(edit(a_deployment()))
    assert not approval.is_for(edit(a_deployment()))


def test_what_is_agreed_to_is_the_digest_of_every_arm_of_an_experiment() -> None:
    other = Target("3.0.0", "v3-0-0", "8", "cd" * 32)
    arms = (Variant("A", a_deployment().target, 5_000), Variant("B", other, 2_500))
    swapped = (arms[0], arms[1]._replace(target=other._replace(sha256="ef" * 32)))

    first, second = (a_deployment(plan=Plan((STEPS[0], replace(STEPS[1], variants=each)))) for each in (arms, swapped))

    assert binding_of(first) != binding_of(second)


def test_whoever_made_of_it_what_it_is_counts_for_nobody() -> None:
    asked = agreed(an_approval(), ADA, BEN)

    assert asked.holds_for(a_deployment())
    assert not asked.holds_for(a_deployment(changed_by=("ben",)))


def test_what_happens_to_the_steps_is_no_edit() -> None:
    later = a_deployment(plan=Plan(STEPS).begin(0, NOW).complete(0, SOON, Verdict("pass", "agreed")).begin(1, SOON))

    assert binding_of(later) == binding_of(a_deployment())


def test_a_status_that_says_approved_proves_nothing_without_the_voices() -> None:
    forged = replace(an_approval(), status=ApprovalStatus.APPROVED)
    own = Decision("ana", is_approval=True, reason="", at=SOON)
    with_own = replace(forged, decisions=(own, replace(own, by="ada")))
    with_one_twice = replace(forged, decisions=(replace(own, by="ada"), replace(own, by="ada")))

    for approval in (forged, with_own, with_one_twice):
        assert not approval.holds_for(a_deployment())


def test_after_its_time_nobody_can_agree_even_before_the_sweep_has_come() -> None:
    approval = agreed(an_approval(), ADA)

    assert agreed(approval, BEN, now="2026-11-24T14:59:59.999Z").status is ApprovalStatus.APPROVED
    with pytest.raises(ApprovalDecidedError, match="Expired"):
        agreed(approval, BEN, now=EXPIRES)
    with pytest.raises(ApprovalDecidedError, match="Expired"):
        approval.decide(BEN, is_approval=False, reason="", now=EXPIRES)


def test_time_that_runs_out_ends_it_once() -> None:
    approval = an_approval()

    assert approval.expire("2026-11-24T14:59:59.999Z") is approval
    expired = approval.expire(EXPIRES)
    assert (expired.status, expired.decided_at) == (ApprovalStatus.EXPIRED, EXPIRES)
    assert expired.expire("2026-12-24T15:00:00.000Z") is expired


def test_one_that_is_held_stays_open_and_keeps_its_lease_as_long_as_the_machine_waits() -> None:
    approval = an_approval(on_expiry=OnExpiry.HOLD)

    held = approval.expire(EXPIRES)
    assert (held.status, held.escalated_at, held.expires_at) == (ApprovalStatus.PENDING, EXPIRES, EXPIRES)
    assert (approval.lease_until, held.lease_until) == (EXPIRES, "2026-12-22T15:00:00.000Z")
    assert held.expire("2026-12-01T15:00:00.000Z") is held
    assert agreed(held, ADA, BEN, now="2026-12-01T15:00:00.000Z").holds_for(a_deployment())


def test_one_that_is_escalated_asks_the_admins_too_and_ends_after_as_much_time_again() -> None:
    approval = an_approval(on_expiry=OnExpiry.ESCALATE, roles=("Approver",), needed=1)

    escalated = approval.expire(EXPIRES)
    assert (escalated.expires_at, escalated.roles) == ("2026-11-26T15:00:00.000Z", ("Approver", "Admin"))
    assert escalated.status is ApprovalStatus.PENDING
    assert agreed(escalated, ROOT, now=EXPIRES).status is ApprovalStatus.APPROVED
    assert escalated.expire("2026-11-26T15:00:00.000Z").status is ApprovalStatus.EXPIRED
    with pytest.raises(ApprovalDecidedError):
        agreed(escalated, ROOT, now="2026-11-26T15:00:00.000Z")


@pytest.mark.parametrize(
    "seconds, at, is_due",
    [
        (48 * 3600, "2026-11-24T10:59:59.000Z", False),
        (48 * 3600, "2026-11-24T11:00:00.000Z", True),  # four hours before
        (3600, "2026-11-22T15:44:59.000Z", False),
        (3600, "2026-11-22T15:45:00.000Z", True),  # after three quarters of an hour
        (3600, "2026-11-22T16:00:00.000Z", False),  # too late: it is over
    ],
)
def test_people_are_reminded_before_time_runs_out(seconds: int, at: str, *, is_due: bool) -> None:
    approval = an_approval(seconds=seconds)

    assert approval.notice_is_due(at) is is_due
    assert not replace(approval, noticed_at=NOW).notice_is_due(at)
