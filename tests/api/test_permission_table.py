"""The printed table of permissions, walked: every route as every role, with things of its own and of others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app import app
from chalicelib.api.openapi import operations_of
from chalicelib.api.permissions_page import page_of
from chalicelib.domain.authorization import Role
from chalicelib.domain.bounds import EVERYTHING, NO_TENANTS, NOTHING, OWN_PLUGINS, OWN_TENANT
from chalicelib.domain.ids import Environment
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import a_plugin
from tests.contracts.things import a_deployment
from tests.fakes import FakeWorld

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
ROW = re.compile(r"\| (?P<method>[A-Z]+) `(?P<path>[^`]+)` \| `(?P<action>\w+)` \| (?P<cells>.+) \|")
ROWS = {match["action"]: match for match in map(ROW.fullmatch, PAGE.read_text().splitlines()) if match}
OPERATIONS = {each.contract.action: each for each in operations_of(app) if not each.contract.is_open}
USER_OF = dict(zip(Role, ("root", "ana", "ada", "olga", "hugo", "vera"), strict=True))

#: Bodies that are good enough to get to the thing; without one, a route that looks at its body first is no proof.
REASON = {"reason": "to see who may"}
BODIES: dict[str, dict[str, Any]] = {
    "create_version": {"version": "9.0.0", "sha256": "ab" * 32, "size": 10},
    "put_config": {"configuration": {}},
    "restore_config": {"revision": 1},
    "put_pin": {"version": "1.0.0", **REASON},
    "put_secret": {"value": "x"},
    "deprecate_plugin": REASON,
    "create_deployment": {"pluginId": "anas-plugin", "version": "1.0.0", "strategy": "Direct"},
    "invoke_plugin": {"operation": "handle", "input": {}},
}
_SPEAKS_A_REASON = ("version", "deployment")


def body_of(action: str, tenant: str, environment: str) -> dict[str, Any] | None:
    if OPERATIONS[action].method == "GET":
        return None
    has_reason = action.endswith(_SPEAKS_A_REASON) and OPERATIONS[action].parameters
    body = dict(BODIES.get(action, REASON if has_reason and action != "finalize_version" else {}))
    if action == "invoke_plugin":
        body["tenantId"] = tenant
    if action in {"create_deployment", "mint_override"}:
        body["environment"] = environment
    return body


@pytest.fixture
def peopled(world: FakeWorld, api: Gateway) -> Gateway:
    """Let ana and bob have a plugin each, olga and otto a tenant, and every environment a deployment."""
    a_plugin(api, "anas-plugin", "ana")
    a_plugin(api, "bobs-plugin", "bob")
    for tenant in ("acme", "globex"):
        assert api.post("/v1/tenants", {"id": tenant}, "root").status == 201
    for number, environment in enumerate(Environment):
        made = a_deployment(number, environment=environment)
        world.tables.deployments[made.id] = made
    return api


def ask(api: Gateway, action: str, role: Role, *, whose: str, environment: str = "Development") -> str:
    """Try an action on a thing that is one's own, or another's, and say what came of it."""
    operation, is_own = OPERATIONS[action], whose == "own"
    tenant = "acme" if is_own else "globex"
    path = operation.path.format(
        plugin_id="anas-plugin" if is_own else "bobs-plugin",
        version="1.0.0",
        deployment_id=f"dep_{list(Environment).index(Environment(environment)):026d}",
        approval_id="apr_x",
        environment=environment,
        tenant_id=tenant,
        name="apiKey",
        key_id="key_x",
    )
    # Nothing is changed for whoever is let in; a deployment is refused later, since its version does not exist.
    is_dry = operation.contract.has_preview and action != "create_deployment"
    query = "?validateOnly=true" if is_dry else ""
    if action in {"list_audit", "export_audit"} and not is_own:
        query = f"?tenant={tenant}"
    body = body_of(action, tenant, environment)
    answer = api.send(operation.method, path + query, USER_OF[role], body=body, headers={"If-Match": "*"})
    return met_by(answer)


def met_by(answer: Answer) -> str:
    """Say at which of the doors somebody was turned away; "in" if at none of them."""
    told = answer.json["detail"] if answer.status in {403, 404} else ""
    if told.startswith("Your roles may not deploy to"):
        return "environment"
    if told.startswith("Your roles may not"):
        return "role"
    if told.endswith("belongs to another developer."):
        return "owner"
    return "tenant" if told == "There is no tenant 'globex'." else "in"


#: What is met with a thing of one's own, and with another's, for each word of the table.
MEETS = {
    NOTHING: ("role", "role"),
    EVERYTHING: ("in", "in"),
    OWN_PLUGINS: ("in", "owner"),
    OWN_TENANT: ("in", "tenant"),
    NO_TENANTS: ("in", "tenant"),
}


def test_the_printed_table_is_what_the_code_says() -> None:
    assert PAGE.read_text() == page_of(app), "run `make openapi`"


def test_every_route_that_needs_a_token_has_its_line() -> None:
    assert {name: (row["method"], "/v1" + row["path"]) for name, row in ROWS.items()} == {
        name: (operation.method, operation.path) for name, operation in OPERATIONS.items()
    }


@pytest.mark.parametrize("action", sorted(OPERATIONS))
def test_every_role_meets_what_the_table_says_with_its_own_and_with_others(peopled: Gateway, action: str) -> None:
    cells = dict(zip(Role, ROWS[action]["cells"].split(" | "), strict=True))

    met = {role: tuple(ask(peopled, action, role, whose=whose) for whose in ("own", "other")) for role in Role}

    assert met == {role: MEETS.get(cell, ("in", "in")) for role, cell in cells.items()}


BY_ENVIRONMENT = sorted(name for name, row in ROWS.items() if "Development" in row["cells"])


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("action", BY_ENVIRONMENT)
def test_a_role_that_is_bound_to_environments_is_turned_away_in_the_others(
    peopled: Gateway, action: str, environment: Environment
) -> None:
    cells = dict(zip(Role, ROWS[action]["cells"].split(" | "), strict=True))

    met = {role: ask(peopled, action, role, whose="own", environment=environment) for role in Role}

    expected = {
        role: "role" if cell == NOTHING else "in" if cell == EVERYTHING or environment in cell else "environment"
        for role, cell in cells.items()
    }
    assert met == expected


def test_the_table_bounds_some_actions_by_each_kind_of_thing() -> None:
    words = {word for row in ROWS.values() for word in row["cells"].split(" | ")}

    assert words == {*MEETS, "Development, QA"}
    assert len(BY_ENVIRONMENT) > 5
