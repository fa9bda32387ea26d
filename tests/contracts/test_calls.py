"""How a call of a plugin can go wrong, on the emulator."""

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.lambda_caller import LambdaCaller
from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.manifest import Manifest, Resources
from chalicelib.domain.plugins import PluginType
from chalicelib.settings import Settings
from tests.contracts.test_functions import LAMBDA_MAY_ASSUME, PLUGIN, a_build

pytestmark = pytest.mark.loopback


@pytest.fixture
def caller(emulated: Settings) -> LambdaCaller:
    """Give a caller, and a version 1.0.0 that has a second to answer."""
    boto3.Session().client("iam").create_role(
        RoleName=f"{emulated.stack}-plugin", AssumeRolePolicyDocument=LAMBDA_MAY_ASSUME
    )
    ports = bootstrap.connect(emulated)
    ports.artifacts.put_build("builds/1.zip", a_build("1"))
    manifest = Manifest(
        name=PLUGIN,
        version="1.0.0",
        type=PluginType.OTHER,
        entry_point="gateway:handle",
        resources=Resources(timeout_seconds=1),
    )
    staged = ports.functions.stage(PLUGIN, "builds/1.zip", manifest, label="1.0.0")
    published = ports.functions.publish(PLUGIN, staged, label="1.0.0")
    ports.functions.put_version_alias(PLUGIN, "v1-0-0", published.lambda_version)
    return LambdaCaller(Lazy(lambda: aws_clients.lambda_calls(aws_clients.INVOKE_SECONDS)), emulated.stack)


def test_the_answer_of_the_runtime_comes_back_as_it_is(caller: LambdaCaller) -> None:
    answer = caller.call(PLUGIN, "v1-0-0", {"operation": "charge", "input": {"amount": 0.5, "name": "ü"}})

    assert answer == {"ok": True, "result": {"input": {"amount": 0.5, "name": "ü"}}, "version": "1.0.0"}


@pytest.mark.parametrize("operation", ["raise", "exit", "rubbish"])
def test_a_plugin_that_dies_or_talks_nonsense_has_failed_and_its_words_stay_inside(
    caller: LambdaCaller, operation: str
) -> None:
    with pytest.raises(PluginFailedError) as caught:
        caller.call(PLUGIN, "v1-0-0", {"operation": operation})

    assert "secret words" not in f"{caught.value.detail}{caught.value.fix}"


def test_a_plugin_that_takes_longer_than_its_time_has_timed_out(caller: LambdaCaller) -> None:
    with pytest.raises(PluginTimeoutError):
        caller.call(PLUGIN, "v1-0-0", {"operation": "sleep"})


def test_a_version_that_is_not_there_has_failed(caller: LambdaCaller) -> None:
    with pytest.raises(PluginFailedError):
        caller.call(PLUGIN, "v9-0-0", {"operation": "charge"})
