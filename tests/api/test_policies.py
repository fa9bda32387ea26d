"""The policies of environments, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.ids import Environment
from tests.api.gateway import Answer, Gateway
from tests.fakes import FakeWorld

OFFICE = {"weekdays": ["Thu", "Mon"], "begins": "09:00", "until": "16:00", "timeZone": "Europe/Berlin"}
FREEZE = {"begins": "2026-12-20T01:00:00+01:00", "ends": "2027-01-03T00:00:00Z", "reason": "Holidays"}
POLICY: dict[str, Any] = {
    "approvals": {
        "needed": 3,
        "roles": ["Admin"],
        "excluded": ["eve"],
        "timeout": "PT90M",
        "onExpiry": "escalate",
    },
    "windows": [OFFICE],
    "freezes": [FREEZE],
    "stopTheLine": "",
    "ladder": False,
}


def put(
    api: Gateway,
    body: object,
    etag: str | None = "*",
    environment: str = "Production",
    as_: str = "root",
    query: str = "",
) -> Answer:
    headers = {} if etag is None else {"If-Match": etag}
    return api.put(f"/v1/environments/{environment}/policy{query}", body, as_, headers=headers)


def get(api: Gateway, environment: str = "Production", as_: str = "vera") -> Answer:
    return api.get(f"/v1/environments/{environment}/policy", as_)


def test_everybody_reads_what_an_environment_asks(api: Gateway) -> None:
    for user in ("vera", "ana", "ada", "hugo", "olga"):
        answer = get(api, as_=user)
        assert (answer.status, answer.headers["ETag"]) == (200, '"0"')
        assert answer.json == {
            "environment": "Production",
            "approvals": {
                "needed": 2,
                "roles": ["Approver", "Admin"],
                "excluded": [],
                "timeout": "PT48H",
                "onExpiry": "reject",
            },
            "windows": [],
            "freezes": [],
            "stopTheLine": "",
            "ladder": True,
            "isOpen": True,
            "closedBecause": "",
            "opensAt": "2026-11-22T15:00:00.000Z",
            "revision": 0,
        }


def test_an_admin_sets_a_policy_and_the_audit_log_keeps_both(world: FakeWorld, api: Gateway) -> None:
    answer = put(api, {**POLICY, "reason": "after the incident"}, '"0"')

    assert answer.status == 200
    told = answer.json
    assert told["approvals"] == POLICY["approvals"] | {"timeout": "PT1H30M"}
    assert told["windows"] == [OFFICE | {"weekdays": ["Mon", "Thu"]}]
    assert told["freezes"] == [FREEZE | {"begins": "2026-12-20T00:00:00.000Z", "ends": "2027-01-03T00:00:00.000Z"}]
    # 22 November 2026 is a Sunday.
    assert (told["isOpen"], told["opensAt"]) == (False, "2026-11-23T08:00:00.000Z")
    assert told["closedBecause"] == "Production is outside its windows"
    assert get(api).json == told
    record = world.tables.records[-1]
    assert (record.actor, record.action, record.resource) == ("root", "PutPolicy", "environments/Production/policy")
    assert (record.before["approvals"]["needed"], record.after["approvals"]["needed"]) == (2, 3)
    assert record.reason == "after the incident"


def test_a_change_names_the_state_that_it_changes(api: Gateway) -> None:
    assert put(api, {}, None).status == 428
    assert put(api, {}, '"7"').status == 412
    assert put(api, {"stopTheLine": "incident"}, '"0"').json["revision"] == 1
    assert put(api, {}, '"0"').status == 412
    assert put(api, {}, '"1"').json["stopTheLine"] == ""


def test_what_is_left_out_is_as_by_default_and_never_less_than_that(api: Gateway) -> None:
    put(api, POLICY)

    answer = put(api, {"windows": [OFFICE]})

    assert (answer.json["approvals"]["needed"], answer.json["ladder"], answer.json["freezes"]) == (2, True, [])


def test_the_same_again_and_a_dry_run_change_nothing(world: FakeWorld, api: Gateway) -> None:
    preview = put(api, POLICY, query="?validateOnly=true")
    same = put(api, {})

    assert (preview.json["approvals"]["needed"], same.json["revision"]) == (3, 0)
    assert world.tables.actions == []


@pytest.mark.parametrize("user", ["ana", "ada", "vera", "hugo", "olga"])
def test_only_an_admin_may_change_it(api: Gateway, user: str) -> None:
    assert put(api, {"approvals": {"needed": 0}}, as_=user).status == 403


def test_there_are_four_environments(api: Gateway) -> None:
    assert get(api, "production").status == 400
    assert put(api, {}, environment="Moon").status == 400
    assert {get(api, environment).status for environment in Environment} == {200}


@pytest.mark.parametrize(
    "body, wrong",
    [
        ({"approvals": {"needed": 11}}, {"/approvals/needed"}),
        ({"approvals": {"needed": True}}, {"/approvals/needed"}),
        ({"approvals": {"roles": ["Developer"]}}, {"/approvals/roles/0"}),
        ({"approvals": {"roles": []}}, {"/approvals/roles"}),
        ({"approvals": {"timeout": "48h"}}, {"/approvals/timeout"}),
        ({"approvals": {"timeout": "PT1S"}}, {"/approvals/timeout"}),
        ({"approvals": {"onExpiry": "approve"}}, {"/approvals/onExpiry"}),
        ({"approvals": {"aproved": 1}}, {"/approvals/aproved"}),
        ({"windows": [{**OFFICE, "weekdays": ["Monday"]}]}, {"/windows/0/weekdays/0"}),
        ({"windows": [{**OFFICE, "weekdays": []}]}, {"/windows/0/weekdays"}),
        ({"windows": [OFFICE, {**OFFICE, "begins": "9"}]}, {"/windows/1/begins"}),
        ({"windows": [{**OFFICE, "timeZone": "Mars"}]}, {"/windows/0/timeZone"}),
        ({"freezes": [{**FREEZE, "begins": "tomorrow"}]}, {"/freezes/0/begins"}),
        ({"freezes": [{**FREEZE, "begins": "2026-12-20T00:00:00"}]}, {"/freezes/0/begins"}),
        ({"freezes": [{**FREEZE, "ends": "2026-12-19T00:00:00Z"}]}, {"/freezes/0/ends"}),
        ({"freezes": [{**FREEZE, "begins": "0001-01-01T00:00:00+23:59"}]}, {"/freezes/0/begins"}),
        ({"stopTheLine": "x" * 201}, {"/stopTheLine"}),
        ({"freeze": []}, {"/freeze"}),
    ],
)
def test_what_can_be_no_policy_is_refused_and_named(api: Gateway, body: dict[str, Any], wrong: set[str]) -> None:
    answer = put(api, body)

    assert (answer.status, answer.wrong) == (400, wrong)
    assert all(error["fix"] for error in answer.json["errors"])


def test_nothing_is_below_development(api: Gateway) -> None:
    assert put(api, {"ladder": True}, environment="Development").wrong == {"/ladder"}


def test_a_stopped_line_says_why_and_opens_never(api: Gateway) -> None:
    told = put(api, {"stopTheLine": " incident 4711 "}).json

    assert (told["isOpen"], told["opensAt"]) == (False, None)
    assert told["closedBecause"] == "Production is stopped: incident 4711"
