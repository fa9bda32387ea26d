"""Verdicts over HTTP: all of them, newest first, in pages whose cursors open nothing else."""

from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.verdicts import Outcome, Verdict, combine
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN, a_plugin, a_ready_version
from tests.fakes import FakeWorld

DIRECT = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}


def a_judged_deployment(world: FakeWorld, api: Gateway, looks: int) -> str:
    a_plugin(api)
    a_ready_version(world, api)
    asked: str = api.post("/v1/deployments", DIRECT).json["deploymentId"]
    deployment = world.tables.deployments[asked]
    for second in range(looks):
        proof = Verdict(Outcome.FAIL, "5 of 9 requests failed", "obvious", unit="share", n=9, value=5 / 9, low=0.2)
        verdict = combine([proof, Verdict(Outcome.PASS, "no health check failed", "consecutive health checks")])
        at = f"2026-11-22T15:00:{second:02d}.000Z"
        world.ports.verdicts.append(GivenVerdict.on(deployment, 0, verdict, at, Consequence.ROLLBACK))
    return asked


def test_verdicts_are_listed_with_all_that_they_rest_on(world: FakeWorld, api: Gateway) -> None:
    asked = a_judged_deployment(world, api, 1)

    (one,) = api.get(f"/v1/deployments/{asked}/verdicts", "vera").json["items"]

    assert {**one, "verdict": None} == {
        "at": "2026-11-22T15:00:00.000Z",
        "attempt": 1,
        "stepIndex": 0,
        "stepKind": "warm",
        "consequence": "rollback",
        "verdict": None,
    }
    assert one["verdict"]["rule"] == "obvious"
    assert (one["verdict"]["n"], one["verdict"]["low"], one["verdict"]["high"]) == (9, 0.2, None)
    assert [signal["rule"] for signal in one["verdict"]["signals"]] == ["obvious", "consecutive health checks"]


def test_pages_follow_each_other_and_a_cursor_opens_no_other_deployment(world: FakeWorld, api: Gateway) -> None:
    asked = a_judged_deployment(world, api, 3)

    first = api.get(f"/v1/deployments/{asked}/verdicts?limit=2").json
    second = api.get(f"/v1/deployments/{asked}/verdicts?limit=2&cursor={first['nextCursor']}").json
    other = api.get(f"/v1/deployments?limit=2&cursor={first['nextCursor']}")

    assert [one["at"][17:19] for one in (*first["items"], *second["items"])] == ["02", "01", "00"]
    assert (first["hasMore"], second["hasMore"], other.status) == (True, False, 400)


def test_there_are_none_of_a_deployment_that_is_not(api: Gateway) -> None:
    assert api.get("/v1/deployments/dep_00000000000000000000000000/verdicts").status == 404
