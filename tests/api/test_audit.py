"""The audit trail: each role reads its part, filters and files hold what they say, and who asked from where is kept."""

import csv
import io
import json
from dataclasses import replace

import pytest

from chalicelib.domain.audit import AuditRecord
from chalicelib.services.seals import seal_records
from tests.api.gateway import Gateway
from tests.fakes import FakeWorld


@pytest.fixture
def told(world: FakeWorld, api: Gateway) -> Gateway:
    """Record something of acme, of globex, and of nobody."""
    for tenant in ("acme", "globex"):
        assert api.post("/v1/tenants", {"id": tenant, "name": tenant}, "root").status == 201
    body = {"name": "tax-engine", "type": "Other", "description": "Taxes."}
    assert api.post("/v1/plugins", body, "ana", headers={"User-Agent": "curl/8"}).status == 201
    return api


def resources(api: Gateway, user: str, query: str = "") -> list[str]:
    answer = api.get(f"/v1/audit{query}", user)
    assert answer.status == 200, answer.json
    return [each["resource"] for each in answer.json["items"]]


def test_an_admin_reads_all_newest_first(told: Gateway) -> None:
    assert resources(told, "root") == ["plugins/tax-engine", "tenants/globex", "tenants/acme"]


def test_an_owner_reads_only_what_is_about_its_tenant(told: Gateway) -> None:
    assert resources(told, "olga") == ["tenants/acme"]
    assert resources(told, "olga", "?tenant=acme") == ["tenants/acme"]
    assert resources(told, "olga", "?resource=tenants/globex") == []
    assert resources(told, "olga", "?actor=ana") == []
    for kind in ("audit", "audit/export"):
        assert told.get(f"/v1/{kind}?tenant=globex", "olga").status == 404
        assert told.get(f"/v1/{kind}?tenant=no-such", "olga").status == 404


def test_a_viewer_reads_what_is_about_no_tenant(told: Gateway) -> None:
    assert resources(told, "vera") == ["plugins/tax-engine"]
    assert resources(told, "vera", "?resource=tenants/acme") == []
    assert told.get("/v1/audit?tenant=acme", "vera").status == 404
    assert "acme" not in told.get("/v1/audit/export", "vera").text


def test_a_denial_on_a_tenants_path_is_that_tenants_and_no_viewers(told: Gateway) -> None:
    assert told.get("/v1/tenants/acme", "vera").status == 403

    (denied,) = told.get("/v1/audit?actor=vera", "root").json["items"]
    assert (denied["action"], denied["result"], denied["tenantId"]) == ("DenyRequest", "refused", "acme")
    assert resources(told, "vera", "?actor=vera") == []


def test_a_record_says_who_from_where_with_what_and_how_it_ended(told: Gateway) -> None:
    (record,) = told.get("/v1/audit?actor=ana", "root").json["items"]

    assert {name: record[name] for name in ("actor", "roles", "ip", "userAgent", "result", "tenantId")} == {
        "actor": "ana",
        "roles": ["Developer"],
        "ip": "203.0.113.7",
        "userAgent": "curl/8",
        "result": "done",
        "tenantId": None,
    }


def test_where_a_login_came_from_is_kept_whether_it_succeeds_or_not(api: Gateway) -> None:
    for password in ("secret of ana", "wrong"):
        body = {"username": "ana", "password": password}
        api.post("/v1/authentication/login", body, None, headers={"X-Forwarded-For": "198.51.100.1"})

    found = api.get("/v1/audit?resource=users/ana", "root").json["items"]
    assert [(each["action"], each["result"], each["ip"]) for each in found] == [
        ("RefuseLogin", "refused", "203.0.113.7"),
        ("LogIn", "done", "203.0.113.7"),
    ]


def test_pages_hold_together(told: Gateway) -> None:
    first = told.get("/v1/audit?limit=2", "root").json
    second = told.get(f"/v1/audit?limit=2&cursor={first['nextCursor']}", "root").json

    assert [len(first["items"]), len(second["items"]), second["hasMore"]] == [2, 1, False]
    assert told.get(f"/v1/audit?actor=ana&cursor={first['nextCursor']}", "root").status == 400
    assert told.get(f"/v1/audit?limit=2&cursor={first['nextCursor']}", "olga").status == 400


