"""Contract of installations: their history, their pins, and that no tenant reaches another's."""

from collections.abc import Callable
from inspect import signature

import pytest

from chalicelib.domain.errors import NotFoundError, StaleRevisionError
from chalicelib.domain.installations import KEPT_REVISIONS, ConfigRevision, Enabled, Installation
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.pins import Pin
from chalicelib.ports import InstallationRepository, StateRepository
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_record, a_target, a_tenant, an_installation

PLUGIN = "stripe-gateway"
LATER = "2026-11-22T16:00:00.000Z"
#: The revision of an installation that was made at `NOW`: its millisecond.
FIRST = 1_795_359_600_000


@pytest.fixture
def outside(outside: Outside) -> Outside:
    """Let there be two tenants."""
    for tenant_id in ("acme", "globex"):
        outside.ports.tenants.add(a_tenant(tenant_id), a_record())
    return outside


def a_pin(version: str = "1.0.0", expires_at: str | None = None) -> Pin:
    return Pin("Production", a_target(version), "their audit", "olga", NOW, expires_at)


def a_revision(number: int = 1, **config: object) -> ConfigRevision:
    return ConfigRevision(number, config or {"number": number}, "olga", NOW)


def test_an_installation_keeps_every_field(outside: Outside) -> None:
    installation = an_installation().with_secret("apiKey", "c2VhbGVk", "2026-11-22T16:00:00.000Z")

    saved = outside.ports.installations.put("acme", installation, a_record())

    assert saved == installation._replace(revision=FIRST)
    assert outside.ports.installations.get("acme", PLUGIN) == saved
    assert outside.serving.reads.installation("acme", PLUGIN) == saved


def test_a_revision_never_comes_back_when_an_installation_is_made_anew(outside: Outside) -> None:
    installations = outside.ports.installations
    first = installations.put("acme", an_installation(), a_record())
    second = installations.put("acme", first._replace(is_enabled=False), a_record())
    installations.remove("acme", second, a_record())

    again = installations.put("acme", an_installation()._replace(created_at=LATER), a_record())

    assert (first.revision, second.revision) == (FIRST, FIRST + 1)
    assert again.revision > second.revision
    with pytest.raises(StaleRevisionError):
        installations.put("acme", second._replace(config={}), a_record())
    with pytest.raises(StaleRevisionError):
        installations.remove("acme", second, a_record())


def test_put_refuses_the_second_of_two_who_read_the_same(outside: Outside) -> None:
    outside.ports.installations.put("acme", an_installation(), a_record())

    with pytest.raises(StaleRevisionError):
        outside.ports.installations.put("acme", an_installation()._replace(is_enabled=False), a_record())

    assert outside.ports.installations.get("acme", PLUGIN).is_enabled


def test_put_refuses_a_change_of_what_was_never_installed(outside: Outside) -> None:
    with pytest.raises(StaleRevisionError):
        outside.ports.installations.put("acme", an_installation()._replace(revision=3), a_record())


def test_installations_are_listed_by_plugin(outside: Outside) -> None:
    for plugin_id in ("bbb", "aaa", "ccc"):
        outside.ports.installations.put("acme", an_installation("acme", plugin_id), a_record())

    first = outside.ports.installations.page("acme", PageRequest(2))
    second = outside.ports.installations.page("acme", PageRequest(2, first.next_position))

    assert [installation.plugin_id for installation in first.items] == ["aaa", "bbb"]
    assert [installation.plugin_id for installation in second.items] == ["ccc"]
    assert second.next_position is None


def test_a_plugin_is_installed_anywhere_while_one_tenant_has_it_enabled(outside: Outside) -> None:
    installations = outside.ports.installations
    saved = installations.put("acme", an_installation(), a_record())
    assert installations.is_installed_anywhere(PLUGIN)
    assert not installations.is_installed_anywhere("stripe")

    installations.put("acme", saved._replace(is_enabled=False), a_record())

    assert not installations.is_installed_anywhere(PLUGIN)


def test_only_tenants_that_have_the_plugin_enabled_are_counted(outside: Outside) -> None:
    installations = outside.ports.installations
    assert installations.count_enabled(PLUGIN) == 0

    for tenant_id in ("acme", "globex"):
        installations.put(tenant_id, an_installation(tenant_id), a_record())
    installations.put("acme", an_installation("acme", "other-plugin"), a_record())

    assert installations.count_enabled(PLUGIN) == 2
    acme = installations.get("acme", PLUGIN)
    installations.put("acme", acme._replace(is_enabled=False), a_record())
    assert installations.count_enabled(PLUGIN) == 1


