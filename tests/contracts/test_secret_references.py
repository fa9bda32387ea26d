"""Contract of secrets that stay in Secrets Manager: read for the tenant whose name they bear, and for no other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.domain.errors import UnprocessableError, ValidationError
from chalicelib.domain.secret_references import SecretUnreadableError
from chalicelib.ports import SecretReferences
from chalicelib.settings import Settings
from tests.fakes.identity import FakeSecretReferences

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"


@dataclass(frozen=True)
class Manager:
    """Secrets Manager, and the port that reads it; *keep* makes a secret (None: of bytes) and gives its ARN."""

    references: SecretReferences
    keep: Callable[[str, str | None], str]


@pytest.fixture(params=["memory", "moto"])
def manager(request: pytest.FixtureRequest) -> Iterator[Manager]:
    if request.param == "memory":
        fake = FakeSecretReferences()

        def keep(name: str, value: str | None) -> str:
            fake.values[f"{ARN}{name}-AbCdEf"] = value
            return f"{ARN}{name}-AbCdEf"

        yield Manager(fake, keep)
        return
    settings: Settings = request.getfixturevalue("aws")
    client = boto3.client("secretsmanager")

    def create(name: str, value: str | None) -> str:
        if value is None:
            return str(client.create_secret(Name=name, SecretBinary=b"\x00")["ARN"])
        return str(client.create_secret(Name=name, SecretString=value)["ARN"])

    yield Manager(bootstrap.connect(settings).references, create)


def test_a_tenants_secret_is_read(manager: Manager) -> None:
    arn = manager.keep("hotswap/acme/stripe", "sk_live_ü")

    manager.references.check("acme", arn)

    assert manager.references.read("acme", arn) == "sk_live_ü"


@pytest.mark.parametrize("name", ["hotswap/globex/stripe", "hotswap/acme-two/stripe", "acme/stripe", "hotswap/acme"])
def test_a_secret_whose_name_is_not_the_tenants_is_not_read_though_it_is_there(manager: Manager, name: str) -> None:
    arn = manager.keep(name, "not yours")

    for attempt in (manager.references.read, manager.references.check):
        with pytest.raises(UnprocessableError) as refused:
            attempt("acme", arn)
        assert "hotswap/acme/" in refused.value.fix
        assert "not yours" not in str(refused.value)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hotswap/acme/stripe-AbCdEf",
        "arn:aws:secretsmanager:us-east-1:210987654321:secret:hotswap/acme/stripe-AbCdEf",
    ],
)
def test_a_secret_of_another_region_or_account_is_refused(manager: Manager, arn: str) -> None:
    with pytest.raises(UnprocessableError) as refused:
        manager.references.read("acme", arn)

    assert "us-east-1" in refused.value.fix


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "hotswap/acme/stripe",
        f"{ARN}hotswap/acme/stripe",
        f"{ARN}hotswap/acme/../globex/x-AbCdEf\n",
        f"{ARN}hotswap/acme/*",
        "arn:aws:kms:us-east-1:123456789012:key/hotswap/acme/stripe-AbCdEf",
    ],
)
def test_what_is_no_arn_of_a_secret_is_refused(manager: Manager, arn: str) -> None:
    with pytest.raises(ValidationError) as refused:
        manager.references.check("acme", arn)

    assert refused.value.errors[0].field == "/reference"


def test_a_secret_that_is_not_there_or_is_no_text_is_told_as_such(manager: Manager) -> None:
    for arn in (f"{ARN}hotswap/acme/nothing-AbCdEf", manager.keep("hotswap/acme/bytes", None)):
        with pytest.raises(SecretUnreadableError) as refused:
            manager.references.check("acme", arn)

        assert refused.value.fix
