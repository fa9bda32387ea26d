"""Contract of the blocks of versions: the version and all routes in one write."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.routes import Route
from chalicelib.domain.versions import Notice, Version, VersionStatus
from chalicelib.ports import Ports
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_deployment, a_lease, a_record, a_route, a_target, a_version

PLUGIN = "stripe-gateway"
BLOCKED = Notice("charges twice", "ana", NOW)


def a_moved_route(ports: Ports, environment: str = "Development") -> Route:
    """Let a deployment have put 1.0.0 beside nothing, and made it stable."""
    deployment = a_deployment(environment=environment)
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
    offered = a_route(environment).offer(a_target(), deployment_id=deployment.id, fence=1)
    deployment = ports.deployments.commit(deployment, a_record(), route=offered)
    promoted = offered.promote(fence=1)
    ports.deployments.commit(deployment, a_record(), route=promoted)
    return promoted


def a_blocked_version(ports: Ports) -> Version:
    ports.versions.add(a_version(), a_record())
    return replace(ports.versions.get(PLUGIN, "1.0.0"), status=VersionStatus.BLOCKED, blocked=BLOCKED)


def blocked_routes(route: Route) -> list[Route]:
    others = (a_route(each) for each in Environment if each != route.environment)
    return [each.block("1.0.0", last_good=None) for each in (route, *others)]


def test_version_and_routes_are_written_and_the_block_is_open_until_it_is_closed(outside: Outside) -> None:
    ports = outside.ports
    routes = blocked_routes(a_moved_route(ports))

    saved = ports.blocks.write(a_blocked_version(ports), routes, a_record(at=NOW))

    assert ports.versions.get(PLUGIN, "1.0.0") == saved
    assert (saved.blocked, saved.revision) == (BLOCKED, 1)
    assert set(ports.routes.of_plugin(PLUGIN)) == set(routes)
    for route in routes:
        assert outside.serving.reads.route(PLUGIN, route.environment) == route
        assert (route.blocked, route.targets) == (("1.0.0",), ())
    (opened,) = ports.blocks.opened()
    assert (opened.plugin_id, opened.version, opened.alias, opened.at) == (PLUGIN, "1.0.0", "v1-0-0", NOW)
    for _ in range(2):
        ports.blocks.close(opened)
    assert ports.blocks.opened() == ()


def test_nothing_is_written_when_a_route_was_moved_in_between(ports: Ports) -> None:
    version = a_blocked_version(ports)
    routes = blocked_routes(a_route())
    moved = a_moved_route(ports)

    with pytest.raises(StaleRevisionError):
        ports.blocks.write(version, routes, a_record())

    assert ports.routes.of_plugin(PLUGIN) == (moved,)
    assert ports.versions.get(PLUGIN, "1.0.0").status is VersionStatus.DRAFT
    assert ports.blocks.opened() == ()


def test_nothing_is_written_when_the_version_was_changed_in_between(ports: Ports) -> None:
    version = a_blocked_version(ports)
    ports.versions.save(ports.versions.get(PLUGIN, "1.0.0"), a_record())

    with pytest.raises(StaleRevisionError):
        ports.blocks.write(version, blocked_routes(a_route()), a_record())

    assert ports.routes.of_plugin(PLUGIN) == ()


def test_a_step_that_read_the_route_before_the_block_is_refused(ports: Ports) -> None:
    route = a_moved_route(ports)
    deployment = ports.deployments.get(a_deployment().id)
    ports.blocks.write(a_blocked_version(ports), blocked_routes(route), a_record())

    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(deployment, a_record(), route=route.settle_on(a_target(), fence=1))
