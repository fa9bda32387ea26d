"""Contract of tenants, installations, and of what an invocation reads and keeps."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.tenants import TenantStatus, Tier
from tests.contracts.conftest import Outside
from tests.contracts.things import a_deployment, a_lease, a_record, a_route, a_target, a_tenant, an_installation

PLUGIN = "stripe-gateway"


def test_a_tenant_keeps_every_field(outside: Outside) -> None:
    tenant = replace(a_tenant(), tier=Tier.ENTERPRISE, ring="beta", status=TenantStatus.SUSPENDED)

    outside.ports.tenants.add(tenant, a_record())

    assert outside.ports.tenants.get("acme") == tenant
    assert outside.serving.reads.tenant("acme") == tenant


def test_add_refuses_the_second_of_two_creators_of_one_tenant(outside: Outside) -> None:
    outside.ports.tenants.add(replace(a_tenant(), name="first"), a_record())

    with pytest.raises(ConflictError):
        outside.ports.tenants.add(replace(a_tenant(), name="second"), a_record())

    assert outside.ports.tenants.get("acme").name == "first"


def test_get_knows_nothing_of_a_tenant_that_nobody_added(outside: Outside) -> None:
    with pytest.raises(NotFoundError):
        outside.ports.tenants.get("acme")

    assert outside.serving.reads.tenant("acme") is None


def test_tenants_are_listed_by_id_and_without_their_installations(outside: Outside) -> None:
    for tenant_id in ("globex", "acme", "initech"):
        outside.ports.tenants.add(a_tenant(tenant_id), a_record())
        outside.ports.installations.put(tenant_id, an_installation(tenant_id), a_record())

    first = outside.ports.tenants.page(PageRequest(2))
    second = outside.ports.tenants.page(PageRequest(2, first.next_position))

    assert [tenant.id for tenant in first.items] == ["acme", "globex"]
    assert [tenant.id for tenant in second.items] == ["initech"]
    assert second.next_position is None


def test_an_installation_keeps_every_field(outside: Outside) -> None:
    installation = an_installation().with_secret("apiKey", "c2VhbGVk", "2026-11-22T16:00:00.000Z")

    saved = outside.ports.installations.put("acme", installation, a_record())

    assert saved == replace(installation, revision=1)
    assert outside.ports.installations.get("acme", PLUGIN) == saved
    assert outside.serving.reads.installation("acme", PLUGIN) == saved


def test_put_refuses_the_second_of_two_who_read_the_same(outside: Outside) -> None:
    outside.ports.installations.put("acme", an_installation(), a_record())

    with pytest.raises(StaleRevisionError):
        outside.ports.installations.put("acme", replace(an_installation(), is_enabled=False), a_record())

    assert outside.ports.installations.get("acme", PLUGIN).is_enabled


def test_put_refuses_a_change_of_what_was_never_installed(outside: Outside) -> None:
    with pytest.raises(StaleRevisionError):
        outside.ports.installations.put("acme", replace(an_installation(), revision=3), a_record())


def test_another_tenants_installation_is_not_found(outside: Outside) -> None:
    outside.ports.installations.put("acme", an_installation(), a_record())

    with pytest.raises(NotFoundError):
        outside.ports.installations.get("globex", PLUGIN)

    assert outside.serving.reads.installation("globex", PLUGIN) is None
    assert outside.ports.installations.page("globex", PageRequest()).items == ()


def test_put_refuses_to_write_one_tenants_installation_for_another(outside: Outside) -> None:
    with pytest.raises(ValueError, match="another tenant"):
        outside.ports.installations.put("globex", an_installation("acme"), a_record())


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

    installations.put("acme", replace(saved, is_enabled=False), a_record())

    assert not installations.is_installed_anywhere(PLUGIN)


def test_an_invocation_reads_the_route_that_a_deployment_wrote(outside: Outside) -> None:
    deployment = a_deployment()
    outside.ports.deployments.create(deployment, a_lease(deployment), a_record(), now=outside.ports.clock.now())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    outside.ports.deployments.commit(deployment, a_record(), route=route)

    assert outside.serving.reads.route(PLUGIN, "Development") == route
    assert outside.serving.reads.route(PLUGIN, "Production") is None


def test_state_begins_empty_and_is_kept_per_tenant_and_plugin(outside: Outside) -> None:
    states = outside.serving.states
    assert states.load("acme", PLUGIN) == ({}, 0)

    states.store("acme", PLUGIN, {"count": 1, "rate": 0.5, "names": ["ü"]}, revision=0)

    assert states.load("acme", PLUGIN) == ({"count": 1, "rate": 0.5, "names": ["ü"]}, 1)
    assert states.load("globex", PLUGIN) == ({}, 0)
    assert states.load("acme", "other-plugin") == ({}, 0)


@pytest.mark.parametrize("revision", [0, 2])
def test_store_refuses_state_that_was_made_from_another_revision(outside: Outside, revision: int) -> None:
    outside.serving.states.store("acme", PLUGIN, {"count": 1}, revision=0)

    with pytest.raises(StaleRevisionError):
        outside.serving.states.store("acme", PLUGIN, {"count": 9}, revision=revision)

    assert outside.serving.states.load("acme", PLUGIN) == ({"count": 1}, 1)
