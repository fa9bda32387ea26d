"""Approvals over HTTP: who may decide comes from the token, the machine's token never comes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.approvals import Approval, ApprovalStatus
from chalicelib.domain.authorization import Role
from chalicelib.domain.deployments import Deployment, DeploymentStatus, Lease
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy
from chalicelib.services.approvals import note_token, request_approval
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import denials
from tests.fakes import FakeWorld

NOW = "2026-11-22T15:00:00.000Z"
DEPLOYMENT = "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV"
APPROVAL = "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0"
SECRET_TOKEN = "the-token-of-the-machine"
DAY = 86_400


@pytest.fixture(autouse=True)
def approval(world: FakeWorld) -> Approval:
    """Let ana have asked for a deployment to Production, whose machine waits for two people."""
    world.identity.add_user("ben", "secret of ben", Role.APPROVER)
    world.identity.add_user("both", "secret of both", Role.DEVELOPER, Role.APPROVER)
    return wait_for_people(world)


def wait_for_people(world: FakeWorld, deployment_id: str = DEPLOYMENT, by: str = "ana", **changes: Any) -> Approval:
    step = Step(0, StepKind.APPROVE, "ask", status=StepStatus.RUNNING, started_at=NOW)
    made = Deployment(
        id=deployment_id,
        plugin_id="echo",
        environment="Production",
        target=Target("2.0.0", "v2-0-0", "7", "ab" * 32),
        strategy=Strategy.DIRECT,
        plan=Plan((step,)),
        initiated_by=by,
        created_at=NOW,
        fence=1,
        status=DeploymentStatus.IN_PROGRESS,
    )
    deployment = replace(made, **changes)
    world.tables.deployments[deployment_id] = deployment
    world.tables.leases["echo", deployment.environment] = Lease("echo", deployment.environment, deployment_id, 1, NOW)
    asked = request_approval(deployment, step, world.ports)
    return note_token(asked.id, SECRET_TOKEN, world.ports)


def say(api: Gateway, verb: str, as_: str, body: Mapping[str, Any] | None = None, **more: Any) -> Answer:
    return api.post(f"/v1/approvals/{APPROVAL}/{verb}", body or {}, as_, **more)


def test_two_approvers_agree_and_the_machine_is_woken(world: FakeWorld, api: Gateway) -> None:
    first = say(api, "approve", "ada", {"reason": "looks good"})
    second = api.post(f"/v1/deployments/{DEPLOYMENT}/approve", {}, "ben")

    assert (first.status, first.json["status"], first.json["agreed"]) == (200, "Pending", 1)
    assert first.json["decisions"] == [{"by": "ada", "decision": "approve", "reason": "looks good", "at": NOW}]
    assert (second.status, second.json["status"], second.json["decidedAt"]) == (200, "Approved", NOW)
    assert world.executions.woken == [SECRET_TOKEN]
    assert [record.actor for record in world.tables.records[-2:]] == ["ada", "ben"]


def test_one_rejection_rejects_and_the_door_is_shut_behind_it(world: FakeWorld, api: Gateway) -> None:
    rejected = api.post(f"/v1/deployments/{DEPLOYMENT}/reject", {"reason": "not before the weekend"}, "ada")
    late = say(api, "approve", "ben")

    assert (rejected.status, rejected.json["status"]) == (200, "Rejected")
    assert (late.status, late.code) == (409, "CONFLICT")
    assert world.executions.woken == [SECRET_TOKEN]


@pytest.mark.parametrize("body", [{"approver": "ben"}, {"user": "ben"}, {"by": "ben"}, {"approvedBy": "ben"}])
def test_the_predecessor_took_who_approves_from_the_body(api: Gateway, body: Mapping[str, Any]) -> None:
    answer = say(api, "approve", "ada", body)

    assert (answer.status, answer.wrong) == (400, {f"/{next(iter(body))}"})
    assert api.get(f"/v1/approvals/{APPROVAL}", "ada").json["agreed"] == 0


@pytest.mark.parametrize("user", ["both", "root"])
@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_the_predecessor_let_people_approve_what_they_asked_for(
    world: FakeWorld, api: Gateway, user: str, verb: str
) -> None:
    other = wait_for_people(world, "dep_01ARZ3NDEKTSV4RRFFQ69G5FAW", by=user)

    answer = api.post(f"/v1/approvals/{other.id}/{verb}", {}, user)

    assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert "their own" in answer.json["detail"]
    assert world.tables.approvals[other.id].decisions == ()


def test_the_predecessor_was_content_with_one_approver(api: Gateway) -> None:
    say(api, "approve", "ada")
    again = say(api, "approve", "ada")
    changed = say(api, "reject", "ada", {"reason": "on second thoughts"})

    assert (again.status, again.json["agreed"], again.json["status"]) == (200, 1, "Pending")
    assert changed.status == 409


def test_the_predecessor_never_read_the_timeout(world: FakeWorld, api: Gateway) -> None:
    world.clock.advance(seconds=2 * DAY)

    for verb in ("approve", "reject"):
        late = say(api, verb, "ada")
        assert late.status == 409
        assert "Expired" in late.json["detail"]
    assert world.tables.approvals[APPROVAL].decisions == ()


@pytest.mark.parametrize("user", ["ana", "bob", "hugo", "vera", "olga", "nobody"])
@pytest.mark.parametrize("path", [f"/v1/approvals/{APPROVAL}", f"/v1/deployments/{DEPLOYMENT}"])
def test_r23_whoever_may_not_decide_may_not_by_any_door(world: FakeWorld, api: Gateway, user: str, path: str) -> None:
    """spinnaker#4715, kargo#2729: one door asked, another did not."""
    for verb in ("approve", "reject"):
        assert api.post(f"{path}/{verb}", {}, user).status == 403

    assert world.tables.approvals[APPROVAL].decisions == ()
    assert world.executions.woken == []
    assert {record.actor for record in denials(world)} == {user}


