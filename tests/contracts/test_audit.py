"""The audit trail: both sides of the port list the same records in the same order."""

from dataclasses import replace

import pytest

from chalicelib.domain.audit import AuditFilter, AuditRecord
from chalicelib.domain.audit_seals import digest_of, erased
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.pages import PageRequest
from chalicelib.ports import Ports
from tests.contracts.things import a_record

DAYS = ("2026-11-20", "2026-11-22", "2026-11-23")
ALL = AuditFilter(since="2026-11-19T00:00:00.000Z", until="2026-11-24T00:00:00.000Z")


@pytest.fixture
def written(ports: Ports) -> list[AuditRecord]:
    """Write three records on each of three days, by two people, about two tenants and none; newest first."""
    records = [
        replace(
            a_record(f"act-{hour}", f"tenants/{tenant}" if tenant else "plugins/one", f"{day}T{hour}:00:00.000Z"),
            actor=actor,
            tenant_id=tenant,
            ip="203.0.113.7",
            user_agent="curl",
            result="refused",
        )
        for day in DAYS
        for hour, actor, tenant in (("08", "ana", "acme"), ("12", "bob", "globex"), ("23", "ana", None))
    ]
    for record in records:
        ports.audit.append(record)
    return records[::-1]


def walked(ports: Ports, wanted: AuditFilter, limit: int) -> list[AuditRecord]:
    """Go through all pages."""
    found: list[AuditRecord] = []
    request = PageRequest(limit)
    while True:
        page = ports.audit.page(wanted, request)
        assert len(page.items) <= limit
        found += page.items
        if page.next_position is None:
            return found
        request = PageRequest(limit, page.next_position)


@pytest.mark.parametrize("limit", [2, 100])
@pytest.mark.parametrize(
    "wanted",
    [
        ALL,
        ALL._replace(since="2026-11-20T12:00:00.000Z", until="2026-11-23T08:00:00.000Z"),
        ALL._replace(actor="ana"),
        ALL._replace(actor="bob", tenant_id="globex"),
        ALL._replace(resource="plugins/one"),
        ALL._replace(resource="plugins/one", actor="bob"),
        ALL._replace(tenant_id="acme"),
        ALL._replace(tenant_id="acme", since="2026-11-22T00:00:00.000Z"),
        ALL._replace(is_tenantless=True),
        AuditFilter(actor="ana"),
        AuditFilter(tenant_id="nobody"),
    ],
)
def test_each_filter_finds_its_records_newest_first(
    ports: Ports, written: list[AuditRecord], wanted: AuditFilter, limit: int
) -> None:
    expected = [record for record in written if wanted.admits(record)]

    assert walked(ports, wanted, limit) == expected


def test_the_ends_of_a_time_are_the_first_included_and_the_last_not(ports: Ports, written: list[AuditRecord]) -> None:
    wanted = ALL._replace(since=written[1].at, until=written[0].at)

    assert ports.audit.page(wanted, PageRequest(10)).items == (written[1],)


def test_all_of_a_day_and_all_of_a_tenant_are_read(ports: Ports, written: list[AuditRecord]) -> None:
    of_day = sorted(ports.audit.of_day("2026-11-22"), key=lambda each: each.at)
    of_tenant = sorted(ports.audit.of_tenant("acme"), key=lambda each: each.at)

    assert of_day == [each for each in written[::-1] if each.at.startswith("2026-11-22")]
    assert of_tenant == [each for each in written[::-1] if each.tenant_id == "acme"]


def test_a_record_says_the_same_however_it_is_read(ports: Ports) -> None:
    told = replace(a_record(), before={"a": [1, {"b": None}], "c": 0.5}, after={"ö": "…"}, on_behalf_of="eva")
    ports.audit.append(told)

    (of_resource,) = ports.audit.read(told.resource)
    (of_day,) = ports.audit.of_day(told.at[:10])

    assert of_resource == of_day == told
    assert digest_of(of_resource) == digest_of(of_day)


def test_what_an_erasure_takes_from_a_record_leaves_its_digest(ports: Ports) -> None:
    told = replace(a_record(), tenant_id="acme", roles=("TenantOwner",), reason="they asked", ip="203.0.113.7")
    ports.audit.append(told)
    (kept,) = ports.audit.of_tenant("acme")

    for _ in range(2):
        ports.audit.empty(erased(kept, "7f"))

    (empty,) = ports.audit.of_tenant("acme")
    assert (empty.actor, empty.reason, empty.ip, empty.salt) == ("erased-7f", "", "", "")
    assert digest_of(empty) == digest_of(kept)
    assert ports.audit.page(ALL._replace(actor=told.actor), PageRequest(10)).items == ()


def test_a_record_that_retention_took_is_not_brought_back(ports: Ports) -> None:
    with pytest.raises(NotFoundError):
        ports.audit.empty(erased(replace(a_record(), tenant_id="acme"), "7f"))
    assert list(ports.audit.of_tenant("acme")) == []
