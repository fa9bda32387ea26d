"""Contracts of what the alias sweep stands on: all routes in one listing, and aliases that are mended or left."""

from dataclasses import dataclass, replace
from datetime import datetime

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import TransientError
from chalicelib.domain.mirrors import mirror_of
from chalicelib.domain.routes import Route
from chalicelib.ports import AliasMirrors, PluginFunctions, Ports
from chalicelib.settings import Settings
from tests.contracts.test_functions import LAMBDA_MAY_ASSUME, PLUGIN, a_build, publish
from tests.contracts.things import NOW, a_deployment, a_lease, a_record, a_route, a_target
from tests.fakes import FakeWorld

STABLE = Route(PLUGIN, "Development", "salt", stable=a_target("1.0.0", "1"), epoch=4)
SPLIT = STABLE._replace(candidate=a_target("2.0.0", "2"), candidate_bps=2_500, epoch=5)


@dataclass(frozen=True)
class Aliases:
    """A plugin with two published versions, and both doors to its aliases."""

    functions: PluginFunctions
    mirrors: AliasMirrors


@pytest.fixture(params=["memory", pytest.param("emulator", marks=pytest.mark.loopback)])
def aliases(request: pytest.FixtureRequest) -> Aliases:
    if request.param == "memory":
        world = FakeWorld()
        for number in ("1", "2"):
            world.artifacts.put_build(f"builds/{number}.zip", a_build(number))
        ports = world.ports
    else:
        settings: Settings = request.getfixturevalue("emulated")
        boto3.Session().client("iam").create_role(
            RoleName=f"{settings.stack}-plugin", AssumeRolePolicyDocument=LAMBDA_MAY_ASSUME
        )
        for number in ("1", "2"):
            boto3.Session().client("s3").put_object(
                Bucket=settings.bucket, Key=f"builds/{number}.zip", Body=a_build(number)
            )
        ports = bootstrap.connect(settings)
    publish(ports.functions, "1")
    publish(ports.functions, "2")
    return Aliases(ports.functions, ports.mirrors)


def test_every_route_is_in_the_one_listing(ports: Ports) -> None:
    at = datetime.fromisoformat(NOW)
    written = []
    for number, environment in enumerate(("Development", "QA"), 1):
        deployment = a_deployment(number, environment=environment)
        ports.deployments.create(deployment, a_lease(deployment), a_record(), now=at)
        route = a_route(environment).offer(a_target(), deployment_id=deployment.id, fence=1)
        ports.deployments.commit(replace(deployment, revision=0), a_record(), route=route)
        written.append(route)

    assert list(ports.routes.everywhere()) == written


def test_an_alias_shows_what_was_mirrored(aliases: Aliases) -> None:
    assert aliases.mirrors.shown(PLUGIN, "Development") is None
    assert aliases.mirrors.shown("never-published", "Development") is None

    for route in (STABLE, SPLIT):
        aliases.functions.mirror(route)
        assert aliases.mirrors.shown(PLUGIN, "Development") == mirror_of(route)


def test_r17_an_alias_is_mended_even_if_it_claims_a_later_route(aliases: Aliases) -> None:
    aliases.functions.mirror(SPLIT._replace(epoch=999))

    aliases.mirrors.mend(STABLE, aliases.mirrors.shown(PLUGIN, "Development"))

    assert aliases.mirrors.shown(PLUGIN, "Development") == mirror_of(STABLE)


def test_r17_an_alias_that_was_moved_since_it_was_seen_is_left_alone(aliases: Aliases) -> None:
    aliases.functions.mirror(STABLE)
    seen = aliases.mirrors.shown(PLUGIN, "Development")
    aliases.functions.mirror(SPLIT)

    with pytest.raises(TransientError):
        aliases.mirrors.mend(STABLE, seen)

    assert aliases.mirrors.shown(PLUGIN, "Development") == mirror_of(SPLIT)


def test_an_alias_that_is_absent_is_made_and_one_of_nobody_goes(aliases: Aliases) -> None:
    aliases.mirrors.mend(SPLIT, None)
    assert aliases.mirrors.shown(PLUGIN, "Development") == mirror_of(SPLIT)

    aliases.mirrors.mend(STABLE._replace(stable=None), aliases.mirrors.shown(PLUGIN, "Development"))

    assert aliases.mirrors.shown(PLUGIN, "Development") is None