@pytest.mark.parametrize("path", [f"/v1/approvals/{APPROVAL}", f"/v1/deployments/{DEPLOYMENT}"])
def test_r23_whoever_may_decide_may_by_every_door(api: Gateway, path: str) -> None:
    assert [api.post(f"{path}/approve", {}, user).status for user in ("ada", "root")] == [200, 200]
    assert api.get(f"/v1/approvals/{APPROVAL}", "ada").json["status"] == "Approved"


def test_without_a_token_nobody_is_anybody(api: Gateway) -> None:
    assert say(api, "approve", None).status == 401  # type: ignore[arg-type]
    assert api.get("/v1/approvals", None).status == 401


def test_flagsmith_7056_what_was_edited_meanwhile_is_not_agreed_to(world: FakeWorld, api: Gateway) -> None:
    deployment = world.tables.deployments[DEPLOYMENT]
    world.tables.deployments[DEPLOYMENT] = replace(deployment, config={"stages": [100]})

    answer = say(api, "approve", "ada")

    assert answer.status == 409
    assert "changed since" in answer.json["detail"]


def test_what_has_ended_is_decided_by_nobody(world: FakeWorld, api: Gateway) -> None:
    deployment = world.tables.deployments[DEPLOYMENT]
    world.tables.deployments[DEPLOYMENT] = replace(deployment, status=DeploymentStatus.ABORTED)

    assert say(api, "approve", "ada").status == 409


def test_a_dry_run_tells_and_changes_nothing(world: FakeWorld, api: Gateway) -> None:
    preview = api.post(f"/v1/approvals/{APPROVAL}/reject?validateOnly=true", {"reason": "no"}, "ada")

    assert (preview.status, preview.json["status"]) == (200, "Rejected")
    assert world.tables.approvals[APPROVAL].status is ApprovalStatus.PENDING


def test_a_deployment_that_asks_nobody_says_so(world: FakeWorld, api: Gateway) -> None:
    world.tables.approvals.clear()

    answer = api.post(f"/v1/deployments/{DEPLOYMENT}/approve", {}, "ada")

    assert answer.status == 409
    assert "waits for nobody" in answer.json["detail"]
    assert api.post("/v1/deployments/dep_x/approve", {}, "ada").status == 404
    assert say(api, "approve", "ada").status == 404


def test_the_list_filters_by_status_and_environment(world: FakeWorld, api: Gateway) -> None:
    world.clock.advance(seconds=1)
    qa = wait_for_people(world, "dep_01ARZ3NDEKTSV4RRFFQ69G5FAW", environment="QA")
    say(api, "reject", "ada", {"reason": "no"})

    def ids(query: str = "") -> list[str]:
        return [one["approvalId"] for one in api.get(f"/v1/approvals{query}", "ada").json["items"]]

    assert ids() == [qa.id, APPROVAL]
    assert ids("?status=Pending") == [qa.id]
    assert ids("?environment=Production") == [APPROVAL]
    assert ids("?status=Pending&environment=Production") == []
    assert api.get("/v1/approvals?status=pending", "ada").wrong == {"/status"}
    page = api.get("/v1/approvals?limit=1", "ada").json
    assert page["hasMore"]
    rest = api.get(f"/v1/approvals?limit=1&cursor={page['nextCursor']}", "ada").json
    assert [one["approvalId"] for one in rest["items"]] == [APPROVAL]


def test_the_token_of_the_machine_is_in_no_answer(world: FakeWorld, api: Gateway) -> None:
    assert world.tables.approvals[APPROVAL].task_token == SECRET_TOKEN

    say(api, "approve", "ada")
    say(api, "approve", "ben")
    for path in ("/v1/approvals", f"/v1/approvals/{APPROVAL}", f"/v1/deployments/{DEPLOYMENT}"):
        assert api.get(path, "root").status == 200
    api.get(f"/v1/deployments/{DEPLOYMENT}/timeline", "root")

    assert len(api.answers) == 6
    assert all(SECRET_TOKEN not in answer.text for answer in api.answers)


def test_the_page_says_nothing_before_a_login_and_runs_only_its_own_script(world: FakeWorld, api: Gateway) -> None:
    page = api.get(f"/approvals/{APPROVAL}", None)
    absent = api.get(f"/approvals/{APPROVAL.replace('FAV', 'FAW')}", None)

    assert page.status == absent.status == 200
    told = [str(one) for one in (world.tables.approvals[APPROVAL].binding, "echo", "Production", "2.0.0", '"ana"')]
    assert [one for one in told if one in page.text] == []
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]{20,})'", policy)
    assert nonce is not None
    assert re.findall(r"<script[^>]*>", page.text) == [f'<script nonce="{nonce[1]}">']
    for rule in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"):
        assert rule in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert nonce[1] not in api.get(f"/approvals/{APPROVAL}", None).text


def test_the_page_of_what_can_be_no_approval_is_none(api: Gateway) -> None:
    for bad in ("apr_x", "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        answer = api.get(f"/approvals/{bad}", None)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")


def test_the_page_writes_text_and_never_markup(api: Gateway) -> None:
    page = api.get(f"/approvals/{APPROVAL}", None).text

    assert [
        word for word in ("innerHTML", "insertAdjacent", "document.write", "eval(", "localStorage") if word in page
    ] == []
    assert re.findall(r"""(?:src|href)=["'](?!data:)""", page) == []
    for name in re.findall(r'<(?:input|textarea) id="(\w+)"', page):
        assert f'<label for="{name}">' in page