def test_the_tenants_of_a_plugin_are_listed_by_id_with_their_pin_and_the_ring_that_they_have_now(
    outside: Outside,
) -> None:
    installations = outside.ports.installations
    for number in range(120):  # more than one batch
        outside.ports.tenants.add(a_tenant(f"t{number:03d}")._replace(ring="beta"), a_record())
        pin = a_pin() if number == 8 else None
        installations.put(f"t{number:03d}", an_installation(f"t{number:03d}")._replace(pin=pin), a_record())
    installations.put("globex", an_installation("globex")._replace(is_enabled=False), a_record())
    installations.put("acme", an_installation("acme", "other-plugin"), a_record())
    outside.ports.tenants.save(outside.ports.tenants.get("t007")._replace(ring="internal"), a_record())

    found = list(installations.enabled_tenants(PLUGIN))

    assert [each.tenant_id for each in found] == [f"t{number:03d}" for number in range(120)]
    assert found[7:9] == [Enabled("t007", "internal"), Enabled("t008", "beta", a_pin())]
    assert {each.ring for each in found if each.tenant_id != "t007"} == {"beta"}
    assert list(installations.enabled_tenants("unknown-plugin")) == []


def test_put_refuses_a_tenant_that_is_not_there_or_is_being_erased(outside: Outside) -> None:
    outside.ports.tenants.save(a_tenant()._replace(erasing_since=NOW), a_record())

    for tenant_id in ("acme", "initech"):
        with pytest.raises(NotFoundError, match=tenant_id):
            outside.ports.installations.put(tenant_id, an_installation(tenant_id), a_record())

        assert outside.ports.installations.page(tenant_id, PageRequest()).items == ()


def test_the_history_keeps_every_field_newest_first(outside: Outside) -> None:
    saved = outside.ports.installations.put("acme", an_installation(), a_record(), history=a_revision(1, rate=0.5))
    restored = a_revision(2, rate=1)._replace(restored_from=1)
    outside.ports.installations.put("acme", saved, a_record(), history=restored)

    first = outside.ports.installations.revisions("acme", PLUGIN, PageRequest(1))
    second = outside.ports.installations.revisions("acme", PLUGIN, PageRequest(1, first.next_position))

    assert first.items == (restored,)
    assert second.items == (a_revision(1, rate=0.5),)
    assert second.next_position is None
    assert outside.ports.installations.revision("acme", PLUGIN, 2) == restored


def test_the_history_is_of_one_plugin_and_not_of_one_whose_name_goes_on(outside: Outside) -> None:
    for plugin_id in (PLUGIN, f"{PLUGIN}-two"):
        installation = an_installation(plugin_id=plugin_id)
        outside.ports.installations.put("acme", installation, a_record(), history=a_revision(1, of=plugin_id))

    found = outside.ports.installations.revisions("acme", PLUGIN, PageRequest())

    assert [revision.config for revision in found.items] == [{"of": PLUGIN}]


def test_the_oldest_revision_goes_when_there_are_too_many(outside: Outside) -> None:
    installation = an_installation()
    for number in range(1, KEPT_REVISIONS + 3):
        installation = outside.ports.installations.put("acme", installation, a_record(), history=a_revision(number))

    kept = outside.ports.installations.revisions("acme", PLUGIN, PageRequest(100)).items

    assert [revision.number for revision in kept] == list(range(KEPT_REVISIONS + 2, 2, -1))
    with pytest.raises(NotFoundError):
        outside.ports.installations.revision("acme", PLUGIN, 2)


def test_a_pin_is_kept_with_every_field_and_counted_until_it_ends_or_goes(outside: Outside) -> None:
    installations = outside.ports.installations
    acme = installations.put("acme", an_installation()._replace(pin=a_pin(expires_at=LATER)), a_record())
    installations.put("globex", an_installation("globex")._replace(pin=a_pin()), a_record())

    assert installations.get("acme", PLUGIN) == outside.serving.reads.installation("acme", PLUGIN) == acme
    assert installations.pinned(PLUGIN, "1.0.0", now=NOW) == 2
    assert installations.pinned(PLUGIN, "1.0.0", now=LATER) == 1
    assert installations.pinned(PLUGIN, "2.0.0", now=NOW) == 0
    by_id = [list(installations.pinned_tenants(PLUGIN, "1.0.0", now=at)) for at in (NOW, LATER)]
    assert [len(each) for each in by_id] == [2, 1]
    assert by_id[0] == sorted(by_id[0])
    acme = installations.put("acme", acme._replace(pin=a_pin("2.0.0")), a_record())
    assert [installations.pinned(PLUGIN, number, now=NOW) for number in ("1.0.0", "2.0.0")] == [1, 1]
    installations.put("acme", acme._replace(pin=None), a_record())
    assert installations.pinned(PLUGIN, "2.0.0", now=NOW) == 0


