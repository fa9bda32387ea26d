"""Contract of the key that signs overrides: one a stack, the same for who signs and who verifies."""

from collections.abc import Iterator

import boto3
import pytest

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.contracts.tables import STACK
from tests.fakes import FakeWorld


@pytest.fixture(params=["memory", "moto"])
def sealed(request: pytest.FixtureRequest) -> Iterator[Outside]:
    """Give both sides of a stack that has a key at the key service."""
    if request.param == "memory":
        world = FakeWorld()
        yield Outside(world.ports, world.serving_ports)
        return
    settings: Settings = request.getfixturevalue("aws")
    make_key()
    yield Outside(bootstrap.connect(settings), bootstrap_serving.connect(settings))


def make_key() -> None:
    kms = boto3.client("kms")
    kms.create_alias(AliasName=f"alias/{STACK}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


def test_there_is_none_before_the_first_override_and_then_it_is_the_same_everywhere(sealed: Outside) -> None:
    assert sealed.serving.override_key.find() is None

    made = sealed.ports.override_key.ensure()

    assert len(made) >= 16
    assert sealed.ports.override_key.ensure() == made
    assert sealed.serving.override_key.find() == made


def test_a_second_process_takes_the_key_of_the_first(aws: Settings) -> None:
    make_key()
    one, other = (bootstrap.connect(aws).override_key for _ in range(2))

    assert one.ensure() == other.ensure()


def test_the_key_lies_encrypted_in_the_table(aws: Settings) -> None:
    make_key()
    made = bootstrap.connect(aws).override_key.ensure()

    item = boto3.resource("dynamodb").Table(aws.table("routing")).get_item(Key={"pk": "key", "sk": "override"})["Item"]
    assert made not in bytes(item["sealed"].value)  # type: ignore[union-attr]
