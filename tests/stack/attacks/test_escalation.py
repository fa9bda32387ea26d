"""More than one's role: by fields that nobody asked for, by agreeing with oneself, by being faster than the check."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stack.attacks.conftest import ATTACKED, MINE, Person, recorded
from tests.stack.product import Product
from tests.stack.running_stack import eventually

EXTRAS = (
    {"owner": "viewer"},
    {"role": "Admin"},
    {"roles": ["Admin"]},
    {"status": "Active"},
    {"tenantId": "globex"},
    {"initiatedBy": "somebody"},
    {"__proto__": {"isAdmin": True}},
    {"isAdmin": True},
)


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: next(iter(extra)))
def test_a_field_that_nobody_asked_for_is_refused_and_not_assigned(attacked: Product, extra: dict[str, object]) -> None:
    for method, path, body in (
        ("POST", "/plugins", {"name": "mass-assigned", "type": "Other"}),
        ("PATCH", f"/tenants/{MINE}", {"name": "Acme"}),
        ("POST", "/keys", {"name": "a program"}),
    ):
        if set(extra) <= {"status"} and method == "PATCH":
            continue
        refused = attacked.ask(method, path, {**body, **extra})
        assert (refused.status, refused.body["code"]) == (400, "VALIDATION_ERROR"), (path, refused.body)
    assert attacked.ask("GET", "/plugins/mass-assigned").status == 404


def test_an_owner_changes_nothing_of_its_tenant_that_decides_what_it_pays(
    attacked: Product, make_person: Callable[..., Person]
) -> None:
    person = make_person("TenantOwner", tenant=MINE)

    for change in ({"tier": "Enterprise"}, {"ring": "internal"}, {"status": "Active"}):
        answer = attacked.stack.request("PATCH", f"/v1/tenants/{MINE}", token=person.token, body=change)
        assert (answer.status, answer.body["code"]) == (403, "FORBIDDEN")
    assert len(recorded(attacked, person.username, 3)) == 3


def test_nobody_agrees_to_what_they_asked_for_and_one_approver_counts_once_in_a_race(
    attacked: Product, make_person: Callable[..., Person]
) -> None:
    asker = make_person("Admin")
    wish = {"pluginId": ATTACKED, "version": "1.0.0", "environment": "QA", "strategy": "Direct"}
    begun = attacked.stack.request("POST", "/v1/deployments", token=asker.token, body=wish)
    assert begun.status == 202, begun.body
    deployment = begun.body["deploymentId"]
    path = f"/v1/deployments/{deployment}/approve"
    eventually(lambda: attacked.deployment(deployment)["status"] == "PendingApproval")

    own = [attacked.stack.request("POST", path, token=asker.token, body={"reason": "mine"}) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        raced = list(pool.map(lambda _: attacked.say(deployment, "approve", role="approver"), range(8)))

    assert {answer.status for answer in own} == {403}
    assert {answer.status for answer in raced} <= {200, 409}
    assert any(answer.status == 200 for answer in raced)
    assert attacked.ended(deployment)["status"] == "Completed"
    (approval,) = attacked.deployment(deployment)["approvals"]
    assert [each["by"] for each in approval["decisions"]] == ["approver"]
    assert len(recorded(attacked, asker.username, 2)) == 2


def test_who_may_not_deploy_there_does_not_by_any_spelling(attacked: Product) -> None:
    for environment in ("Production", "Staging"):
        wish = {"pluginId": ATTACKED, "version": "1.0.0", "environment": environment}
        assert attacked.ask("POST", "/deployments", wish, role="developer").status == 403
    for environment in ("production", "PRODUCTION", "Production ", "Pröduction", "Development\u0000"):
        wish = {"pluginId": ATTACKED, "version": "1.0.0", "environment": environment}
        assert attacked.ask("POST", "/deployments", wish, role="developer").status == 400
