"""What is remembered of Secrets Manager's answers, and what its refusals mean."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.adapters.secrets_manager import SecretsManagerReferences
from chalicelib.domain.errors import TransientError
from chalicelib.domain.secret_references import SecretUnreadableError
from tests.fakes import FakeClock

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:hotswap/acme/stripe-AbCdEf"


class Service:
    """Answers with *value*, or fails with *error*; counts how often it was asked."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self) -> None:
        self.value = "first"
        self.error: Exception | None = None
        self.asked = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS names it
        assert SecretId == ARN
        self.asked += 1
        if self.error is not None:
            raise self.error
        return {"SecretString": self.value}


def made() -> tuple[Service, FakeClock, SecretsManagerReferences]:
    service, clock = Service(), FakeClock()
    return service, clock, SecretsManagerReferences(lambda: service, "hotswap", "123456789012", clock)


def test_a_value_is_asked_for_once_in_five_minutes_and_a_rotated_one_comes_then() -> None:
    service, clock, references = made()
    for _ in range(100):
        assert references.read("acme", ARN) == "first"
    service.value = "rotated"

    assert (references.read("acme", ARN), service.asked) == ("first", 1)
    clock.advance(seconds=300)
    assert (references.read("acme", ARN), service.asked) == ("rotated", 2)


def test_while_the_service_is_away_the_last_value_is_good_for_fifteen_minutes() -> None:
    service, clock, references = made()
    references.read("acme", ARN)
    service.error = EndpointConnectionError(endpoint_url="https://secretsmanager")
    clock.advance(seconds=14 * 60)

    assert references.read("acme", ARN) == "first"
    clock.advance(seconds=60)
    with pytest.raises(TransientError):
        references.read("acme", ARN)


def test_a_check_asks_whatever_is_remembered() -> None:
    service, _, references = made()
    references.read("acme", ARN)
    service.error = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")

    with pytest.raises(SecretUnreadableError):
        references.check("acme", ARN)


def test_what_one_tenant_was_read_is_not_remembered_for_another() -> None:
    _, _, references = made()
    references.read("acme", ARN)

    with pytest.raises(Exception, match="for this tenant"):
        references.read("globex", ARN)


@pytest.mark.parametrize(
    "code", ["ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException", "DecryptionFailure"]
)
def test_a_refusal_that_no_retry_heals_says_what_to_do(code: str) -> None:
    service, _, references = made()
    service.error = ClientError({"Error": {"Code": code}}, "GetSecretValue")

    with pytest.raises(SecretUnreadableError) as refused:
        references.read("acme", ARN)

    assert refused.value.fix


def test_a_throttled_request_may_be_repeated() -> None:
    service, _, references = made()
    service.error = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue")

    with pytest.raises(TransientError):
        references.read("acme", ARN)
