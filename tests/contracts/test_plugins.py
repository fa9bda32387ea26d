"""Contract of the plugin repository."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.plugins import Plugin, PluginFilter, PluginStatus, PluginType
from chalicelib.ports import Ports
from tests.contracts.things import NOW, a_deployment, a_lease, a_plugin, a_record, a_route, a_target

LATER = "2026-11-22T16:00:00.000Z"


def test_add_keeps_every_field_as_it_was_given(ports: Ports) -> None:
    plugin = replace(
        a_plugin(tags=("payments", "eu")),
        display_name="Größe ✓",
        author="Ana",
        documentation_url="https://docs.test",
        description="Charges cards.",
    ).deprecate("old", "use stripe-two", NOW)

    ports.plugins.add(plugin, a_record())

    assert ports.plugins.get(plugin.id) == plugin


def test_get_knows_nothing_of_a_plugin_that_nobody_added(ports: Ports) -> None:
    with pytest.raises(NotFoundError):
        ports.plugins.get("stripe-gateway")


def test_add_refuses_the_second_of_two_creators_of_one_name(ports: Ports) -> None:
    ports.plugins.add(a_plugin(owner="first"), a_record())

    with pytest.raises(ConflictError):
        ports.plugins.add(a_plugin(owner="second"), a_record())

    assert ports.plugins.get("stripe-gateway").owner == "first"


def test_a_refused_change_leaves_no_record(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record("register", "deployments/one"))

    with pytest.raises(ConflictError):
        ports.plugins.add(a_plugin(), a_record("register-again", "deployments/one"))

    assert [record.action for record in ports.deployments.timeline("one")] == ["register"]


def test_a_change_whose_record_is_refused_is_not_made(ports: Ports) -> None:
    record = a_record()
    ports.audit.append(record)

    with pytest.raises(ConflictError):
        ports.plugins.add(a_plugin(), record)

    with pytest.raises(NotFoundError):
        ports.plugins.get("stripe-gateway")


def test_save_returns_what_it_stored_with_the_next_revision(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())

    saved = ports.plugins.save(replace(a_plugin(), description="new"), a_record())

    assert saved == ports.plugins.get("stripe-gateway")
    assert (saved.revision, saved.description) == (1, "new")


def test_save_refuses_the_second_of_two_who_read_the_same(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    read = ports.plugins.get("stripe-gateway")
    ports.plugins.save(replace(read, description="first"), a_record())

    with pytest.raises(StaleRevisionError):
        ports.plugins.save(replace(read, description="second"), a_record())

    assert ports.plugins.get("stripe-gateway").description == "first"


def test_save_refuses_a_plugin_that_was_never_added(ports: Ports) -> None:
    with pytest.raises(StaleRevisionError):
        ports.plugins.save(a_plugin(), a_record())


def test_a_deleted_name_is_free_again(ports: Ports) -> None:
    _add_and_remove(ports)
    with pytest.raises(NotFoundError):
        ports.plugins.get("stripe-gateway")

    ports.plugins.add(a_plugin(owner="next", created_at=LATER), a_record())

    assert ports.plugins.get("stripe-gateway").owner == "next"


def test_save_refuses_who_read_the_name_before_it_was_freed_and_taken_again(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    old = ports.plugins.get("stripe-gateway")
    ports.plugins.remove(replace(old, status=PluginStatus.DELETED), a_record())
    ports.plugins.add(a_plugin(owner="next", created_at=LATER), a_record())

    with pytest.raises(StaleRevisionError):
        ports.plugins.save(replace(old, description="of the old one"), a_record())


def test_remove_refuses_a_plugin_that_serves_somewhere(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    deployment = a_deployment()
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    ports.deployments.commit(deployment, a_record(), route=route)

    with pytest.raises(ConflictError):
        ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())

    assert ports.plugins.get("stripe-gateway").status is PluginStatus.ACTIVE


def test_remove_takes_a_plugin_whose_routes_serve_nobody_any_more(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    deployment = a_deployment()
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
    ports.deployments.commit(deployment, a_record(), route=a_route().settle_on(None, fence=1))

    ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())

    with pytest.raises(NotFoundError):
        ports.plugins.get("stripe-gateway")


def test_remove_refuses_who_read_an_older_plugin(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    ports.plugins.save(a_plugin(), a_record())

    with pytest.raises(StaleRevisionError):
        ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())


def test_pages_are_in_the_order_of_names_and_end_exactly(ports: Ports) -> None:
    for name in ("ccc", "aaa", "ddd", "bbb"):
        ports.plugins.add(a_plugin(name), a_record())

    pages = _pages(ports, PluginFilter(), limit=2)

    assert [[plugin.id for plugin in page] for page in pages] == [["aaa", "bbb"], ["ccc", "ddd"]]


def test_filtered_pages_are_full_and_without_deleted_plugins(ports: Ports) -> None:
    for number in range(9):
        ports.plugins.add(a_plugin(f"plugin-{number}", tags=("odd",) if number % 2 else ()), a_record())
    ports.plugins.remove(replace(a_plugin("plugin-1", tags=("odd",)), status=PluginStatus.DELETED), a_record())

    pages = _pages(ports, PluginFilter(type=PluginType.PAYMENT_GATEWAY, tags=("odd",)), limit=2)

    assert [[plugin.id for plugin in page] for page in pages] == [["plugin-3", "plugin-5"], ["plugin-7"]]


def _add_and_remove(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())


def _pages(ports: Ports, wanted: PluginFilter, limit: int) -> list[tuple[Plugin, ...]]:
    pages = [ports.plugins.page(wanted, PageRequest(limit))]
    while pages[-1].next_position is not None:
        pages.append(ports.plugins.page(wanted, PageRequest(limit, pages[-1].next_position)))
    return [page.items for page in pages]
