"""Secrets that stay in AWS Secrets Manager, read when a plugin needs them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.errors import TransientError
from chalicelib.domain.secret_references import Home, SecretUnreadableError, require_reference_of

if TYPE_CHECKING:
    from chalicelib.ports import Clock

#: A value that was rotated reaches plugins within this time.
FRESH = timedelta(minutes=5)
#: While Secrets Manager is away, the last value is good for as long as everything else that is read.
STALE = timedelta(minutes=15)
_MAX_REMEMBERED = 1000

_RESTORE = "Restore it or put another reference."
#: What Secrets Manager answers for what no retry heals: why, and what to do.
_REFUSALS = {
    "ResourceNotFoundException": ("there is none, or it has no value", "Make it, or put another reference."),
    "AccessDeniedException": (
        "the roles of this stack are denied it",
        "Encrypt it under the default key or that of this stack, and let no policy of its own deny it.",
    ),
    "InvalidRequestException": ("it is to be deleted", _RESTORE),
    "DecryptionFailure": ("its key can't be used", "Encrypt it under the default key or that of this stack."),
    "InvalidParameterException": ("Secrets Manager does not take the reference", _RESTORE),
}


class SecretsClient(Protocol):
    """What is used of boto3's client."""

    meta: Any

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS names it
        """Read the current value of a secret."""


class _Entry(NamedTuple):
    value: str
    read_at: datetime


class SecretsManagerReferences:
    """Reads what references name; remembered in this process for 5 minutes, so a warm call costs no round trip."""

    def __init__(self, client: Callable[[], SecretsClient], stack: str, account_id: str, clock: Clock) -> None:
        self._client = client
        self._stack = stack
        self._account_id = account_id
        self._clock = clock
        self._read: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self._lock = Lock()

    def read(self, tenant_id: str, arn: str) -> str:
        """
        Return the value of a tenant's secret, at most 5 minutes old while Secrets Manager answers.

        Raises:
            ValidationError: It is no ARN of a secret (400).
            SecretUnreadableError: It is gone, denied to us, or no text (422).
            UnprocessableError: It is another tenant's, or of another region or account (422).
            TransientError: Secrets Manager is away and the last value too old, or there was none.
        """
        now = self._clock.now()
        with self._lock:
            entry = self._read.get((tenant_id, arn))
        # A clock may be set back: what was read in its future is as old as it is far away.
        if entry is not None and abs(now - entry.read_at) < FRESH:
            return entry.value
        try:
            value = self._fetch(tenant_id, arn)
        except TransientError:
            if entry is None or abs(now - entry.read_at) >= STALE:
                raise
            return entry.value
        with self._lock:
            self._read[tenant_id, arn] = _Entry(value, now)
            self._read.move_to_end((tenant_id, arn))
            while len(self._read) > _MAX_REMEMBERED:
                self._read.popitem(last=False)
        return value

    def check(self, tenant_id: str, arn: str) -> None:
        """
        Raise unless a call could read it now, whatever is remembered.

        Raises:
            ValidationError: It is no ARN of a secret (400).
            SecretUnreadableError: It is gone, denied to us, or no text (422).
            UnprocessableError: It is another tenant's, or of another region or account (422).
            TransientError: Secrets Manager is away.
        """
        self._fetch(tenant_id, arn)

    @translated("Secrets Manager")
    def _fetch(self, tenant_id: str, arn: str) -> str:
        client = self._client()
        # Asked again at each reading: whoever could write the table must not reach another tenant's secret by it.
        require_reference_of(tenant_id, arn, Home(self._stack, client.meta.region_name, self._account_id))
        try:
            value = client.get_secret_value(SecretId=arn).get("SecretString")
        except Exception as error:
            refusal = _REFUSALS.get(code_of(error))
            if refusal is None:
                raise
            raise SecretUnreadableError(*refusal) from error
        if not value:
            raise SecretUnreadableError("it is no text", "Store it as a text (SecretString), not as bytes.")
        return str(value)
