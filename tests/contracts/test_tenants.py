"""Contract of tenants, and of what an invocation reads and keeps."""

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.installations import ConfigRevision, UninstalledError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.tenants import Erased, TenantFilter, TenantStatus, Tier
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_deployment, a_lease, a_record, a_route, a_target, a_tenant, an_installation

PLUGIN = "stripe-gateway"
LATER = "2026-11-22T16:00:00.000Z"


def test_a_tenant_keeps_every_field(outside: Outside) -> None:
    tenant = a_tenant()._replace(tier=Tier.ENTERPRISE, ring="beta", status=TenantStatus.SUSPENDED)

    outside.ports.tenants.add(tenant, a_record())

    assert outside.ports.tenants.get("acme") == tenant
    assert outside.serving.reads.tenant("acme") == tenant


def test_add_refuses_the_second_of_two_creators_of_one_tenant(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant()._replace(name="first"), a_record())

    with pytest.raises(ConflictError):
        outside.ports.tenants.add(a_tenant()._replace(name="second"), a_record())

    assert outside.ports.tenants.get("acme").name == "first"


def test_get_knows_nothing_of_a_tenant_that_nobody_added(outside: Outside) -> None:
    with pytest.raises(NotFoundError):
        outside.ports.tenants.get("acme")

    assert outside.serving.reads.tenant("acme") is None


def test_tenants_are_listed_by_id_and_without_their_installations(outside: Outside) -> None:
    for tenant_id in ("globex", "acme", "initech"):
        outside.ports.tenants.add(a_tenant(tenant_id), a_record())
        outside.ports.installations.put(tenant_id, an_installation(tenant_id), a_record())

    first = outside.ports.tenants.page(TenantFilter(), PageRequest(2))
    second = outside.ports.tenants.page(TenantFilter(), PageRequest(2, first.next_position))

    assert [tenant.id for tenant in first.items] == ["acme", "globex"]
    assert [tenant.id for tenant in second.items] == ["initech"]
    assert second.next_position is None


def test_an_invocation_reads_the_route_that_a_deployment_wrote(outside: Outside) -> None:
    deployment = a_deployment()
    outside.ports.deployments.create(deployment, a_lease(deployment), a_record(), now=outside.ports.clock.now())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    outside.ports.deployments.commit(deployment, a_record(), route=route)

    assert outside.serving.reads.route(PLUGIN, "Development") == route
    assert outside.serving.reads.route(PLUGIN, "Production") is None


def test_state_begins_empty_and_is_kept_per_tenant_and_plugin(outside: Outside) -> None:
    states = outside.serving.states
    outside.ports.tenants.add(a_tenant(), a_record())
    outside.ports.installations.put("acme", an_installation(), a_record())
    assert states.load("acme", PLUGIN) == ({}, 0)

    states.store("acme", PLUGIN, {"count": 1, "rate": 0.5, "names": ["ü"]}, revision=0, installed_at=NOW)

    assert states.load("acme", PLUGIN) == ({"count": 1, "rate": 0.5, "names": ["ü"]}, 1)
    assert states.load("globex", PLUGIN) == ({}, 0)
    assert states.load("acme", "other-plugin") == ({}, 0)


@pytest.mark.parametrize("revision", [0, 2])
def test_store_refuses_state_that_was_made_from_another_revision(outside: Outside, revision: int) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())
    outside.ports.installations.put("acme", an_installation(), a_record())
    outside.serving.states.store("acme", PLUGIN, {"count": 1}, revision=0, installed_at=NOW)

    with pytest.raises(StaleRevisionError):
        outside.serving.states.store("acme", PLUGIN, {"count": 9}, revision=revision, installed_at=NOW)

    assert outside.serving.states.load("acme", PLUGIN) == ({"count": 1}, 1)


@pytest.mark.parametrize("revision", [0, 1])
def test_store_keeps_nothing_for_an_installation_that_went(outside: Outside, revision: int) -> None:
    installations, states = outside.ports.installations, outside.serving.states
    outside.ports.tenants.add(a_tenant(), a_record())
    installed = installations.put("acme", an_installation(), a_record())
    states.store("acme", PLUGIN, {"count": 1}, revision=0, installed_at=NOW)
    installations.remove("acme", installed, a_record())

    with pytest.raises(UninstalledError):
        states.store("acme", PLUGIN, {"count": 2}, revision=revision, installed_at=NOW)

    assert states.load("acme", PLUGIN) == ({}, 0)
    installations.put("acme", an_installation()._replace(created_at=LATER), a_record())
    with pytest.raises(UninstalledError):
        states.store("acme", PLUGIN, {"count": 2}, revision=revision, installed_at=NOW)
    assert states.load("acme", PLUGIN) == ({}, 0)


def test_store_keeps_what_is_made_while_an_installation_is_disabled(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())
    saved = outside.ports.installations.put("acme", an_installation(), a_record())
    outside.ports.installations.put("acme", saved._replace(is_enabled=False), a_record())

    outside.serving.states.store("acme", PLUGIN, {"count": 1}, revision=0, installed_at=NOW)

    assert outside.serving.states.load("acme", PLUGIN) == ({"count": 1}, 1)


