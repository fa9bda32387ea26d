"""Deprecate, yank and block over HTTP: who may, what it does to serving, and that nothing serves a blocked version."""

from typing import Any

import pytest

from chalicelib.domain.errors import StaleRevisionError, TransientError
from chalicelib.domain.routes import Route, Target
from chalicelib.services.retirements import finish_blocks
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import PLUGIN, SHA256, a_draft, a_plugin, a_ready_version, a_tenant, an_installation
from tests.fakes import FakeWorld

VERSION = f"/v1/plugins/{PLUGIN}/versions/2.0.0"
INVOKE = f"/v1/plugins/{PLUGIN}/invoke"
BODY = {"tenantId": "acme", "operation": "charge", "input": {}}
WHY = {"reason": "charges twice"}
BLUE, GREEN = (Target(f"{n}.0.0", f"v{n}-0-0", str(n), SHA256) for n in (1, 2))


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    """Let 2.0.0 serve acme in Development and Production, where 1.0.0 was before; both are Ready."""
    a_plugin(api)
    a_tenant(api)
    an_installation(api)
    for target in (BLUE, GREEN):
        a_ready_version(world, api, target.version)
        world.functions.respond(PLUGIN, target.alias, {"ok": True, "result": {}, "version": target.version})
    for environment in ("Development", "Production"):
        route = Route(PLUGIN, environment, "salt", stable=GREEN, previous=BLUE, epoch=1, fence=1)
        world.tables.routes[PLUGIN, environment] = route
        world.functions.mirror(route)
    return api


def say(api: Gateway, verb: str, as_: str = "ana", query: str = "", **body: Any) -> Answer:
    return api.post(f"{VERSION}/{verb}{query}", body or WHY, as_)


def pin_to(api: Gateway, tenant: str, number: str = "2.0.0") -> Answer:
    wish = {"version": number, "reason": "audit", "environment": "Development"}
    return api.put(f"/v1/tenants/{tenant}/plugins/{PLUGIN}/pin", wish, "root", headers={"If-Match": "*"})


def invoked(api: Gateway, environment: str, **headers: str) -> Answer:
    return api.post(INVOKE, {**BODY, "environment": environment}, "hugo", headers=headers)


def serving(api: Gateway, environment: str = "Development") -> tuple[int, str | None]:
    answer = invoked(api, environment)
    return answer.status, answer.headers.get("X-HotSwap-Version")


@pytest.mark.parametrize(
    "verb, status, field",
    [("deprecate", "Deprecated", "deprecated"), ("yank", "Yanked", "yanked"), ("block", "Blocked", "blocked")],
)
def test_what_was_said_is_shown_wherever_the_version_is(served: Gateway, verb: str, status: str, field: str) -> None:
    answer = say(served, verb)

    notice = {"reason": "charges twice", "by": "ana", "at": "2026-11-22T15:00:00.000Z"}
    listed = served.get(f"/v1/plugins/{PLUGIN}/versions").json["items"][0]
    for shown in (answer.json, served.get(VERSION).json, listed):
        assert (shown["status"], shown[field]) == (status, notice)
    assert answer.status == 200


@pytest.mark.parametrize("verb", ["deprecate", "yank", "block"])
def test_the_same_again_is_the_same_answer_and_one_record(world: FakeWorld, served: Gateway, verb: str) -> None:
    first = say(served, verb)
    second = say(served, verb, reason="another reason")

    assert (second.status, second.json) == (200, first.json)
    assert world.tables.actions.count(f"{verb.capitalize()}Version") == 1


@pytest.mark.parametrize("verb", ["deprecate", "yank", "unyank", "block"])
def test_only_the_owner_and_an_admin_may(served: Gateway, verb: str) -> None:
    assert {say(served, verb, as_).status for as_ in ("bob", "ada", "olga", "hugo", "vera")} == {403}
    assert [say(served, verb, as_).status for as_ in ("ana", "root")] == [200, 200]


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": 7}, {"reason": "x", "force": True}])
def test_a_reason_is_asked_for_and_nothing_else_taken(served: Gateway, body: dict[str, Any]) -> None:
    assert served.post(f"{VERSION}/block", body).status == 400


@pytest.mark.parametrize("verb", ["deprecate", "yank", "block"])
def test_a_dry_run_shows_it_and_changes_nothing(world: FakeWorld, served: Gateway, verb: str) -> None:
    before = dict(world.tables.routes)

    answer = say(served, verb, query="?validateOnly=true")

    assert (answer.status, answer.json[f"{verb}d" if verb == "deprecate" else f"{verb}ed"]["by"]) == (200, "ana")
    assert served.get(VERSION).json["status"] == "Ready"
    assert world.tables.routes == before


def test_a_draft_and_what_there_is_not_can_not_be_retired(served: Gateway) -> None:
    a_draft(served, "3.0.0")

    for number, status in (("3.0.0", 409), ("9.9.9", 404)):
        assert served.post(f"/v1/plugins/{PLUGIN}/versions/{number}/block", WHY).status == status