@pytest.mark.parametrize("query", ["?from=yesterday", "?from=2020-01-01", "?to=", "?colour=red", "?format=xml"])
def test_what_can_be_no_filter_is_refused(told: Gateway, query: str) -> None:
    assert told.get(f"/v1/audit{query}", "root").status == 400


def test_a_date_is_a_time(told: Gateway, world: FakeWorld) -> None:
    today = world.clock.now().date().isoformat()

    assert len(resources(told, "root", f"?from={today}")) == 3
    assert resources(told, "root", f"?to={today}") == []


def test_json_lines_are_the_records_of_the_listing(told: Gateway) -> None:
    first = told.get("/v1/audit/export?limit=2", "root")
    rest = told.get(f"/v1/audit/export?limit=2&cursor={first.headers['X-Next-Cursor']}", "root")

    lines = [json.loads(line) for line in (first.text + rest.text).splitlines()]
    assert lines == told.get("/v1/audit", "root").json["items"]
    assert "X-Next-Cursor" not in rest.headers


def test_a_table_has_one_head_and_no_formulas(told: Gateway, world: FakeWorld) -> None:
    evil = '=HYPERLINK("http://evil.test")'
    world.ports.audit.append(AuditRecord("aud_z", told_at(world), evil, (), "Act", "x", "t", reason='a "quote",\nso'))

    first = told.get("/v1/audit/export?format=csv&limit=3", "root")
    rest = told.get(f"/v1/audit/export?format=csv&limit=3&cursor={first.headers['X-Next-Cursor']}", "root")

    rows = list(csv.DictReader(io.StringIO(first.text + rest.text, newline="")))
    assert len(rows) == 4
    (found,) = [row for row in rows if row["id"] == "aud_z"]
    assert (found["actor"], found["reason"], found["before"]) == (f"'{evil}", 'a "quote",\nso', "{}")


def told_at(world: FakeWorld) -> str:
    return world.tables.records[-1].at


@pytest.mark.parametrize("user", ["ana", "ada", "hugo"])
def test_others_read_nothing(told: Gateway, user: str) -> None:
    assert told.get("/v1/audit", user).status == 403
    assert told.get("/v1/audit/export", user).status == 403


def test_a_day_of_the_trail_is_proven_and_the_first_bad_record_named(told: Gateway, world: FakeWorld) -> None:
    seal_records(world.tables.records, world.ports)

    whole = told.get("/v1/audit/verify?day=2026-11-22", "root").json
    world.tables.records[1] = replace(world.tables.records[1], reason="another one")
    broken = told.get("/v1/audit/verify?day=2026-11-22", "root").json

    assert (whole["verdict"], whole["sealed"], whole["pending"], whole["finding"]) == ("Whole", 3, 0, None)
    assert broken["verdict"] == "Broken"
    assert (broken["finding"]["fault"], broken["finding"]["recordId"]) == ("changed", world.tables.records[1].id)


def test_a_trail_that_runs_is_whole_while_its_end_is_not_sealed_yet(told: Gateway) -> None:
    proof = told.get("/v1/audit/verify?day=2026-11-22", "root").json

    assert (proof["verdict"], proof["sealed"], proof["pending"]) == ("Whole", 0, 3)


@pytest.mark.parametrize("query", ["", "?day=", "?day=yesterday", "?day=2026-11-23", "?day=2026-11-22&tenant=acme"])
def test_only_a_day_that_has_begun_is_proven(told: Gateway, query: str) -> None:
    assert told.get(f"/v1/audit/verify{query}", "root").status == 400


@pytest.mark.parametrize("user", ["olga", "vera", "ana", "hugo"])
def test_only_who_reads_all_may_have_it_proven(told: Gateway, user: str) -> None:
    assert told.get("/v1/audit/verify?day=2026-11-22", user).status == 403
