"""The approval page as people meet it: with a login, by keyboard, on a telephone, and no further than the API lets."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PLUGIN, Asking, Visit
from tests.stack.product import Product

CANARY = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [10, 50, 100], "evaluationPeriod": "PT10M"},
}


@pytest.fixture(scope="module")
def production(asking: Asking) -> dict[str, Any]:
    """Ask for an approval that two people must give, and nobody does."""
    return asking.ask("Production", role="admin", **CANARY)


def test_before_the_login_nothing_is_told_and_a_wrong_password_opens_nothing(
    visit: Visit, production: dict[str, Any]
) -> None:
    visit.open(production["approvalId"])
    expect(visit.page.get_by_role("heading", name="Somebody needs your approval")).to_be_visible()
    visit.look("login")

    visit.log_in("approver", password="not the password")

    expect(visit.page.get_by_role("alert").first).not_to_be_empty()
    expect(visit.page.locator("#decision")).to_be_hidden()
    expect(visit.page.get_by_label("User name")).to_be_focused()
    assert PLUGIN not in visit.page.content()


def test_people_see_version_package_plan_and_who_moves_before_they_decide(
    visit: Visit, production: dict[str, Any], product: Product
) -> None:
    visit.open(production["approvalId"])
    visit.log_in("approver")

    expect(visit.page.get_by_role("heading", name=f"{PLUGIN} 2.0.0 to Production")).to_be_focused()
    told = visit.page.locator("main")
    for text in ("New fees from December", "10 % of tenants", "of 3 tenants", "watch for 10 min, then judge"):
        expect(told).to_contain_text(text)
    expect(told).to_contain_text(product.version(PLUGIN, "2.0.0")["sha256"])
    expect(told).to_contain_text(production["binding"])
    expect(told).to_contain_text("0 of 2 needed approvals")
    visit.look("decision")


@pytest.mark.dark
def test_it_is_as_readable_in_the_dark(visit: Visit, production: dict[str, Any]) -> None:
    visit.open(production["approvalId"])
    visit.log_in("approver")
    expect(visit.page.locator("#decision")).to_be_visible()
    visit.look("decision-dark")

    ink, ground = visit.page.evaluate(
        "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )

    assert _lightness(ink) - _lightness(ground) > 150


@pytest.mark.parametrize("width", [360])
def test_on_a_telephone_nothing_is_cut_off(visit: Visit, production: dict[str, Any], width: int) -> None:
    visit.open(production["approvalId"])
    visit.look("login-narrow")
    visit.log_in("approver")
    expect(visit.page.get_by_role("button", name="Approve")).to_be_visible()
    visit.look("decision-narrow")

    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("Approve", "Reject"):
        box = visit.page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert box["height"] >= 40


def test_somebody_without_a_mouse_logs_in_and_approves(visit: Visit, asking: Asking, product: Product) -> None:
    asked = asking.ask("QA")
    user = visit.stack.info.users["approver"]
    keys = visit.page.keyboard
    visit.open(asked["approvalId"])

    expect(visit.page.get_by_label("User name")).to_be_focused()
    keys.type(user["username"])
    keys.press("Tab")
    keys.type(user["password"])
    keys.press("Enter")
    expect(visit.page.locator("#title")).to_be_focused()
    keys.press("Tab")
    expect(visit.page.get_by_label("Reason")).to_be_focused()
    keys.type("read it, fine")
    keys.press("Tab")
    keys.press("Enter")

    expect(visit.page.get_by_role("status")).to_have_text("You approved it.")
    expect(visit.page.locator("#status")).to_have_text("Approved")
    expect(visit.page.get_by_role("button", name="Approve")).to_be_hidden()
    visit.look("approved")
    (decision,) = product.ask("GET", f"/approvals/{asked['approvalId']}").body["decisions"]
    assert (decision["by"], decision["decision"], decision["reason"]) == (user["username"], "approve", "read it, fine")


def test_a_rejection_asks_why_and_ends_the_deployment(visit: Visit, asking: Asking, product: Product) -> None:
    asked = asking.ask("Staging", role="admin")
    visit.open(asked["approvalId"])
    visit.log_in("approver")

    visit.page.get_by_role("button", name="Reject").click()
    expect(visit.page.locator("#decide-error")).to_have_text("Say why: whoever asked reads it.")
    visit.page.get_by_label("Reason").fill("not before Monday")
    visit.page.get_by_role("button", name="Reject").click()

    expect(visit.page.locator("#status")).to_have_text("Rejected")
    expect(visit.page.locator("main")).to_contain_text("rejected: not before Monday")
    assert product.ended(asked["deploymentId"])["status"] == "Rejected"


def test_what_somebody_else_decided_meanwhile_is_told_and_decided_no_more(
    visit: Visit, asking: Asking, product: Product
) -> None:
    asked = asking.ask("Staging", role="admin")
    visit.open(asked["approvalId"])
    visit.log_in("approver")
    expect(visit.page.get_by_role("button", name="Approve")).to_be_visible()
    said = product.ask("POST", f"/approvals/{asked['approvalId']}/reject", {"reason": "no"}, role="approver2")
    assert said.status == 200

    visit.page.get_by_role("button", name="Approve").click()

    expect(visit.page.locator("#status")).to_have_text("Rejected")
    expect(visit.page.get_by_role("status")).to_have_text(
        f"That came too late: {asked['approvalId']} is Rejected already."
    )
    expect(visit.page.get_by_role("button", name="Approve")).to_be_hidden()
    visit.look("decided-meanwhile")


def test_whose_time_has_run_out_is_told_so(visit: Visit, asking: Asking, product: Product) -> None:
    asked = asking.ask("Staging", role="admin")
    expire(product, asked)
    visit.open(asked["approvalId"])
    visit.log_in("approver")

    expect(visit.page.locator("#status")).to_have_text("Expired")
    expect(visit.page.locator("#left")).to_contain_text("expired at")
    visit.look("expired")
    assert visit.page.get_by_role("button", name="Approve").is_hidden()


def test_the_requester_is_told_that_somebody_else_decides(visit: Visit, production: dict[str, Any]) -> None:
    visit.open(production["approvalId"])
    visit.log_in("admin")

    expect(visit.page.locator("#barred")).to_contain_text("Somebody else decides")
    expect(visit.page.get_by_role("button", name="Approve")).to_be_hidden()
    visit.look("requester")


def test_who_has_no_role_for_it_sees_nothing_of_it(visit: Visit, production: dict[str, Any]) -> None:
    visit.open(production["approvalId"])
    visit.log_in("viewer")

    expect(visit.page.get_by_role("alert").first).to_contain_text("Ask for one of: Admin, Approver")
    expect(visit.page.locator("#decision")).to_be_hidden()
    assert PLUGIN not in visit.page.content()


def test_who_logs_out_leaves_nothing_on_the_page(visit: Visit, production: dict[str, Any]) -> None:
    visit.open(production["approvalId"])
    visit.log_in("approver")
    expect(visit.page.locator("#decision")).to_be_visible()

    visit.page.get_by_role("button", name="Log out").click()

    expect(visit.page.get_by_label("Password")).to_have_value("")
    expect(visit.page.locator("#decision")).to_be_hidden()
    assert PLUGIN not in visit.page.content()
    assert visit.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def expire(product: Product, approval: dict[str, Any]) -> None:
    """Let the time of an approval have run out, as no test waits for it: its end is moved, and nothing else."""
    key = {"pk": {"S": f"approval#{approval['deploymentId']}"}, "sk": {"S": approval["approvalId"]}}
    table = product.stack.client("dynamodb")
    item = table.get_item(TableName="hotswap-deployments", Key=key)["Item"]
    document = item["document"]["S"].replace(approval["expiresAt"], "2026-01-01T00:00:00.000Z")
    assert document != item["document"]["S"]
    table.update_item(
        TableName="hotswap-deployments",
        Key=key,
        UpdateExpression="SET document = :document",
        ExpressionAttributeValues={":document": {"S": document}},
    )


def _lightness(color: str) -> float:
    """Say how light a CSS ``rgb(…)`` is, 0 to 255."""
    red, green, blue = (int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(","))
    return 0.3 * red + 0.6 * green + 0.1 * blue
