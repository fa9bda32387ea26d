"""The one place that makes clients of AWS, each with the patience that its use allows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from chalicelib.adapters.secrets_manager import SecretsClient

Client = TypeVar("Client")

#: Making a client is not thread-safe in botocore (its session is shared).
_making = RLock()

#: The services that clients were asked for; ``sts`` is asked by botocore itself, for credentials of a role.
_services = {"sts"}

#: API Gateway gives up after 29 s, so an invocation never has more.
INVOKE_SECONDS = 28.0
#: A probe or health check may start a large plugin cold.
PROBE_SECONDS = 60.0


class Lazy(Generic[Client]):
    """A client that is made when it is first asked for, then kept: importing botocore costs more than any call."""

    def __init__(self, make: Callable[[], Client]) -> None:
        self._make = make
        self._made: Client | None = None

    def __call__(self) -> Client:
        """Return the client."""
        with _making:
            if self._made is None:
                self._made = self._make()
            return self._made


def region() -> str:
    """Name the region that clients are made for, without making one."""
    return os.environ.get("AWS_DEFAULT_REGION") or os.environ["AWS_REGION"]


def dynamodb() -> DynamoDBClient:
    """Make the client of all repositories; PynamoDB has checked the parameters already."""
    client: DynamoDBClient = _make("dynamodb", read_seconds=5, attempts=4, parameter_validation=False)
    return client


def bulk_dynamodb() -> DynamoDBClient:
    """Make the client that reads whole days of the audit trail."""
    client: DynamoDBClient = _make("dynamodb", read_seconds=10, attempts=4, parameter_validation=False)
    return read_in_bulk(client)


def read_in_bulk(client: DynamoDBClient) -> DynamoDBClient:
    """Let *client* read items of queries as plain JSON: botocore's way through each attribute costs most of a proof."""
    client.meta.events.register("before-parse.dynamodb.Query", _set_items_aside)
    return client


def _set_items_aside(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    document = json.loads(response_dict["body"] or b"{}")
    if "Items" in document:
        # What is customized is added to what botocore has read of the rest.
        customized_response_dict["Items"] = document.pop("Items")
        response_dict["body"] = json.dumps(document).encode()


def serving_dynamodb() -> DynamoDBClient:
    """Make the hot path's client: it gives up within a second, because there is a stale answer to give."""
    client: DynamoDBClient = _make("dynamodb", connect_seconds=0.3, read_seconds=0.4, attempts=2)
    return client


def lambda_control(before_each: Callable[[], None] | None = None) -> LambdaClient:
    """Make the client for changes of functions; *before_each* is called before each request, repeated ones too."""
    client: LambdaClient = _make("lambda", read_seconds=30, attempts=4)
    if before_each is not None:
        client.meta.events.register("before-send.lambda", lambda **_: before_each())
    return client


def lambda_calls(read_seconds: float) -> LambdaClient:
    """Make the client for calls: never twice, since a plugin may have charged a card already."""
    # Lambda checks the parameters too, and ours are made of what was checked.
    client: LambdaClient = _make("lambda", read_seconds=read_seconds, attempts=1, parameter_validation=False)
    return client


def s3() -> S3Client:
    """Make the client of the artifact store; paths name the bucket, here and on AWS alike."""
    client: S3Client = _make(
        "s3",
        read_seconds=30,
        attempts=4,
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        # A presigned PUT binds what we say, not a CRC that botocore would add for an empty body.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return client


def stepfunctions() -> SFNClient:
    """Make the client of Step Functions."""
    client: SFNClient = _make("stepfunctions", read_seconds=10)
    return client


def sns() -> BaseClient:
    """Make the client of the topic of notifications."""
    client: BaseClient = _make("sns", read_seconds=10, attempts=4)
    return client


def cloudwatch() -> BaseClient:
    """Make the client of CloudWatch; a look waits for it at most a few seconds, and judges without it."""
    client: BaseClient = _make("cloudwatch", connect_seconds=1, read_seconds=3, attempts=2)
    return client


def cognito() -> CognitoIdentityProviderClient:
    """Make the client of the user pool."""
    client: CognitoIdentityProviderClient = _make("cognito-idp", read_seconds=10)
    return client


def doorkeeping_cognito() -> CognitoIdentityProviderClient:
    """Make the authorizer's client of the user pool: every request waits for it, so it gives up soon."""
    client: CognitoIdentityProviderClient = _make("cognito-idp", connect_seconds=1, read_seconds=2, attempts=2)
    return client


def kms() -> KMSClient:
    """Make the client of the key service."""
    client: KMSClient = _make("kms", connect_seconds=1, read_seconds=3)
    return client


def secrets_manager() -> SecretsClient:
    """Make the client of Secrets Manager; an invocation waits for it at most a few seconds."""
    client: SecretsClient = _make("secretsmanager", connect_seconds=1, read_seconds=2, attempts=2)
    return client


def _make(service: str, *, connect_seconds: float = 2, read_seconds: float, attempts: int = 3, **more: Any) -> Any:  # noqa: ANN401 - one maker of six types
    from botocore import __version__  # noqa: PLC0415 - a function that needs no AWS at start must not wait for it
    from botocore.config import Config  # noqa: PLC0415 - the same

    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        tcp_keepalive=True,
        # Who calls, for CloudTrail. botocore would compose its own text twice for each request, a third of its time.
        user_agent=f"HotSwap botocore/{__version__}",
        **more,
    )
    _services.add(service)
    return session_of(os.environ.get("AWS_ACCESS_KEY_ID")).create_client(service, config=config)


@cache
def session_of(_access_key: str | None) -> Session:
    """
    Return what all clients of one identity share: a function has one, a test several.

    It is botocore's, without boto3: that loads resources, transfers and `multiprocessing` too, and none is used here.
    """
    from botocore.loaders import Loader  # noqa: PLC0415 - a function that needs no AWS at start must not wait for it
    from botocore.session import get_session  # noqa: PLC0415 - the same

    class OurLoader(Loader):
        """Takes our word for it that there is such a service; botocore looks through 400 folders, twice a client."""

        def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's own
            return [*_services]

    session = get_session()
    session.register_component("data_loader", OurLoader())
    return session
