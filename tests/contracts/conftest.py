"""Both sides of each port: the fakes, and the real adapters on moto."""

from collections.abc import Iterator
from dataclasses import dataclass
from secrets import token_hex

import boto3
import pytest
from moto import mock_aws

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.ports import Ports
from chalicelib.serving_ports import ServingPorts
from chalicelib.settings import Settings
from infra.local.emulator import ACCOUNT_ID, REGION, ROOT_KEY, Emulator, start_emulator, stop_emulator
from tests.contracts.tables import STACK, create_tables
from tests.fakes import FakeWorld


@dataclass(frozen=True)
class Outside:
    """One implementation of every port."""

    ports: Ports
    serving: ServingPorts


@pytest.fixture(params=["memory", "moto"])
def outside(request: pytest.FixtureRequest) -> Iterator[Outside]:
    if request.param == "memory":
        world = FakeWorld()
        yield Outside(world.ports, world.serving_ports)
        return
    settings: Settings = request.getfixturevalue("aws")
    yield Outside(bootstrap.connect(settings), bootstrap_serving.connect(settings))


@pytest.fixture
def ports(outside: Outside) -> Ports:
    return outside.ports


@pytest.fixture
def serving(outside: Outside) -> ServingPorts:
    return outside.serving


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Start the emulator for what moto does not do: revisions of functions, signatures, threads."""
    running = start_emulator(log_path=tmp_path_factory.mktemp("contracts") / "emulator.log", preferred_port=0)
    try:
        yield running
    finally:
        stop_emulator(running)


@pytest.fixture
def emulated(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give a stack of its own in the emulator, with tables and a bucket."""
    for name, value in {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    stack = f"contract-{token_hex(4)}"
    settings = settings_of(stack, ACCOUNT_ID)
    create_tables(stack)
    s3 = boto3.Session().client("s3")
    s3.create_bucket(Bucket=settings.bucket)
    s3.put_bucket_versioning(Bucket=settings.bucket, VersioningConfiguration={"Status": "Enabled"})
    return settings


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Make an account in moto with the stack's tables."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(config={"lambda": {"use_docker": False}}):
        create_tables(STACK)
        yield settings_of(STACK, "123456789012")


def settings_of(stack: str, account_id: str) -> Settings:
    """Say what a function of *stack* would be told."""
    return Settings.from_environment(
        {
            "HOTSWAP_STACK": stack,
            "HOTSWAP_ACCOUNT_ID": account_id,
            "HOTSWAP_CLIENT_ID": "client",
            "HOTSWAP_ISSUER": "https://issuer.test",
        }
    )
