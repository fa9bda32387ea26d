"""The one place where an error of AWS becomes one of ours."""

from __future__ import annotations

from contextlib import ContextDecorator
from typing import TYPE_CHECKING, Any

from chalicelib.domain.errors import TransientError

if TYPE_CHECKING:
    from types import TracebackType

_SERVER_ERROR = 500

#: Codes that a retry may heal and that come with a status below 500.
_TRANSIENT_CODES = frozenset(
    {
        "KMSInternalException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


def code_of(error: BaseException) -> str:
    """Return the error code that AWS gave, also through PynamoDB's wrapping; ``""`` when there is none."""
    code: str = _response_of(error).get("Error", {}).get("Code", "")
    return code


def is_transient(error: BaseException) -> bool:
    """Tell whether a retry may heal it: throttled, broken on their side, or not reached at all."""
    response = _response_of(error)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _TRANSIENT_CODES or status >= _SERVER_ERROR or is_unreachable(error)


def is_unreachable(error: BaseException) -> bool:
    """Tell whether no answer came: refused, reset, timed out."""
    # Only an error of botocore gets here, so it is imported already; the hot path's start is not.
    from botocore.exceptions import ConnectionError as ConnectionFailedError  # noqa: PLC0415
    from botocore.exceptions import HTTPClientError  # noqa: PLC0415

    return isinstance(_cause_of(error), ConnectionFailedError | HTTPClientError)


class translated(ContextDecorator):  # noqa: N801 - used as a word: with translated("KMS"), @translated("KMS")
    """Turn what a retry may heal into `TransientError`; anything else passes as it is."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Translate, keeping the cause."""
        if error is not None and is_transient(error):
            raise TransientError(f"{self._service} does not answer at the moment.") from error


def _cause_of(error: BaseException) -> BaseException:
    """Look through PynamoDB's own exceptions, which keep botocore's as ``cause``."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, BaseException) else error


def _response_of(error: BaseException) -> dict[str, Any]:
    cause = _cause_of(error)
    # PynamoDB's wrapper drops the HTTP status; the error underneath has it.
    for candidate in (cause.__cause__, cause):
        response = getattr(candidate, "response", None)
        if isinstance(response, dict):
            return response
    return {}
