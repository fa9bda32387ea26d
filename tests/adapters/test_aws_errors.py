"""Which errors of AWS a retry may heal."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from pynamodb.exceptions import GetError, VerboseClientError

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.errors import ConflictError, TransientError


def client_error(code: str, status: int = 400) -> ClientError:
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")  # type: ignore[typeddict-item]


def through_pynamodb(error: ClientError) -> GetError:
    """Wrap as PynamoDB does: its own error around a second one, which has lost the status."""
    verbose = VerboseClientError({"Error": error.response["Error"]}, "GetItem")
    verbose.__cause__ = error
    return GetError("failed", verbose)


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("TooManyRequestsException", 429),
        client_error("SlowDown", 503),
        client_error("ServiceException", 500),
        client_error("Anything", 502),
        through_pynamodb(client_error("ProvisionedThroughputExceededException")),
        through_pynamodb(client_error("InternalServerError", 500)),
        EndpointConnectionError(endpoint_url="https://aws.test"),
        ConnectTimeoutError(endpoint_url="https://aws.test"),
        ReadTimeoutError(endpoint_url="https://aws.test"),
        GetError("failed", EndpointConnectionError(endpoint_url="https://aws.test")),
    ],
    ids=repr,
)
def test_what_a_retry_may_heal_becomes_transient_and_keeps_its_cause(error: Exception) -> None:
    with pytest.raises(TransientError) as caught, translated("Lambda"):
        raise error

    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        client_error("AccessDeniedException", 403),
        client_error("ValidationException"),
        through_pynamodb(client_error("ResourceNotFoundException")),
        ConflictError("taken"),
        KeyError("x"),
    ],
    ids=repr,
)
def test_anything_else_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, translated("Lambda"):
        raise error

    assert caught.value is error


def test_the_code_is_found_through_every_wrapping() -> None:
    error = client_error("ResourceNotFoundException")

    assert [code_of(one) for one in (error, through_pynamodb(error), KeyError("x"))] == [
        "ResourceNotFoundException",
        "ResourceNotFoundException",
        "",
    ]
