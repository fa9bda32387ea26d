"""The verbs of a deployment over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.plans import Plan, StepStatus
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version
from tests.fakes import FakeWorld

DIRECT = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}
WHY = {"reason": "the vendor has an outage"}


@pytest.fixture
def live(world: FakeWorld, api: Gateway) -> str:
    """Begin a deployment and let its first step run."""
    a_plugin(api)
    a_ready_version(world, api)
    deployment_id: str = api.post("/v1/deployments", DIRECT).json["deploymentId"]
    deployment = world.tables.deployments[deployment_id]
    first = replace(deployment.plan.steps[0], status=StepStatus.RUNNING, started_at=deployment.created_at)
    store(
        world, replace(deployment, status=DeploymentStatus.IN_PROGRESS, plan=Plan((first, *deployment.plan.steps[1:])))
    )
    return deployment_id


def store(world: FakeWorld, deployment: Deployment) -> None:
    world.tables.deployments[deployment.id] = deployment


def test_a_deployment_is_paused_and_goes_on(world: FakeWorld, api: Gateway, live: str) -> None:
    paused = api.post(f"/v1/deployments/{live}/pause", WHY)
    resumed = api.post(f"/v1/deployments/{live}/resume", WHY)

    assert (paused.status, paused.json["status"]) == (200, "Paused")
    assert (resumed.status, resumed.json["status"]) == (200, "InProgress")
    told = [(record.action, record.actor, record.reason) for record in world.tables.records[-2:]]
    assert told == [("PauseDeployment", "ana", WHY["reason"]), ("ResumeDeployment", "ana", WHY["reason"])]


def test_an_aborted_one_ends_and_can_be_tried_again(world: FakeWorld, api: Gateway, live: str) -> None:
    aborted = api.post(f"/v1/deployments/{live}/abort", WHY)
    again = api.post(f"/v1/deployments/{live}/retry", WHY)

    assert aborted.json["status"] == "Aborted"
    assert again.json["status"] == "Pending"
    assert {f"{live}-1", f"{live}-2"} <= set(world.executions.started)


def test_what_is_not_possible_now_is_a_409_that_says_what_is(api: Gateway, live: str) -> None:
    refused = api.post(f"/v1/deployments/{live}/resume", {"reason": "x"})
    wrong = api.post(f"/v1/deployments/{live}/advance", WHY)

    assert refused.status == 200, "it goes on already"
    assert (wrong.status, wrong.code) == (409, "CONFLICT")
    assert wrong.json["fix"] == "Possible now: pause, promote, abort, rollback."


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x", "stepIndex": -1}, {"reason": "x", "force": True}])
def test_a_verb_without_a_reason_or_with_more_than_it_takes_is_a_400(
    api: Gateway, live: str, body: dict[str, Any]
) -> None:
    assert api.post(f"/v1/deployments/{live}/pause", body).status == 400


def test_a_verb_for_what_the_caller_has_not_seen_is_a_412(api: Gateway, live: str) -> None:
    etag = api.get(f"/v1/deployments/{live}").headers["ETag"]
    api.post(f"/v1/deployments/{live}/pause", WHY)

    stale = api.post(f"/v1/deployments/{live}/abort", WHY, headers={"If-Match": etag})
    other_step = api.post(f"/v1/deployments/{live}/abort", {**WHY, "stepIndex": 2})

    assert (stale.status, other_step.status) == (412, 412)
    assert api.get(f"/v1/deployments/{live}").json["status"] == "Paused"


@pytest.mark.parametrize("verb", ["pause", "resume", "advance", "promote", "abort", "rollback", "retry"])
def test_only_who_may_deploy_there_has_a_say(api: Gateway, live: str, verb: str) -> None:
    assert api.post(f"/v1/deployments/{live}/{verb}", WHY, "vera").status == 403
    assert api.post(f"/v1/deployments/{live}/{verb}", WHY, "ada").status == 403
    assert api.post(f"/v1/deployments/dep_01J00000000000000000000000/{verb}", WHY).status == 404


def test_a_developer_has_no_say_where_only_admins_deploy(world: FakeWorld, api: Gateway, live: str) -> None:
    store(world, replace(world.tables.deployments[live], environment="Production"))

    assert api.post(f"/v1/deployments/{live}/rollback", WHY, "ana").status == 403


def test_a_dry_run_of_a_verb_says_whether_it_could_be_and_changes_nothing(
    world: FakeWorld, api: Gateway, live: str
) -> None:
    answer = api.post(f"/v1/deployments/{live}/abort?validateOnly=true", WHY)

    assert answer.status == 200
    assert world.tables.deployments[live].status == "InProgress"


def test_a_deployment_tells_what_may_be_done_with_it(world: FakeWorld, api: Gateway, live: str) -> None:
    going_on = api.get(f"/v1/deployments/{live}").json["possibleVerbs"]
    world.tables.deployments[live] = replace(world.tables.deployments[live], last_known_good=None)
    api.post(f"/v1/deployments/{live}/rollback", WHY)

    assert going_on == ["pause", "promote", "abort", "rollback"]
    # It was rolled back by hand, so it holds what is queued until somebody resumes it.
    assert api.get(f"/v1/deployments/{live}").json["possibleVerbs"] == ["retry", "resume"]
    assert api.get("/v1/deployments").json["items"][0]["possibleVerbs"] == ["retry"]