def test_deprecating_lists_the_pinned_tenants_and_everything_goes_on(world: FakeWorld, served: Gateway) -> None:
    a_tenant(served, "globex")
    an_installation(served, "globex")
    for tenant in ("globex", "acme"):
        assert pin_to(served, tenant).status == 200

    answer = say(served, "deprecate")

    assert (answer.json["pinnedTenants"], answer.json["tenants"]) == (2, ["acme", "globex"])
    assert world.tables.records[-1].after == {"status": "Deprecated", "pinnedTenants": 2}
    assert serving(served) == (200, "2.0.0")
    assert pin_to(served, "acme").status == 200


def test_a_yanked_version_goes_on_where_it_is_and_comes_nowhere_else(served: Gateway) -> None:
    pin_to(served, "acme")

    say(served, "yank")

    assert serving(served) == serving(served, "Production") == (200, "2.0.0")
    deployment = {"pluginId": PLUGIN, "version": "2.0.0", "environment": "Development"}
    refusals = [
        pin_to(served, "acme"),
        served.post("/v1/deployments", deployment),
        served.post(f"{VERSION}/override", {"environment": "Development"}),
    ]
    for refused in refusals:
        assert refused.status == 422
        assert "is Yanked, not Ready: charges twice" in refused.json["detail"]
        assert "unyank" in refused.json["fix"]
    assert say(served, "unyank").json["status"] == "Ready"
    assert pin_to(served, "acme").status == 200


def test_a_blocked_version_serves_nobody_any_more_whichever_way_it_served(world: FakeWorld, served: Gateway) -> None:
    pin_to(served, "acme")
    token = served.post(f"{VERSION}/override", {"environment": "Production"}, "root").json["token"]
    assert [serving(served, each)[1] for each in ("Development", "Production")] == ["2.0.0", "2.0.0"]

    say(served, "block")

    assert [serving(served, each) for each in ("Development", "Production")] == [(200, "1.0.0")] * 2
    overridden = invoked(served, "Production", **{"X-HotSwap-Override": token})
    assert (overridden.status, "is blocked" in overridden.json["detail"]) == (403, True)
    assert world.functions.functions[PLUGIN].aliases["production"] == "1"
    why = served.get(f"/v1/tenants/acme/plugins/{PLUGIN}/effective?environment=Development", "olga").json
    assert "holds no more: that version is blocked" in str(why["rules"])


def test_an_override_of_a_blocked_version_opens_nothing_where_nothing_was_ever_deployed(served: Gateway) -> None:
    token = served.post(f"{VERSION}/override", {"environment": "QA"}, "root").json["token"]

    say(served, "block")

    assert invoked(served, "QA", **{"X-HotSwap-Override": token}).status == 403


def test_nobody_serves_when_nothing_good_is_left_and_it_is_said(served: Gateway) -> None:
    served.post(f"/v1/plugins/{PLUGIN}/versions/1.0.0/block", WHY)
    say(served, "block")

    answer = invoked(served, "Development")

    assert answer.status == 404
    assert "1.0.0, 2.0.0 is blocked" in answer.json["detail"]


def test_a_yanked_version_does_not_take_over(served: Gateway) -> None:
    served.post(f"/v1/plugins/{PLUGIN}/versions/1.0.0/yank", WHY)

    say(served, "block")

    assert serving(served)[0] == 404


def test_what_took_over_is_told(world: FakeWorld, served: Gateway) -> None:
    say(served, "block")

    took_over = {"from": "2.0.0", "to": "1.0.0"}
    assert world.tables.records[-1].after["routes"] == {"Development": took_over, "Production": took_over}


def test_a_deployment_that_moves_a_route_meanwhile_only_makes_it_try_again(world: FakeWorld, served: Gateway) -> None:
    world.tables.fail_next(StaleRevisionError("Somebody else wrote the route in between."))

    assert say(served, "block").status == 200
    assert serving(served) == (200, "1.0.0")


def test_aliases_that_lambda_would_not_move_follow_by_the_clock(world: FakeWorld, served: Gateway) -> None:
    world.functions.fail_next("mirror", TransientError("Lambda throttles."))
    function = world.functions.functions[PLUGIN]
    function.aliases |= {"v1-0-0": "1", "v2-0-0": "2"}
    assert say(served, "block").status == 200
    function.aliases["production"] = "2"

    world.clock.advance(seconds=5)
    early = finish_blocks(world.ports)
    names_before = set(function.aliases)
    world.clock.advance(seconds=60)
    late = finish_blocks(world.ports)

    assert (early.finished, late.finished, finish_blocks(world.ports).finished) == ((), (f"{PLUGIN}/2.0.0",), ())
    assert (function.aliases["development"], function.aliases["production"]) == ("1", "1")
    assert ("v2-0-0" in names_before, "v2-0-0" in function.aliases, "v1-0-0" in function.aliases) == (True, False, True)


def test_a_block_that_can_not_be_finished_holds_up_no_other_and_is_told(world: FakeWorld, served: Gateway) -> None:
    for number in ("1.0.0", "2.0.0"):
        served.post(f"/v1/plugins/{PLUGIN}/versions/{number}/block", WHY)
    world.clock.advance(seconds=60)
    world.functions.fail_next("remove_version_alias", TransientError("Lambda throttles."))

    swept = finish_blocks(world.ports)

    assert swept.failed == ((f"{PLUGIN}/1.0.0", "TransientError: Lambda throttles."),)
    assert swept.finished == (f"{PLUGIN}/2.0.0",)
    assert finish_blocks(world.ports).finished == (f"{PLUGIN}/1.0.0",)
