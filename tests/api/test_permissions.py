"""Who may do what: each role against each route, as the one table says, and nothing beyond it."""

import re
from typing import Any

import pytest

from app import app
from chalicelib import bootstrap_limits
from chalicelib.api.authorizer import verify_token
from chalicelib.api.openapi import operations_of
from chalicelib.domain.authorization import PERMISSIONS, Role
from chalicelib.domain.credentials import MAX_PATH
from tests.api.gateway import INVOKE_PATH, Context, Gateway, _event_of
from tests.api.scenes import a_container, denials
from tests.fakes import FakeWorld
from tests.fakes.rate_limits import FakeRateLedger

OPERATIONS = {operation.contract.action: operation for operation in operations_of(app)}
OPEN = {"log_in", "refresh", "show_health", "show_openapi", "show_docs", "show_approval_page"}
USER_OF = {
    Role.ADMIN: "root",
    Role.DEVELOPER: "ana",
    Role.APPROVER: "ada",
    Role.TENANT_OWNER: "olga",
    Role.HOST: "hugo",
    Role.VIEWER: "vera",
}


def a_path_of(action: str) -> str:
    return OPERATIONS[action].path.format(
        plugin_id="some-plugin",
        version="1.0.0",
        deployment_id="dep_x",
        approval_id="apr_x",
        environment="QA",
        tenant_id="acme",
        name="apiKey",
        key_id="key_x",
    )


def test_every_route_but_the_open_ones_has_its_line_in_the_table() -> None:
    assert set(OPERATIONS) - OPEN == set(PERMISSIONS)


def test_every_route_but_the_open_ones_has_the_authorizer() -> None:
    open_ones = {
        operation.contract.action
        for operation in OPERATIONS.values()
        if app.routes[operation.path][operation.method].authorizer is not verify_token
    }

    assert open_ones == OPEN
    assert {action for action, operation in OPERATIONS.items() if operation.contract.is_open} == OPEN


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_past_the_door_exactly_where_the_table_says(
    world: FakeWorld, api: Gateway, action: str, role: Role
) -> None:
    answer = api.send(OPERATIONS[action].method, a_path_of(action), USER_OF[role])

    # Behind the door there is nothing yet: other refusals follow, but not this one.
    is_let_in = not (answer.status == 403 and answer.json["detail"].startswith("Your roles may not"))
    assert is_let_in is (role in PERMISSIONS[action])
    assert bool(denials(world)) is not is_let_in


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
def test_somebody_without_a_role_may_nothing(api: Gateway, action: str) -> None:
    answer = api.send(OPERATIONS[action].method, a_path_of(action), "nobody")

    assert (answer.status, answer.code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("action", sorted(PERMISSIONS))
@pytest.mark.usefixtures("world")
def test_a_request_that_no_authorizer_has_seen_is_refused(action: str) -> None:
    operation = OPERATIONS[action]
    forged = {"Authorization": "Bearer token-root", "x-username": "root", "X-Forwarded-User": "root"}
    named = re.findall(r"{(\w+)}", operation.path)
    parameters = dict.fromkeys(named, "some-plugin")
    event = _event_of(operation.method, a_path_of(action), operation.path, parameters, forged, None)

    answer: dict[str, Any] = app(event, Context())

    assert answer["statusCode"] == 401


#: What a route about a tenant takes, where it takes a body that it looks at before it looks at the tenant.
BODIES: dict[str, dict[str, Any]] = {
    "put_config": {"configuration": {}},
    "restore_config": {"revision": 1},
    "put_pin": {"version": "1.0.0", "reason": "mine"},
    "put_secret": {"value": "x"},
}
ABOUT_A_TENANT = sorted(name for name, each in OPERATIONS.items() if "{tenant_id}" in each.path)


@pytest.mark.parametrize("user, own, other", [("olga", "acme", "globex"), ("otto", "globex", "acme")])
@pytest.mark.parametrize("action", ABOUT_A_TENANT)
def test_an_owner_finds_nothing_of_another_tenant_on_any_route_and_no_body_changes_that(
    world: FakeWorld, api: Gateway, action: str, user: str, own: str, other: str
) -> None:
    for tenant in (own, other):
        assert api.post("/v1/tenants", {"id": tenant}, "root").status == 201
    operation = OPERATIONS[action]
    before = list(world.tables.actions)
    names = {"plugin_id": "some-plugin", "name": "apiKey"}

    refusals = [
        api.send(
            operation.method,
            operation.path.format(tenant_id=tenant, **names),
            user,
            body=BODIES.get(action),
            headers={"If-Match": "*"},
        )
        for tenant in (other, "nobody-at-all")
    ]

    assert {answer.status for answer in refusals} <= {403, 404}
    details = [answer.json["detail"].replace(other, "?").replace("nobody-at-all", "?") for answer in refusals]
    assert details[0] == details[1], "whether another tenant exists is not told"
    assert [each for each in world.tables.actions[len(before) :] if each != "DenyRequest"] == []


@pytest.mark.parametrize("named", ["globex", "nobody-at-all"])
@pytest.mark.parametrize("is_slim", [True, False])
def test_an_owner_names_no_other_tenant_in_a_body(world: FakeWorld, named: str, *, is_slim: bool) -> None:
    body = {"tenantId": named, "operation": "handle", "input": {}}

    answer = Gateway(is_invoke_slim=is_slim).post(INVOKE_PATH.format(plugin_id="some-plugin"), body, "olga")

    assert (answer.status, answer.json["detail"]) == (404, f"There is no tenant {named!r}.")
    assert world.functions.calls == []
    (denied,) = denials(world)
    assert (denied.actor, denied.reason, denied.tenant_id) == ("olga", "invoke_plugin", "acme")


def test_denied_invocations_fill_the_records_no_faster_than_any_route_that_writes(world: FakeWorld) -> None:
    gateway = Gateway()
    with bootstrap_limits.use(a_container(world.clock, FakeRateLedger())):
        answers = [gateway.post(INVOKE_PATH.format(plugin_id="some-plugin"), {}, "vera") for _ in range(12)]

    assert [answer.status for answer in answers] == [403] * 10 + [429] * 2
    assert len(denials(world)) == 10


def test_a_denied_invocation_is_on_record_however_long_its_path_is(world: FakeWorld) -> None:
    """A key of the table takes 2,048 bytes, so a longer path would have been an error in the place of the denial."""
    answer = Gateway().post(INVOKE_PATH.format(plugin_id="x" * 3_000), {}, "vera")

    assert answer.status == 403
    assert [len(each.resource) for each in denials(world)] == [MAX_PATH]


def test_invoking_is_the_same_behind_both_of_its_functions(world: FakeWorld) -> None:
    path = INVOKE_PATH.format(plugin_id="some-plugin")
    answers = [Gateway(is_invoke_slim=slim).post(path, {}, user) for slim in (True, False) for user in USER_OF.values()]

    statuses = [answer.status for answer in answers]
    assert statuses[: len(USER_OF)] == statuses[len(USER_OF) :]
    assert world.functions.calls == []


def test_a_denial_is_remembered_with_who_and_what(world: FakeWorld, api: Gateway) -> None:
    api.post("/v1/plugins", {"name": "some-plugin", "type": "Other"}, "vera")

    record = denials(world)[0]
    assert (record.actor, record.resource, record.reason) == ("vera", "v1/plugins", "register_plugin")
    assert record.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
