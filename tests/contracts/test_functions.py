"""Contract of the functions of plugins, but for calls, which need something that runs (tests/stack)."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from zipfile import ZipFile

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import ConflictError, PluginFailedError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.isolation import IsolationFixedError
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.routes import Route
from chalicelib.ports import PluginFunctions
from chalicelib.settings import Settings
from tests.contracts.things import a_target
from tests.fakes import FakeWorld
from tests.fakes.functions import FakePluginFunctions

PLUGIN = "stripe-gateway"
LAMBDA_MAY_ASSUME = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"""
HANDLER = """
import os, sys, time
def handle(event, context):
    print("called", file=sys.stderr)
    operation = event.get("operation")
    if operation == "raise":
        raise RuntimeError("secret words")
    if operation == "exit":
        os._exit(3)
    if operation == "sleep":
        time.sleep(30)
    if operation == "rubbish":
        return ["not", "the", "runtime's"]
    return {"ok": True, "result": {"input": event.get("input")}, "version": "NUMBER.0.0"}
"""


@dataclass(frozen=True)
class Lambda:
    """Functions, and what the alias of Development shares (Lambda version → basis points)."""

    functions: PluginFunctions
    stack: str = ""

    def shares(self) -> dict[str, int]:
        if isinstance(self.functions, type(FakeWorld().functions)):
            return self.functions.weights(PLUGIN, Environment.DEVELOPMENT)
        name = f"{self.stack}-plugin-{PLUGIN}"
        alias = boto3.Session().client("lambda").get_alias(FunctionName=name, Name="development")
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        others = {version: round(weight * 10_000) for version, weight in weights.items()}
        return {alias["FunctionVersion"]: 10_000 - sum(others.values()), **others}


@pytest.fixture(params=["memory", pytest.param("emulator", marks=pytest.mark.loopback)])
def outside_lambda(request: pytest.FixtureRequest) -> Iterator[Lambda]:
    if request.param == "memory":
        world = FakeWorld()
        for number in ("1", "2"):
            world.artifacts.put_build(f"builds/{number}.zip", a_build(number))
        yield Lambda(world.functions)
        return
    settings: Settings = request.getfixturevalue("emulated")
    boto3.Session().client("iam").create_role(
        RoleName=f"{settings.stack}-plugin", AssumeRolePolicyDocument=LAMBDA_MAY_ASSUME
    )
    s3 = boto3.Session().client("s3")
    for number in ("1", "2"):
        s3.put_object(Bucket=settings.bucket, Key=f"builds/{number}.zip", Body=a_build(number))
    yield Lambda(bootstrap.connect(settings).functions, settings.stack)


@pytest.fixture
def functions(outside_lambda: Lambda) -> PluginFunctions:
    return outside_lambda.functions


def a_build(number: str) -> bytes:
    """Make a package whose handler answers as the runtime does; operations name what goes wrong."""
    content = BytesIO()
    with ZipFile(content, "w") as package:
        package.writestr("_hotswap/handler.py", HANDLER.replace("NUMBER", number))
    return content.getvalue()


def a_manifest(number: str, isolation: Literal["shared", "per_tenant"] = "shared") -> Manifest:
    return Manifest(
        name=PLUGIN,
        version=f"{number}.0.0",
        type=PluginType.PAYMENT_GATEWAY,
        entry_point="gateway:handle",
        isolation=isolation,
    )


def publish(functions: PluginFunctions, number: str, isolation: Literal["shared", "per_tenant"] = "shared") -> str:
    manifest = a_manifest(number, isolation)
    staged = functions.stage(PLUGIN, f"builds/{number}.zip", manifest, label=f"{number}.0.0")
    return functions.publish(PLUGIN, staged, label=f"{number}.0.0").lambda_version


def test_each_build_is_published_as_a_version_of_its_own(functions: PluginFunctions) -> None:
    first, second = publish(functions, "1"), publish(functions, "2")

    functions.put_version_alias(PLUGIN, "v1-0-0", first)
    functions.put_version_alias(PLUGIN, "v2-0-0", second)

    one, two = (functions.find_version_alias(PLUGIN, alias) for alias in ("v1-0-0", "v2-0-0"))
    assert one is not None
    assert two is not None
    assert (one.lambda_version, two.lambda_version) == (first, second)
    assert one.code_sha256 != two.code_sha256


