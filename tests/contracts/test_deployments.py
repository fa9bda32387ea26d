"""Contract of deployments, their leases and the routes they write."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.deployments import Deployment, DeploymentInProgressError, DeploymentStatus, HealthCheck
from chalicelib.domain.errors import FencedOffError, NotFoundError, StaleRevisionError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.verdicts import Verdict
from chalicelib.ports import Ports
from tests.contracts.things import NOW, a_deployment, a_lease, a_plugin, a_record, a_route, a_target

PLUGIN = "stripe-gateway"


def create(ports: Ports, deployment: Deployment, *, after_seconds: int = 0) -> None:
    now = ports.clock.now() + timedelta(seconds=after_seconds)
    expires_at = (now + timedelta(seconds=900)).isoformat()
    lease = a_lease(deployment, expires_at)
    ports.deployments.create(deployment, lease, a_record("create", f"deployments/{deployment.id}"), now=now)


def test_create_and_commit_keep_every_field(ports: Ports) -> None:
    create(ports, a_deployment())
    plan = a_deployment().plan.begin(0, NOW).complete(0, NOW, Verdict("pass", "well")).begin(1, NOW)
    changed = replace(
        a_deployment(),
        plan=plan,
        status=DeploymentStatus.IN_PROGRESS,
        last_known_good=a_route().offer(a_target(), deployment_id="dep_x", fence=1),
        health_checks=(HealthCheck(NOW, "1.0.0", "ping", "pass", 12.5),),
        previous_version="0.9.0",
        started_at=NOW,
        reason="because",
    )

    saved = ports.deployments.commit(changed, a_record())

    assert saved == replace(changed, revision=1)
    assert ports.deployments.get(changed.id) == saved


def test_get_knows_nothing_of_a_deployment_that_nobody_created(ports: Ports) -> None:
    with pytest.raises(NotFoundError):
        ports.deployments.get("dep_nobody")


def test_create_refuses_the_second_of_two_who_found_the_lease_free(ports: Ports) -> None:
    create(ports, a_deployment(1, fence=1))

    with pytest.raises(DeploymentInProgressError):
        create(ports, a_deployment(2, fence=1))

    lease = ports.deployments.lease(PLUGIN, "Development")
    assert lease is not None
    assert (lease.holder, lease.fence) == (a_deployment(1).id, 1)
    with pytest.raises(NotFoundError):
        ports.deployments.get(a_deployment(2).id)
    assert ports.deployments.timeline(a_deployment(2).id) == ()


def test_create_refuses_while_the_lease_is_held(ports: Ports) -> None:
    create(ports, a_deployment(1, fence=1))

    with pytest.raises(DeploymentInProgressError):
        create(ports, a_deployment(2, fence=2))


def test_create_takes_an_expired_lease_with_the_next_fence_only(ports: Ports) -> None:
    create(ports, a_deployment(1, fence=1))

    with pytest.raises(DeploymentInProgressError):
        create(ports, a_deployment(2, fence=3), after_seconds=900)
    create(ports, a_deployment(3, fence=2), after_seconds=900)

    lease = ports.deployments.lease(PLUGIN, "Development")
    assert lease is not None
    assert (lease.holder, lease.fence) == (a_deployment(3).id, 2)


def test_create_takes_a_released_lease(ports: Ports) -> None:
    create(ports, a_deployment(1, fence=1))
    released = replace(a_lease(a_deployment(1)), holder="")
    ports.deployments.commit(a_deployment(1), a_record(), lease=released)
    assert ports.deployments.lease(PLUGIN, "Development") == released

    create(ports, a_deployment(2, fence=2))

    assert ports.deployments.get(a_deployment(2).id).fence == 2


def test_each_environment_has_a_lease_of_its_own(ports: Ports) -> None:
    create(ports, a_deployment(1))

    create(ports, a_deployment(2, environment="QA"))

    assert ports.deployments.lease(PLUGIN, "Staging") is None


def test_commit_refuses_the_second_of_two_who_read_the_same(ports: Ports) -> None:
    create(ports, a_deployment())
    ports.deployments.commit(replace(a_deployment(), reason="first"), a_record())

    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(replace(a_deployment(), reason="second"), a_record())

    assert ports.deployments.get(a_deployment().id).reason == "first"


def test_commit_writes_nothing_at_all_when_one_part_is_refused(ports: Ports) -> None:
    deployment = a_deployment()
    create(ports, deployment)
    ports.deployments.commit(deployment, a_record())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    renewed = replace(a_lease(deployment), expires_at="2030-01-01T00:00:00.000Z")
    before = ports.deployments.lease(PLUGIN, "Development")

    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(
            deployment, a_record("late", f"deployments/{deployment.id}"), route=route, lease=renewed
        )

    assert ports.routes.get(PLUGIN, "Development") is None
    assert ports.deployments.lease(PLUGIN, "Development") == before
    assert [record.action for record in ports.deployments.timeline(deployment.id)] == ["create"]


def test_commit_fences_off_a_holder_whose_lease_was_taken(ports: Ports) -> None:
    dead = a_deployment(1, fence=1)
    create(ports, dead)
    create(ports, a_deployment(2, fence=2), after_seconds=900)

    with pytest.raises(FencedOffError):
        ports.deployments.commit(dead, a_record(), lease=a_lease(dead))


def test_commit_fences_off_an_old_writer_of_the_route_even_with_the_right_epoch(ports: Ports) -> None:
    old, new = a_deployment(1, fence=1), a_deployment(2, fence=2)
    create(ports, old)
    create(ports, new, after_seconds=900)
    newer = a_route().offer(a_target(), deployment_id=new.id, fence=2)
    ports.deployments.commit(new, a_record(), route=newer)

    with pytest.raises(FencedOffError):
        ports.deployments.commit(old, a_record(), route=newer._replace(epoch=2, fence=1))

    assert ports.routes.get(PLUGIN, "Development") == newer


@pytest.mark.parametrize("epoch", [1, 3])
def test_commit_refuses_a_route_that_does_not_follow_the_stored_one(ports: Ports, epoch: int) -> None:
    deployment = a_deployment()
    create(ports, deployment)
    first = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)
    deployment = ports.deployments.commit(deployment, a_record(), route=first)

    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(deployment, a_record(), route=first._replace(epoch=epoch))

    assert ports.routes.get(PLUGIN, "Development") == first


def test_commit_refuses_a_first_route_of_a_later_epoch(ports: Ports) -> None:
    create(ports, a_deployment())

    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(a_deployment(), a_record(), route=a_route()._replace(epoch=2, fence=1))


def test_commit_refuses_to_route_to_a_plugin_that_was_deleted_meanwhile(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    deployment = a_deployment()
    create(ports, deployment)
    ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())
    route = a_route().offer(a_target(), deployment_id=deployment.id, fence=1)

    with pytest.raises(NotFoundError):
        ports.deployments.commit(deployment, a_record(), route=route)

    assert ports.routes.get(PLUGIN, "Development") is None


def test_commit_takes_every_tenant_off_a_plugin_that_was_deleted_meanwhile(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())
    deployment = a_deployment()
    create(ports, deployment)
    ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), a_record())
    nobody = a_route().settle_on(None, fence=1)

    ports.deployments.commit(deployment, a_record(), route=nobody)

    assert ports.routes.get(PLUGIN, "Development") == nobody


def test_routes_of_a_plugin_come_in_the_order_of_the_ladder(ports: Ports) -> None:
    for number, environment in enumerate(("Staging", "Development", "QA"), 1):
        deployment = a_deployment(number, environment=environment)
        create(ports, deployment)
        route = a_route(environment).offer(a_target(), deployment_id=deployment.id, fence=1).promote(fence=1)
        ports.deployments.commit(deployment, a_record(), route=route._replace(epoch=1))

    routes = ports.routes.of_plugin(PLUGIN)

    assert [route.environment for route in routes] == ["Development", "QA", "Staging"]
    assert routes[0].stable == a_target()
    assert ports.routes.of_plugin("stripe") == ()


def test_pages_go_from_the_newest_and_filter(ports: Ports) -> None:
    for number, environment in enumerate(("Development", "QA", "Staging", "Production")):
        create(ports, a_deployment(number, environment=environment))
    other = replace(a_deployment(9, environment="QA"), plugin_id="other-plugin")
    create(ports, other)
    failed = replace(a_deployment(1, environment="QA"), status=DeploymentStatus.FAILED)
    ports.deployments.commit(failed, a_record())

    assert numbers(ports) == [9, 3, 2, 1, 0]
    assert numbers(ports, plugin_id=PLUGIN) == [3, 2, 1, 0]
    assert numbers(ports, environment="QA") == [9, 1]
    assert numbers(ports, plugin_id=PLUGIN, environment="QA") == [1]
    assert numbers(ports, status="Failed") == [1]
    assert numbers(ports, plugin_id="nothing") == []


def test_timeline_is_of_one_deployment_and_oldest_first(ports: Ports) -> None:
    for at, action, resource in (
        ("2026-11-22T15:00:02.000Z", "second", "deployments/dep_1"),
        ("2026-11-22T15:00:01.000Z", "first", "deployments/dep_1"),
        ("2026-11-22T15:00:01.500Z", "foreign", "deployments/dep_10"),
    ):
        ports.audit.append(replace(a_record(action, resource, at), before={"a": 1}, after={"a": 0.5}, reason="why"))

    timeline = ports.deployments.timeline("dep_1")

    assert [record.action for record in timeline] == ["first", "second"]
    assert timeline[0].after == {"a": 0.5}
    assert timeline[0].roles == ("Admin",)


def numbers(
    ports: Ports, plugin_id: str | None = None, environment: str | None = None, status: str | None = None
) -> list[int]:
    found: list[Deployment] = []
    request = PageRequest(2)
    while True:
        page = ports.deployments.page(request, plugin_id=plugin_id, environment=environment, status=status)
        found.extend(page.items)
        if page.next_position is None:
            return [int(deployment.id.removeprefix("dep_")) for deployment in found]
        request = PageRequest(2, page.next_position)


def test_what_has_ended_is_listed_while_it_is_looked_after(ports: Ports) -> None:
    create(ports, a_deployment())
    live = replace(a_deployment(), last_known_good=a_route(), sent_back=("1a", "2b"))
    assert list(ports.deployments.watched()) == []

    ended = ports.deployments.commit(live.end(DeploymentStatus.COMPLETED, "done", NOW), a_record())
    assert list(ports.deployments.watched()) == [ended]
    assert ended.is_watched
    assert ended.sent_back == ("1a", "2b")

    noted = ports.deployments.commit(replace(ended, regressed_at=NOW), a_record())
    assert ports.deployments.get(noted.id) == noted
    ports.deployments.commit(replace(noted, is_watched=False), a_record())
    assert list(ports.deployments.watched()) == []
