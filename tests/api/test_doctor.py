"""The doctor names what disagrees, why, and what heals it; it changes nothing."""

import json

import pytest

from chalicelib.domain.diagnoses import ExecutionState
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_ready_version, a_served_tenant
from tests.fakes import FakeWorld


@pytest.fixture
def served(world: FakeWorld, api: Gateway) -> Gateway:
    a_served_tenant(world, api)
    a_ready_version(world, api, "1.1.0")
    for route in list(world.ports.routes.everywhere()):
        world.functions.mirror(route)
    return api


def test_where_everything_agrees_it_says_how_much_it_has_looked_at(served: Gateway) -> None:
    answer = served.get("/v1/doctor", "root")

    assert answer.status == 200
    assert answer.json == {
        "isWell": True,
        "deployments": 0,
        "routes": 1,
        "aliases": 1,
        "aliasesLeft": 0,
        "diagnoses": [],
        "unknown": [],
    }


def test_it_names_a_deployment_whose_execution_is_dead_and_changes_nothing(world: FakeWorld, served: Gateway) -> None:
    body = {"pluginId": PLUGIN, "version": "1.1.0", "environment": "Development", "strategy": "Direct"}
    begun = served.post("/v1/deployments", body, "ana")
    assert begun.status == 202, begun.json
    world.executions.ended[f"{begun.json['deploymentId']}-1"] = ExecutionState.ABORTED
    records = len(world.tables.records)

    answer = served.get("/v1/doctor", "root")

    (found,) = answer.json["diagnoses"]
    assert (found["deploymentId"], found["environment"], found["cure"]) == (
        begun.json["deploymentId"],
        "Development",
        "roll back",
    )
    assert found["what"] == "it is Pending, but its execution is ABORTED"
    assert found["cause"] == "its execution was stopped"
    assert found["verb"] == f"hotswap deploy abort {begun.json['deploymentId']}"
    assert len(world.tables.records) == records


def test_it_names_an_alias_that_was_moved_by_hand(world: FakeWorld, served: Gateway) -> None:
    world.functions.functions[PLUGIN].aliases["development"] = "99"

    answer = served.get(f"/v1/doctor?pluginId={PLUGIN}", "root")

    (found,) = answer.json["diagnoses"]
    assert (found["cure"], found["deploymentId"]) == ("mend alias", None)
    assert "shows Lambda version 99" in found["what"]
    assert served.get("/v1/doctor?pluginId=another-plugin", "root").json["isWell"] is True


def test_what_can_not_be_asked_is_told_and_not_taken_for_well(world: FakeWorld, served: Gateway) -> None:
    body = {"pluginId": PLUGIN, "version": "1.1.0", "environment": "Development", "strategy": "Direct"}
    begun = served.post("/v1/deployments", body, "ana").json["deploymentId"]
    world.executions.is_down = True

    answer = served.get("/v1/doctor", "root")

    assert (answer.status, answer.json["isWell"]) == (200, False)
    assert [one["name"] for one in answer.json["unknown"]] == [begun]


@pytest.mark.parametrize("user", ["ana", "olga", "hugo"])
def test_only_an_admin_may_ask(served: Gateway, user: str) -> None:
    answer = served.get("/v1/doctor", user)

    assert answer.status == 403
    assert PLUGIN not in json.dumps(answer.json)


def test_what_can_be_no_plugin_is_refused(served: Gateway) -> None:
    assert served.get("/v1/doctor?pluginId=No%20Name", "root").status == 400