def test_r19_publish_refuses_when_another_version_was_staged_in_between(functions: PluginFunctions) -> None:
    manifest = Manifest(name=PLUGIN, version="1.0.0", type=PluginType.OTHER, entry_point="gateway:handle")
    staged = functions.stage(PLUGIN, "builds/1.zip", manifest, label="1.0.0")
    functions.stage(PLUGIN, "builds/2.zip", manifest, label="2.0.0")

    with pytest.raises(TransientError):
        functions.publish(PLUGIN, staged, label="1.0.0")


def test_a_versions_alias_never_moves(functions: PluginFunctions) -> None:
    first, second = publish(functions, "1"), publish(functions, "2")
    functions.put_version_alias(PLUGIN, "v1-0-0", first)

    functions.put_version_alias(PLUGIN, "v1-0-0", first)
    with pytest.raises(ConflictError):
        functions.put_version_alias(PLUGIN, "v1-0-0", second)

    found = functions.find_version_alias(PLUGIN, "v1-0-0")
    assert found is not None
    assert found.lambda_version == first


def test_an_alias_is_not_found_before_it_is_made(functions: PluginFunctions) -> None:
    assert functions.find_version_alias(PLUGIN, "v1-0-0") is None
    publish(functions, "1")
    assert functions.find_version_alias(PLUGIN, "v1-0-0") is None


def test_a_versions_alias_is_removed_alone_and_twice_is_the_same(functions: PluginFunctions) -> None:
    functions.put_version_alias(PLUGIN, "v1-0-0", publish(functions, "1"))
    functions.put_version_alias(PLUGIN, "v2-0-0", publish(functions, "2"))

    functions.remove_version_alias(PLUGIN, "v1-0-0")
    functions.remove_version_alias(PLUGIN, "v1-0-0")
    functions.remove_version_alias("never-published", "v1-0-0")

    assert functions.find_version_alias(PLUGIN, "v1-0-0") is None
    assert functions.find_version_alias(PLUGIN, "v2-0-0") is not None


def test_the_environments_alias_shows_every_step_of_a_route(outside_lambda: Lambda) -> None:
    functions = outside_lambda.functions
    publish(functions, "1")
    publish(functions, "2")
    stable = Route(PLUGIN, "Development", "salt", stable=a_target("1.0.0", "1"))
    offered = stable.offer(a_target("2.0.0", "2"), deployment_id="dep", fence=1)
    shifted = offered.shift(2_500, fence=1)
    full = shifted.shift(10_000, fence=1)
    seen = []

    for route in (offered, shifted, full, full.promote(fence=1), full.settle_on(stable.stable, fence=1)):
        functions.mirror(route)
        seen.append(outside_lambda.shares())

    assert seen == [{"1": 10_000}, {"1": 7_500, "2": 2_500}, {"2": 10_000}, {"2": 10_000}, {"1": 10_000}]


def test_a_mirror_that_comes_late_changes_nothing(outside_lambda: Lambda) -> None:
    functions = outside_lambda.functions
    publish(functions, "1")
    publish(functions, "2")
    stable = Route(PLUGIN, "Development", "salt", stable=a_target("1.0.0", "1"))
    shifted = stable.offer(a_target("2.0.0", "2"), deployment_id="dep", fence=1).shift(2_500, fence=1)
    functions.mirror(shifted.settle_on(stable.stable, fence=1))

    functions.mirror(shifted)

    assert outside_lambda.shares() == {"1": 10_000}


def test_the_environments_alias_goes_when_nobody_serves(functions: PluginFunctions) -> None:
    publish(functions, "1")
    route = Route(PLUGIN, "Development", "salt", stable=a_target("1.0.0", "1"))
    functions.mirror(route)

    functions.mirror(route._replace(stable=None, epoch=1))
    functions.mirror(route._replace(stable=None, epoch=1))

    assert functions.find_version_alias(PLUGIN, "development") is None


def test_deleting_a_function_twice_is_the_same(functions: PluginFunctions) -> None:
    version = publish(functions, "1")
    functions.put_version_alias(PLUGIN, "v1-0-0", version)

    functions.delete(PLUGIN)
    functions.delete(PLUGIN)

    assert functions.find_version_alias(PLUGIN, "v1-0-0") is None


def test_a_call_of_what_is_not_there_fails_as_the_plugins_failure(functions: PluginFunctions) -> None:
    with pytest.raises(PluginFailedError):
        functions.call(PLUGIN, "v1-0-0", {"operation": "charge"})


