"""Approvals and policies: both sides of the ports keep the same promises."""

from dataclasses import replace
from datetime import datetime

import pytest

from chalicelib.domain.approvals import Approval, ApprovalStatus, Decision, OnExpiry
from chalicelib.domain.deployments import Deployment, DeploymentInProgressError, DeploymentStatus, Lease
from chalicelib.domain.errors import FencedOffError, NotFoundError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.policies import ApprovalRule, EnvironmentPolicy
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.windows import Freeze, Window
from chalicelib.ports import Ports
from tests.contracts.things import NOW, a_deployment, a_lease, a_record

MOMENT = datetime.fromisoformat(NOW)
LATER = "2026-11-24T15:00:00.000Z"


def an_approval(deployment: Deployment, **changes: object) -> Approval:
    made = Approval(
        id=f"{deployment.id.replace('dep_', 'apr_')}-1-0",
        deployment_id=deployment.id,
        attempt=1,
        step_index=0,
        plugin_id=deployment.plugin_id,
        version="2.0.0",
        environment="Production",
        requested_by="dora",
        binding="b" * 64,
        needed=2,
        roles=("Approver",),
        excluded=("eve",),
        requested_at=NOW,
        expires_at=LATER,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def deployment(ports: Ports) -> Deployment:
    made = a_deployment()
    ports.deployments.create(made, a_lease(made), a_record(), now=MOMENT)
    return made


def test_an_approval_is_written_with_its_deployment_or_not_at_all(ports: Ports, deployment: Deployment) -> None:
    waiting = replace(deployment, status=DeploymentStatus.PENDING_APPROVAL)

    ports.deployments.commit(waiting, a_record(), approval=an_approval(deployment))
    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(waiting, a_record(), approval=an_approval(deployment, step_index=1))

    stored = ports.approvals.of_deployment(deployment.id)
    assert [approval.step_index for approval in stored] == [0]
    assert stored[0].revision == 1


def test_an_approval_comes_back_as_it_was_written(ports: Ports, deployment: Deployment) -> None:
    approval = an_approval(
        deployment,
        decisions=(Decision("ann", is_approval=True, reason="fine", at=NOW),),
        on_expiry=OnExpiry.ESCALATE,
        task_token="token",
        escalated_at=LATER,
    )

    saved = ports.approvals.save(approval, a_record())

    assert ports.approvals.get(approval.id) == saved == replace(approval, revision=1)
    assert ports.approvals.find("apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0") is None
    with pytest.raises(NotFoundError):
        ports.approvals.get("not-an-approval")


def test_only_one_of_two_deciders_writes(ports: Ports, deployment: Deployment) -> None:
    first = ports.approvals.save(an_approval(deployment), a_record())

    ports.approvals.save(replace(first, status=ApprovalStatus.REJECTED), a_record())
    with pytest.raises(StaleRevisionError):
        ports.approvals.save(replace(first, status=ApprovalStatus.APPROVED), a_record())

    assert ports.approvals.get(first.id).status is ApprovalStatus.REJECTED


def test_what_is_decided_is_not_pending_any_more(ports: Ports, deployment: Deployment) -> None:
    approval = ports.approvals.save(an_approval(deployment), a_record())
    assert [one.id for one in ports.approvals.pending()] == [approval.id]

    ports.approvals.save(replace(approval, status=ApprovalStatus.APPROVED), a_record())

    assert list(ports.approvals.pending()) == []
    listed = ports.approvals.page(PageRequest(10), status="Approved", environment="Production").items
    assert [one.id for one in listed] == [approval.id]
    assert ports.approvals.page(PageRequest(10), status="Pending", environment=None).items == ()


def test_a_policy_is_the_default_until_somebody_sets_one(ports: Ports) -> None:
    assert ports.policies.get(Environment.PRODUCTION).approvals.needed == 2
    assert ports.policies.get(Environment.PRODUCTION).revision == 0


def test_a_policy_comes_back_as_it_was_written_and_only_from_what_was_read(ports: Ports) -> None:
    policy = EnvironmentPolicy(
        Environment.QA,
        ApprovalRule(3, roles=("Admin",), excluded=("eve",), seconds=60, on_expiry=OnExpiry.HOLD),
        windows=(Window((0, 1, 2), "09:00", "16:00", "Europe/Berlin"),),
        freezes=(Freeze(NOW, LATER, "holidays"),),
        stop_the_line="an incident",
        has_ladder=True,
    )

    saved = ports.policies.save(policy, a_record())

    assert ports.policies.get(Environment.QA) == saved == replace(policy, revision=1)
    with pytest.raises(StaleRevisionError):
        ports.policies.save(policy, a_record())


def test_a_queued_deployment_takes_no_lease_and_is_live(ports: Ports) -> None:
    queued = replace(a_deployment(), is_queued=True, split_by=SplitBy.REQUEST, config={"stages": [10]}, max_tenants=3)

    ports.deployments.create(queued, None, a_record(), now=MOMENT)

    assert ports.deployments.lease(queued.plugin_id, queued.environment) is None
    assert list(ports.deployments.live()) == [queued]


def test_a_queued_deployment_takes_its_turn_once_the_lease_is_free(ports: Ports, deployment: Deployment) -> None:
    queued = replace(a_deployment(2), is_queued=True)
    ports.deployments.create(queued, None, a_record(), now=MOMENT)
    turn = replace(queued, is_queued=False, fence=2)
    lease = replace(a_lease(deployment), holder=queued.id, fence=2)
    with pytest.raises(DeploymentInProgressError):
        ports.deployments.take(turn, lease, a_record(), now=MOMENT)
    held = replace(a_lease(deployment), holder="", held_by="")
    ports.deployments.commit(
        replace(deployment, status=DeploymentStatus.FAILED), a_record(), lease=replace(held, expires_at=NOW)
    )

    taken = ports.deployments.take(turn, lease, a_record(), now=MOMENT)

    assert ports.deployments.get(queued.id) == taken
    assert ports.deployments.lease(queued.plugin_id, queued.environment) == lease
    assert [one.id for one in ports.deployments.live()] == [queued.id]


def test_only_the_holder_renews_a_lease(ports: Ports, deployment: Deployment) -> None:
    ports.deployments.renew(replace(a_lease(deployment), expires_at=LATER))

    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    assert lease == replace(a_lease(deployment), expires_at=LATER)
    for other in (replace(a_lease(deployment), fence=7), replace(a_lease(deployment), holder="dep_other")):
        with pytest.raises(FencedOffError):
            ports.deployments.renew(other)


def test_a_lease_remembers_which_rollback_holds(ports: Ports, deployment: Deployment) -> None:
    released: Lease = replace(a_lease(deployment), holder="", held_by=deployment.id)

    ports.deployments.commit(replace(deployment, status=DeploymentStatus.ROLLED_BACK), a_record(), lease=released)

    assert ports.deployments.lease(deployment.plugin_id, deployment.environment) == released