def test_remove_takes_all_of_one_installation(outside: Outside) -> None:
    for plugin_id in (PLUGIN, "other-plugin"):
        pinned = an_installation(plugin_id=plugin_id)._replace(pin=a_pin())
        outside.ports.installations.put("acme", pinned, a_record(), history=a_revision())
        outside.serving.states.store("acme", plugin_id, {"count": 1}, revision=0, installed_at=NOW)
    installed = outside.ports.installations.get("acme", PLUGIN)

    outside.ports.installations.remove("acme", installed, a_record())

    assert [each.plugin_id for each in outside.ports.installations.page("acme", PageRequest()).items] == [
        "other-plugin"
    ]
    assert outside.ports.installations.revisions("acme", PLUGIN, PageRequest()).items == ()
    assert len(outside.ports.installations.revisions("acme", "other-plugin", PageRequest()).items) == 1
    assert outside.ports.installations.pinned(PLUGIN, "1.0.0", now=NOW) == 0
    assert outside.ports.states.load("acme", PLUGIN) == ({}, 0)
    assert outside.ports.states.load("acme", "other-plugin") == ({"count": 1}, 1)


def test_remove_refuses_what_somebody_else_changed(outside: Outside) -> None:
    saved = outside.ports.installations.put("acme", an_installation(), a_record())

    with pytest.raises(StaleRevisionError):
        outside.ports.installations.remove("acme", saved._replace(revision=7), a_record())

    assert outside.ports.installations.get("acme", PLUGIN) == saved


#: Every read of one installation, by name; each takes the tenant first.
READS: dict[str, Callable[[Outside, str], object]] = {
    "get": lambda outside, tenant: outside.ports.installations.get(tenant, PLUGIN),
    "page": lambda outside, tenant: outside.ports.installations.page(tenant, PageRequest()).items,
    "revisions": lambda outside, tenant: outside.ports.installations.revisions(tenant, PLUGIN, PageRequest()).items,
    "revision": lambda outside, tenant: outside.ports.installations.revision(tenant, PLUGIN, 1),
    "serving": lambda outside, tenant: outside.serving.reads.installation(tenant, PLUGIN),
    "states": lambda outside, tenant: outside.ports.states.load(tenant, PLUGIN)[0],
}

#: Every write, given the installation of another tenant.
WRITES: dict[str, Callable[[Outside, Installation], object]] = {
    "put": lambda outside, others: outside.ports.installations.put("globex", others, a_record()),
    "remove": lambda outside, others: outside.ports.installations.remove("globex", others, a_record()),
}


def test_no_method_that_touches_one_tenants_data_is_left_out_here() -> None:
    of_no_tenant = {"pinned", "pinned_tenants", "count_enabled", "enabled_tenants", "is_installed_anywhere"}
    methods = {name for name in vars(InstallationRepository) if not name.startswith("_")} - of_no_tenant

    assert methods == {"get", "page", "revisions", "revision"} | set(WRITES)
    for name in methods:
        assert list(signature(getattr(InstallationRepository, name)).parameters)[1] == "tenant_id"
    for name in ("load", "store"):
        assert list(signature(getattr(StateRepository, name)).parameters)[1] == "tenant_id"


@pytest.mark.parametrize("read", READS)
def test_what_one_tenant_has_is_not_found_under_the_id_of_another(outside: Outside, read: str) -> None:
    outside.ports.installations.put("acme", an_installation(), a_record(), history=a_revision())
    outside.serving.states.store("acme", PLUGIN, {"count": 1}, revision=0, installed_at=NOW)

    assert READS[read](outside, "acme")
    for tenant_id in ("globex", "initech", "acm", "acme#plugin", ""):
        try:
            found = READS[read](outside, tenant_id)
        except NotFoundError:
            continue
        assert not found


@pytest.mark.parametrize("write", WRITES)
def test_nobody_writes_one_tenants_installation_as_another(outside: Outside, write: str) -> None:
    saved = outside.ports.installations.put("acme", an_installation(), a_record(), history=a_revision())

    with pytest.raises(ValueError, match="another tenant"):
        WRITES[write](outside, saved)

    assert outside.ports.installations.get("acme", PLUGIN) == saved
    assert outside.ports.installations.revision("acme", PLUGIN, 1) == a_revision()