def test_a_call_reaches_the_version_that_its_alias_names(functions: PluginFunctions) -> None:
    functions.put_version_alias(PLUGIN, "v1-0-0", publish(functions, "1"))
    functions.put_version_alias(PLUGIN, "v2-0-0", publish(functions, "2"))

    answers = [functions.call(PLUGIN, alias, {"operation": "charge"}) for alias in ("v1-0-0", "v2-0-0", "v1-0-0")]

    assert [answer["version"] for answer in answers] == ["1.0.0", "2.0.0", "1.0.0"]


def started_of(outside_lambda: Lambda, alias: str) -> int:
    """Tell how many containers are kept started for an alias."""
    if isinstance(outside_lambda.functions, FakePluginFunctions):
        return outside_lambda.functions.functions[PLUGIN].started.get(alias, 0)
    client = boto3.Session().client("lambda")
    try:
        found = client.get_provisioned_concurrency_config(
            FunctionName=f"{outside_lambda.stack}-plugin-{PLUGIN}", Qualifier=alias
        )
    except client.exceptions.ProvisionedConcurrencyConfigNotFoundException:
        return 0
    return found["RequestedProvisionedConcurrentExecutions"]


def test_r16_containers_belong_to_the_versions_alias_and_never_to_the_weighted_one(outside_lambda: Lambda) -> None:
    functions = outside_lambda.functions
    first, _second = publish(functions, "1"), publish(functions, "2")
    functions.put_version_alias(PLUGIN, "v1-0-0", first)

    for _ in range(2):
        functions.keep_started(PLUGIN, "v1-0-0", 2)
    stable = Route(PLUGIN, "Development", "salt", stable=a_target("1.0.0", "1"))
    functions.mirror(stable.offer(a_target("2.0.0", "2"), deployment_id="dep", fence=1).shift(2_500, fence=1))

    assert started_of(outside_lambda, "v1-0-0") == 2
    assert started_of(outside_lambda, "development") == 0


def test_containers_are_released_and_the_version_can_still_be_called(outside_lambda: Lambda) -> None:
    functions = outside_lambda.functions
    functions.put_version_alias(PLUGIN, "v1-0-0", publish(functions, "1"))
    functions.keep_started(PLUGIN, "v1-0-0", 2)

    for _ in range(2):
        functions.release_started(PLUGIN, "v1-0-0")
    functions.release_started(PLUGIN, "v9-0-0")
    functions.release_started("no-such-plugin", "v1-0-0")

    assert started_of(outside_lambda, "v1-0-0") == 0
    assert functions.call(PLUGIN, "v1-0-0", {"operation": "charge"})["ok"] is True


def test_containers_stop_with_the_versions_alias(outside_lambda: Lambda) -> None:
    functions = outside_lambda.functions
    version = publish(functions, "1")
    functions.put_version_alias(PLUGIN, "v1-0-0", version)
    functions.keep_started(PLUGIN, "v1-0-0", 2)

    functions.remove_version_alias(PLUGIN, "v1-0-0")

    functions.put_version_alias(PLUGIN, "v1-0-0", version)
    assert started_of(outside_lambda, "v1-0-0") == 0


def test_a_function_isolates_as_it_was_made_to_and_takes_no_build_that_asks_for_the_other(
    functions: PluginFunctions,
) -> None:
    functions.put_version_alias(PLUGIN, "v1-0-0", publish(functions, "1", "per_tenant"))

    with pytest.raises(IsolationFixedError) as caught:
        functions.stage(PLUGIN, "builds/2.zip", a_manifest("2"), label="2.0.0")

    assert '"isolation": "per_tenant"' in caught.value.fix
    functions.put_version_alias(PLUGIN, "v2-0-0", publish(functions, "2", "per_tenant"))
    for tenant in ("acme", "_health-check", "acme"):
        assert functions.call(PLUGIN, "v1-0-0", {"operation": "charge"}, isolated_for=tenant)["version"] == "1.0.0"


def test_a_function_that_is_shared_takes_no_build_that_asks_for_isolation(functions: PluginFunctions) -> None:
    publish(functions, "1")

    with pytest.raises(IsolationFixedError) as caught:
        functions.stage(PLUGIN, "builds/2.zip", a_manifest("2", "per_tenant"), label="2.0.0")

    assert '"isolation": "shared"' in caught.value.fix
