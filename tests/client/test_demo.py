"""The show, played on the API in memory."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from hotswap.errors import ExitCode
from hotswap.scaffold import scaffold
from tests.client.conftest import Terminal
from tests.client.fake_stack import ABSENT

PLUGIN = "payment-processor-stripe"


@pytest.fixture
def theatre(terminal: Terminal) -> Terminal:
    """Give a checkout with three versions of the plugin: small ones, for the fake API runs nothing."""
    terminal.api.flawed = {("2.1.0", "Production")}
    for version in ("1.0.0", "2.0.0", "2.1.0"):
        folder = terminal.folder / "examples" / "plugins" / PLUGIN / version
        scaffold(PLUGIN, "PaymentGateway", folder)
        path = folder / "plugin.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "version": version}))
    return terminal


def test_the_demo_takes_two_tenants_from_1_to_2(theatre: Terminal) -> None:
    result = theatre.type("demo")

    assert result.exit_code == 0, result.stderr
    sent = [json.loads(each.content) for each in theatre.api.sent("POST", f"/plugins/{PLUGIN}/invoke")]
    assert [
        each["tenantId"] for each in sent if (each["operation"], each["environment"]) == ("charge", "Development")
    ] == ["acme", "globex"] * 2
    assert result.stdout.count("served by 1.0.0 (") == 2
    assert result.stdout.count("served by 2.0.0 (") == 2


def test_the_demo_shows_what_was_asked_what_came_back_and_how_it_ends(theatre: Terminal) -> None:
    out = theatre.type("demo").stdout

    assert "→ POST /deployments" in out
    assert "← 202" in out
    assert "└─✔ 3 shift" in out
    assert "after deploying 1.0.0" in out
    # A long path goes on in the next line.
    assert str(theatre.folder / ".hotswap" / "stack.json") in "".join(out.split())
    assert out.count("hotswap login --as host") == 1
    assert max(len(line) for line in out.splitlines()) <= 100


def test_the_demo_lets_each_person_do_their_own_part(theatre: Terminal) -> None:
    theatre.type("demo")

    def who(method: str, path: str) -> str:
        return theatre.api.sent(method, path)[0].headers["Authorization"].split("-")[1]

    assert who("POST", "/tenants") == "ada"
    assert who("POST", "/deployments") == "dev"
    assert who("POST", f"/plugins/{PLUGIN}/invoke") == "hosty"


def test_the_demo_gives_each_tenant_the_payment_network_and_its_own_key(theatre: Terminal) -> None:
    result = theatre.type("demo")

    configuration = theatre.api.installations["acme", PLUGIN]["configuration"]
    keys = set(theatre.api.secrets.values())
    assert configuration == {"apiBase": "http://127.0.0.1:8420"}
    assert len(keys) == 5, "each tenant has its own"
    assert not any(key in result.output for key in keys)


def test_the_demo_may_be_played_twice(theatre: Terminal) -> None:
    theatre.type("demo")

    result = theatre.type("demo")

    assert result.exit_code == 0, result.stderr
    assert "is here from an earlier run" in result.stdout
    assert "is Ready since an earlier run" in result.stdout


def test_the_demo_goes_on_with_a_version_that_was_published_from_other_bytes(theatre: Terminal) -> None:
    theatre.type("demo")
    source = theatre.folder / "examples" / "plugins" / PLUGIN / "1.0.0" / "payment_processor_stripe.py"
    source.write_text(source.read_text() + "\n# changed\n")

    result = theatre.type("demo")

    assert result.exit_code == 0, result.stderr
    assert "published from other bytes" in result.stdout


def test_the_demo_starts_the_stack_when_it_does_not_run(theatre: Terminal) -> None:
    theatre.stack.state = ABSENT

    result = theatre.type("demo")

    assert result.exit_code == 0
    assert theatre.stack.calls == [("up", ("ministack", False))]


def test_a_failing_act_says_which_one_it_was_and_how_to_fix_it(theatre: Terminal) -> None:
    refusal = httpx.Response(502, json={"detail": "The card was declined.", "code": "PLUGIN_FAILED"})
    theatre.api.script("POST", f"/plugins/{PLUGIN}/invoke", refusal)

    result = theatre.type("demo")

    assert result.exit_code == ExitCode.FAILED
    assert "Charge a card for each tenant) failed. The card was declined." in " ".join(result.stderr.split())
    assert "fix:" in result.stderr
    assert "502" in result.stdout


def test_a_deployment_that_fails_stops_the_demo_with_its_reason(theatre: Terminal) -> None:
    theatre.api.deployment_status = "Failed"

    result = theatre.type("demo")

    assert result.exit_code == ExitCode.FAILED
    assert "the health check failed" in result.stderr


def test_a_rejected_version_stops_the_demo(theatre: Terminal) -> None:
    theatre.api.intake_status = "Rejected"

    result = theatre.type("demo")

    assert f"hotswap version show {PLUGIN} 1.0.0" in result.stderr


def test_a_tenant_that_cannot_be_added_stops_the_demo(theatre: Terminal) -> None:
    theatre.api.script("POST", "/tenants", httpx.Response(403, json={"detail": "Not you.", "code": "FORBIDDEN"}))

    assert theatre.type("demo").exit_code == ExitCode.NOT_ALLOWED


def test_being_served_by_another_version_than_the_deployed_one_stops_the_demo(theatre: Terminal) -> None:
    for version in ("1.0.0", "9.9.9"):
        answer = {"result": {"status": "succeeded"}, "version": version, "reason": "pin"}
        theatre.api.script("POST", f"/plugins/{PLUGIN}/invoke", httpx.Response(200, json=answer))

    result = theatre.type("demo")

    assert "acme was served by 9.9.9, not by 1.0.0" in result.stderr


def test_the_demo_waits_until_the_routers_follow_without_charging_anybody(theatre: Terminal) -> None:
    stale = {"result": {}, "version": "0.9.0", "reason": "stable"}
    theatre.api.script("POST", f"/plugins/{PLUGIN}/invoke", httpx.Response(200, json=stale))

    result = theatre.type("demo")

    operations = [
        json.loads(each.content)["operation"] for each in theatre.api.sent("POST", f"/plugins/{PLUGIN}/invoke")
    ]
    assert result.exit_code == 0
    assert operations[:4] == ["ping", "ping", "charge", "charge"]


def test_routers_that_never_follow_stop_the_demo(theatre: Terminal) -> None:
    stale = {"result": {}, "version": "0.9.0", "reason": "stable"}
    for _ in range(20):
        theatre.api.script("POST", f"/plugins/{PLUGIN}/invoke", httpx.Response(200, json=stale))

    result = theatre.type("demo")

    assert result.exit_code == ExitCode.TIMED_OUT
    assert "The change to 1.0.0 is still going on." in result.stderr


def test_the_demo_is_for_people(theatre: Terminal) -> None:
    assert theatre.type("--json", "demo").exit_code == ExitCode.USAGE


def test_the_demo_needs_the_examples_of_a_checkout(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal.type("demo")

    assert "example plugins are not here" in result.stderr


def _answer_to_a_release(theatre: Terminal) -> list[tuple[str, str, str]]:
    sent = [json.loads(each.content) for each in theatre.api.sent("POST", "/deployments")]
    return [(each["version"], each["environment"], each["strategy"]) for each in sent]


def test_the_demo_takes_versions_to_production_and_one_back(theatre: Terminal) -> None:
    result = theatre.type("demo")

    assert _answer_to_a_release(theatre)[2:] == [
        ("1.0.0", "Production", "Direct"),
        ("2.0.0", "Production", "Canary"),
        ("2.1.0", "QA", "Direct"),
        ("2.1.0", "Production", "Canary"),
    ]
    assert "2.1.0 in Production is RolledBack: the health check failed" in " ".join(result.stdout.split())
    assert "Every tenant is served by 2.0.0 again." in result.stdout


def test_every_tenant_charges_each_kind_of_card_while_a_version_is_tried(theatre: Terminal) -> None:
    theatre.type("demo")

    sent = [json.loads(each.content) for each in theatre.api.sent("POST", f"/plugins/{PLUGIN}/invoke")]
    tried = [each for each in sent if (each["operation"], each["environment"]) == ("charge", "Production")]
    assert {each["tenantId"] for each in tried} == {"acme", "globex", "customer-3", "customer-4", "customer-5"}
    assert {each["input"]["card"]["number"] for each in tried} == {"4242424242424242", "4000002500003155"}


def test_a_flawed_version_that_is_not_taken_back_stops_the_demo(theatre: Terminal) -> None:
    theatre.api.flawed = set()

    result = theatre.type("demo")

    assert result.exit_code == ExitCode.FAILED
    assert "ended as Completed, not RolledBack" in " ".join(result.stderr.split())
    assert "hotswap deploy why" in result.stderr


def test_people_agree_one_after_the_other_as_many_as_are_asked(theatre: Terminal) -> None:
    first, third = f"dep_{1:026}", f"dep_{3:026}"
    theatre.api.approvals = [
        {"approvalId": "apr_1", "deploymentId": third, "decisions": [], "status": "Pending", "agreed": 1, "needed": 2}
    ]
    asked = {
        "deploymentId": third,
        "status": "PendingApproval",
        "plan": [{"index": 0, "kind": "approve", "detail": "2 people", "status": "Running"}],
        "approvals": theatre.api.approvals,
    }
    theatre.api.script("GET", f"/deployments/{third}", httpx.Response(200, json=asked))

    result = theatre.type("demo")

    def who(deployment: str) -> list[str]:
        sent = theatre.api.sent("POST", f"/deployments/{deployment}/approve")
        return [each.headers["Authorization"].split("-")[1] for each in sent]

    assert result.exit_code == 0, result.stderr
    assert who(third) == ["app", "appy"]
    assert who(first) == []
