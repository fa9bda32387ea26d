"""Both sides of each port: the fakes, and the real adapters on moto."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from moto import mock_aws

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.ports import Ports, ServingPorts
from chalicelib.settings import Settings
from tests.contracts.tables import STACK, create_tables
from tests.fakes import FakeWorld

BUCKET = "hotswap-artifacts-123456789012"


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


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Make an account in moto with the stack's tables."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(config={"lambda": {"use_docker": False}}):
        create_tables()
        yield Settings(
            stack=STACK,
            account_id="123456789012",
            client_id="client",
            issuer="https://issuer.test",
            jwks_url="https://issuer.test/jwks.json",
            bucket=BUCKET,
        )
