"""Races: many at once want what only one can have. On the emulator the writers are real connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.domain.errors import ConflictError, DomainError, FencedOffError, StaleRevisionError, TransientError
from chalicelib.domain.plugins import PluginStatus
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.contracts.things import (
    NOW,
    a_deployment,
    a_lease,
    a_plugin,
    a_record,
    a_route,
    a_target,
    a_tenant,
    a_version,
    an_installation,
)
from tests.fakes import FakeWorld

PLUGIN = "stripe-gateway"
RACERS = 8


@pytest.fixture(params=["memory", pytest.param("emulator", marks=pytest.mark.loopback)])
def outside(request: pytest.FixtureRequest) -> Iterator[Outside]:
    if request.param == "memory":
        world = FakeWorld()
        yield Outside(world.ports, world.serving_ports)
        return
    settings: Settings = request.getfixturevalue("emulated")
    yield Outside(bootstrap.connect(settings), bootstrap_serving.connect(settings))


def race(attempt: Callable[[int], object]) -> list[type[Exception] | None]:
    """Let all racers try at once; return what each got: None for having won."""
    start = Barrier(RACERS)

    def run(number: int) -> type[Exception] | None:
        start.wait(timeout=10)
        try:
            attempt(number)
        except (DomainError, TransientError) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_one_of_many_creators_gets_the_name(outside: Outside) -> None:
    plugins = outside.ports.plugins

    results = race(lambda number: plugins.add(a_plugin(owner=f"dev-{number}"), a_record("add", "plugins/race")))

    winner = results.index(None)
    assert results.count(None) == 1
    assert {result for result in results if result} <= {ConflictError, TransientError}
    assert plugins.get(PLUGIN).owner == f"dev-{winner}"


def test_one_of_many_creators_gets_the_version_number(outside: Outside) -> None:
    versions = outside.ports.versions

    results = race(lambda number: versions.add(a_version(created_by=f"dev-{number}"), a_record()))

    assert results.count(None) == 1
    assert versions.get(PLUGIN, "1.0.0").created_by == f"dev-{results.index(None)}"


def test_one_of_many_deployments_gets_the_lease_and_only_it_exists(outside: Outside) -> None:
    deployments = outside.ports.deployments
    now = outside.ports.clock.now()

    def create(number: int) -> None:
        deployment = a_deployment(number)
        lease = a_lease(deployment, "2099-01-01T00:00:00.000Z")
        deployments.create(deployment, lease, a_record("create", f"deployments/{deployment.id}"), now=now)

    results = race(create)

    winner = results.index(None)
    lease = deployments.lease(PLUGIN, "Development")
    assert results.count(None) == 1
    assert lease is not None
    assert lease.holder == a_deployment(winner).id
    recorded = [number for number in range(RACERS) if deployments.timeline(a_deployment(number).id)]
    assert recorded == [winner]


def test_of_many_writers_of_one_route_each_epoch_has_one(outside: Outside) -> None:
    deployments = outside.ports.deployments
    now = outside.ports.clock.now()
    deployment = a_deployment()
    deployments.create(deployment, a_lease(deployment), a_record(), now=now)

    def commit(number: int) -> None:
        route = a_route().offer(a_target(lambda_version=str(number)), deployment_id=deployment.id, fence=1)
        deployments.commit(deployment, a_record(), route=route)

    results = race(commit)

    route = outside.ports.routes.get(PLUGIN, "Development")
    assert results.count(None) == 1
    assert {result for result in results if result} <= {StaleRevisionError, FencedOffError, TransientError}
    assert route is not None
    assert route.candidate == a_target(lambda_version=str(results.index(None)))


def test_of_a_delete_and_a_deployment_exactly_one_wins(outside: Outside) -> None:
    ports = outside.ports
    ports.plugins.add(a_plugin(), a_record())
    deployment = a_deployment()
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    tombstone = replace(a_plugin(), status=PluginStatus.DELETED)

    def attempt(number: int) -> None:
        if number % 2:
            ports.plugins.remove(tombstone, a_record())
        else:
            ports.deployments.commit(deployment, a_record(), route=route)

    results = race(attempt)

    is_deleted = None in results[1::2]
    is_routed = None in results[0::2]
    assert is_deleted != is_routed
    assert (ports.routes.get(PLUGIN, "Development") is not None) == is_routed


def test_one_of_many_calls_stores_state_of_one_revision(outside: Outside) -> None:
    states = outside.serving.states
    outside.ports.tenants.add(a_tenant(), a_record())
    outside.ports.installations.put("acme", an_installation(), a_record())

    results = race(lambda number: states.store("acme", PLUGIN, {"by": number}, revision=0, installed_at=NOW))

    assert results.count(None) == 1
    assert states.load("acme", PLUGIN) == ({"by": results.index(None)}, 1)
