"""What people may do with a deployment while tenants are served, in the deployed stack: no verb costs a request."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.stack.product import ENVIRONMENT, Product
from tests.stack.running_stack import eventually
from tests.stack.traffic import Traffic

SOUND = """
def handle(operation, input, context):
    return {"tenant": context.tenant_id}
"""
MANIFEST: dict[str, Any] = {
    "operations": {"handle": {}, "ping": {}},
    "healthCheck": {"operation": "ping", "input": {}},
}
TENANTS = ("ant", "bee", "cat", "dog")
HEALTH = {"healthCheckInterval": "PT1S", "minRequests": 0, "onNoData": "warn"}
#: Waits at half of the tenants until a person says what is next.
SLOW_CANARY: dict[str, Any] = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [50, 100], "evaluationPeriod": "PT1H"},
    "health": HEALTH,
}

Serve = Callable[[str], Product]


@pytest.fixture(scope="module")
def serve(product: Product) -> Serve:
    """Serve 1.0.0 of a new plugin to all tenants, and publish a 2.0.0."""

    def made(name: str) -> Product:
        product.register(name)
        for version in ("1.0.0", "2.0.0"):
            product.publish(name, version, SOUND, **MANIFEST)
        assert product.deploy(name, "1.0.0")["status"] == "Completed"
        for tenant in TENANTS:
            product.install(name, tenant)
        return product

    return made


def begun(product: Product, name: str, version: str = "2.0.0", **more: Any) -> str:
    answer = product.begin(name, version, **{**SLOW_CANARY, **more})
    assert answer.status == 202, answer.body
    return str(answer.body["deploymentId"])


def status_of(product: Product, deployment_id: str) -> str:
    return str(product.deployment(deployment_id)["status"])


def test_paused_it_stands_and_advanced_it_goes_on(serve: Serve) -> None:
    name = "verbs-forward"
    product = serve(name)

    with Traffic(product, name, TENANTS, at_once=2) as traffic:
        deployment_id = begun(product, name)
        step = product.waiting(deployment_id, 50)
        paused = [product.say(deployment_id, "pause", stepIndex=step["index"]), product.say(deployment_id, "pause")]
        refused = product.say(deployment_id, "advance")
        resumed = product.say(deployment_id, "resume")
        elsewhere = product.say(deployment_id, "advance", stepIndex=step["index"] + 2)
        advanced = product.say(deployment_id, "advance", stepIndex=step["index"])
        last = product.waiting(deployment_id, 100)
        assert product.say(deployment_id, "advance", stepIndex=last["index"]).status == 200
        ended = product.ended(deployment_id)

    assert [(answer.status, answer.body["status"]) for answer in paused] == [(200, "Paused")] * 2
    assert (refused.status, refused.body["code"]) == (409, "CONFLICT")
    assert "resume" in refused.body["fix"]
    assert (resumed.status, resumed.body["status"]) == (200, "InProgress")
    assert (elsewhere.status, advanced.status) == (412, 200)
    assert ended["status"] == "Completed"
    # Cut short is no pass.
    cut = [ended["plan"][index]["verdict"]["outcome"] for index in (step["index"], last["index"])]
    assert cut == ["inconclusive"] * 2
    assert traffic.failures == []
    assert traffic.moved_back("2.0.0") == []


def test_back_by_hand_holds_the_queue_until_somebody_resumes(serve: Serve) -> None:
    name = "verbs-held"
    product = serve(name)

    with Traffic(product, name, TENANTS, at_once=2) as traffic:
        first = begun(product, name)
        product.waiting(first, 50)
        queued = begun(product, name, onConflict="queue")
        rolled = product.say(first, "rollback")
        followed = traffic.follow()
        seen = {each.version for each in traffic.served if each.sent_at > followed}
        held = status_of(product, queued)
        resumed = product.say(first, "resume")
        product.waiting(queued, 50)
        promoted = product.say(queued, "promote")
        ended = product.ended(queued)
        traffic.follow()

    assert (rolled.status, rolled.body["status"]) == (200, "RolledBack")
    assert seen == {"1.0.0"}
    assert held == "Pending"
    assert (resumed.status, promoted.status) == (200, 200)
    assert ended["status"] == "Completed"
    assert traffic.failures == []


def test_completed_one_goes_back_to_a_version_that_is_kept_and_is_tried_again(serve: Serve) -> None:
    name = "verbs-back"
    product = serve(name)
    completed = product.deploy(name, "2.0.0")["deploymentId"]

    with Traffic(product, name, TENANTS, at_once=2) as traffic:
        returned = product.say(completed, "rollback", toVersion="1.0.0")
        followed = traffic.follow()
        seen = {each.version for each in traffic.served if each.sent_at > followed}
        tried = product.say(completed, "retry")
        ended = product.ended(completed)
        canary = begun(product, name, "1.0.0")
        product.waiting(canary, 50)
        aborted = product.say(canary, "abort")
        followed = traffic.follow()

    assert (returned.status, returned.body["status"]) == (200, "RolledBack")
    assert seen == {"1.0.0"}
    assert (tried.status, ended["status"]) == (200, "Completed")
    assert (aborted.status, aborted.body["status"]) == (200, "Aborted")
    assert {each.version for each in traffic.served if each.sent_at > followed} == {"2.0.0"}
    assert traffic.failures == []
    assert product.lease_holder(name) == ""


def test_execution_that_is_stopped_during_a_canary_takes_everybody_back_without_a_person(serve: Serve) -> None:
    name = "canary-cut-off"
    product = serve(name)

    with Traffic(product, name, TENANTS, at_once=2) as traffic:
        deployment_id = begun(product, name)
        product.waiting(deployment_id, 50)
        traffic.follow()
        product.stack.client("stepfunctions").stop_execution(
            executionArn=product.deployment(deployment_id)["executionArn"], cause="pulled"
        )
        ended = product.ended(deployment_id)
        followed = traffic.follow()

    assert (ended["status"], ended["candidatePercentage"]) == ("RolledBack", 0), ended["statusReason"]
    assert "2.0.0" in {each.version for each in traffic.served}
    assert {each.version for each in traffic.served if each.sent_at > followed} == {"1.0.0"}
    assert traffic.failures == []
    assert product.lease_holder(name) == ""


def test_of_fifty_that_ask_at_once_one_is_live(serve: Serve) -> None:
    name = "fifty-at-once"
    product = serve(name)

    # Ten of them at any time: each one more would start another API function on the two cores of a build machine.
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: product.begin(name, "2.0.0", **SLOW_CANARY), range(50)))

    assert sorted(answer.status for answer in answers) == [202] + [409] * 49
    (won,) = (answer.body["deploymentId"] for answer in answers if answer.status == 202)
    listed = product.ask("GET", f"/deployments?pluginId={name}&environment={ENVIRONMENT}").body["items"]
    assert [shown["status"] for shown in listed if shown["deploymentId"] != won] == ["Completed"]
    assert product.lease_holder(name) == won
    assert product.say(won, "abort").status == 200


def test_queue_keeps_its_order_and_a_superseding_one_ends_all_before_it(serve: Serve) -> None:
    name = "turns"
    product = serve(name)
    live = begun(product, name)
    product.waiting(live, 50)

    second, third = (begun(product, name, onConflict="queue") for _ in range(2))
    assert product.say(live, "abort").status == 200
    product.waiting(second, 50)
    assert status_of(product, third) == "Pending"
    latest = begun(product, name, onConflict="supersede")
    product.waiting(latest, 50)

    assert [status_of(product, one) for one in (live, second, third)] == ["Aborted", "Superseded", "Superseded"]
    assert product.lease_holder(name) == latest
    ends = [product.deployment(one)["endedAt"] for one in (second, third)]
    assert max(ends) <= product.deployment(latest)["startedAt"]
    assert product.say(latest, "abort").body["status"] == "Aborted"


def test_production_takes_what_came_from_below_and_two_people_want_and_nothing_that_a_token_says(serve: Serve) -> None:
    name = "to-production"
    product = serve(name)
    wishes = {"environment": "Production", **SLOW_CANARY}

    unproven = product.begin(name, "2.0.0", **wishes)
    assert (unproven.status, "Completed in" in unproven.body["detail"]) == (422, True), unproven.body
    deployment_id = begun(product, name, "1.0.0", environment="Production", strategy="Direct", canaryConfig=None)
    eventually(lambda: status_of(product, deployment_id) == "PendingApproval")
    token = eventually(lambda: token_of(product, deployment_id))

    # A success sent by hand: the machine reads the table again, and waits on with another token.
    product.stack.client("stepfunctions").send_task_success(taskToken=token, output='{"approved": true}')
    eventually(lambda: token_of(product, deployment_id) not in (None, token))
    assert status_of(product, deployment_id) == "PendingApproval"
    assert product.invoke(name, TENANTS[0], environment="Production").status == 404

    # Who asked for it has no say, nor has one person two.
    assert product.say(deployment_id, "approve").status == 403
    assert product.say(deployment_id, "approve", role="approver").body["status"] == "Pending"
    assert product.say(deployment_id, "approve", role="approver").status == 200
    assert status_of(product, deployment_id) == "PendingApproval"
    assert product.say(deployment_id, "approve", role="approver2").body["status"] == "Approved"

    ended = product.ended(deployment_id)
    assert ended["status"] == "Completed", ended["statusReason"]
    # Routers follow within two seconds.
    eventually(lambda: product.invoke(name, TENANTS[0], environment="Production").body.get("version") == "1.0.0")


def token_of(product: Product, deployment_id: str) -> str | None:
    """Read the task token that the machine waits for, as only the table has it."""
    found = product.stack.client("dynamodb").query(
        TableName="hotswap-deployments",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"approval#{deployment_id}"}},
        ConsistentRead=True,
    )["Items"]
    tokens = [json.loads(item["document"]["S"])["task_token"] for item in found]
    return tokens[0] if tokens else None