def test_save_keeps_every_field_and_refuses_the_second_of_two_who_read_the_same(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())
    changed = a_tenant()._replace(name="New", ring="beta", tier=Tier.STARTER, status=TenantStatus.SUSPENDED)

    saved = outside.ports.tenants.save(changed, a_record())

    assert saved == changed._replace(revision=1)
    assert outside.ports.tenants.get("acme") == outside.serving.reads.tenant("acme") == saved
    with pytest.raises(StaleRevisionError):
        outside.ports.tenants.save(changed, a_record())


def test_save_makes_no_tenant(outside: Outside) -> None:
    with pytest.raises(StaleRevisionError):
        outside.ports.tenants.save(a_tenant(), a_record())


@pytest.mark.parametrize(
    "wanted, found",
    [
        (TenantFilter(tier=Tier.STARTER), ["t1", "t3", "t5", "t7", "t9"]),
        (TenantFilter(ring="beta"), ["t0", "t3", "t6", "t9"]),
        (TenantFilter(status=TenantStatus.SUSPENDED), ["t8"]),
        (TenantFilter(tier=Tier.STARTER, ring="beta"), ["t3", "t9"]),
        (TenantFilter(tier=Tier.STARTER, ring="beta", status=TenantStatus.SUSPENDED), []),
    ],
)
def test_filtered_pages_are_full_until_the_end(outside: Outside, wanted: TenantFilter, found: list[str]) -> None:
    for number in range(10):
        tier = Tier.STARTER if number % 2 else Tier.FREE
        ring = "general" if number % 3 else "beta"
        status = TenantStatus.SUSPENDED if number == 8 else TenantStatus.ACTIVE
        tenant = a_tenant(f"t{number}")._replace(tier=tier, ring=ring, status=status)
        outside.ports.tenants.add(tenant, a_record())

    pages = [outside.ports.tenants.page(wanted, PageRequest(2))]
    while pages[-1].next_position:
        pages.append(outside.ports.tenants.page(wanted, PageRequest(2, pages[-1].next_position)))

    assert [tenant.id for page in pages for tenant in page.items] == found
    assert all(len(page.items) == 2 for page in pages[:-1])


def test_erase_takes_everything_of_one_tenant_and_nothing_of_another(outside: Outside) -> None:
    for tenant_id in ("acme", "globex"):
        outside.ports.tenants.add(a_tenant(tenant_id), a_record())
        installation = an_installation(tenant_id).with_secret("apiKey", "sealed", NOW)
        revision = ConfigRevision(1, {"a": 1}, "olga", NOW)
        outside.ports.installations.put(tenant_id, installation, a_record(), history=revision)
        outside.serving.states.store(tenant_id, PLUGIN, {"count": 1}, revision=0, installed_at=NOW)

    erased = outside.ports.tenants.erase("acme", limit=100)

    assert erased == Erased({"configRevisions": 1, "installations": 1, "secrets": 1, "states": 1}, is_complete=True)
    assert outside.ports.installations.page("acme", PageRequest()).items == ()
    assert outside.ports.installations.revisions("acme", PLUGIN, PageRequest()).items == ()
    assert outside.ports.states.load("acme", PLUGIN) == ({}, 0)
    assert outside.ports.tenants.get("acme") == a_tenant()
    assert outside.ports.installations.get("globex", PLUGIN).sealed_secrets == {"apiKey": "sealed"}
    assert outside.ports.states.load("globex", PLUGIN) == ({"count": 1}, 1)


def test_a_call_under_way_leaves_no_state_of_a_tenant_that_was_erased(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())
    outside.ports.installations.put("acme", an_installation(), a_record())
    outside.ports.tenants.save(a_tenant()._replace(erasing_since=NOW), a_record())
    outside.ports.tenants.erase("acme", limit=100)

    with pytest.raises(UninstalledError):
        outside.serving.states.store("acme", PLUGIN, {"count": 1}, revision=0, installed_at=NOW)

    assert outside.ports.states.load("acme", PLUGIN) == ({}, 0)


def test_erase_in_parts_says_when_it_is_done(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())
    for number in range(3):
        outside.ports.installations.put("acme", an_installation(plugin_id=f"plugin-{number}"), a_record())

    parts = [outside.ports.tenants.erase("acme", limit=2) for _ in range(3)]

    assert parts == [
        Erased({"installations": 2}, is_complete=False),
        Erased({"installations": 1}, is_complete=True),
        Erased({}, is_complete=True),
    ]


def test_remove_takes_only_a_tenant_whose_erasure_has_begun(outside: Outside) -> None:
    outside.ports.tenants.add(a_tenant(), a_record())

    with pytest.raises(StaleRevisionError):
        outside.ports.tenants.remove(a_tenant(), a_record())
    marked = outside.ports.tenants.save(a_tenant()._replace(erasing_since=NOW), a_record())
    outside.ports.tenants.remove(marked, a_record())

    with pytest.raises(NotFoundError):
        outside.ports.tenants.get("acme")
    with pytest.raises(StaleRevisionError):
        outside.ports.tenants.remove(marked, a_record())
