"""Repeats: the first answer to an ``Idempotency-Key`` is kept for a day and given again, by Powertools."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyInconsistentStateError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)

from chalicelib.api.replies import Reply
from chalicelib.domain.errors import ConflictError, FieldError, TransientError, UnprocessableError, ValidationError
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
KEPT_SECONDS = 24 * 60 * 60
MAX_KEY_LENGTH = 255
#: An item of DynamoDB holds 400 KB; the rest of ours is far below the difference.
MAX_KEPT_BYTES = 350 * 1024
#: When nobody tells how long the function may still run: as long as the gateway waits.
_DEFAULT_REMAINING_MS = 29_000


@dataclass(frozen=True, slots=True)
class RepeatKey:
    """
    What makes two requests the same: who, what, where and the key; *payload* is what must then agree.

    *tenant_id* is the caller's: who speaks for another tenant now gets no answer that was the former one's.
    """

    principal: str
    method: str
    path: str
    key: str
    payload: bytes
    tenant_id: str = ""

    def __post_init__(self) -> None:
        if not (0 < len(self.key) <= MAX_KEY_LENGTH and self.key.isascii() and self.key.isprintable()):
            fix = f"Send 1 to {MAX_KEY_LENGTH} printable ASCII characters, such as a UUID."
            raise ValidationError(
                f"That can't be an {HEADER}.", fix=fix, errors=(FieldError(HEADER, "Not a key.", fix),)
            )

    def document(self) -> dict[str, Any]:
        """Write it as Powertools reads it: it hashes both parts, so neither is stored in plain text."""
        same = [self.principal, self.tenant_id, self.method, self.path, self.key]
        return {"key": same, "payload": _fingerprint(self.payload)}


class _NotKeptError(Exception):
    """Carries a reply past Powertools, so that its record is removed and a repeat tries again."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


class _Remaining:
    """Stands in for a Lambda context where there is none."""

    def get_remaining_time_in_millis(self) -> int:
        return _DEFAULT_REMAINING_MS


def answer_once(key: RepeatKey, perform: Callable[[], Reply], context: object, *, hidden: str | None = None) -> Reply:
    """
    Answer a request, or give the answer that its first attempt got.

    Successes and refusals (2xx, 4xx) are kept for 24 hours; what a retry may heal (429, 5xx) is not. A function
    that dies on the way leaves its record until its own timeout would have passed; then a repeat tries again.
    A field *hidden* of the answer is not kept: a repeat is told that it was done, and null in its place.

    Raises:
        UnprocessableError: The key was used with another body (422).
        ConflictError: The first request is still being carried out (409).
        TransientError: The record can't be read or written, and nothing was done (503).
    """
    performed: list[Reply] = []

    def carry_out(*, request: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 (Powertools reads it by name)
        reply = perform()
        performed.append(reply)
        if not reply.is_repeatable:
            raise _NotKeptError(reply)
        return _kept(reply if hidden is None else _without(hidden, reply))

    config = _config(context if hasattr(context, "get_remaining_time_in_millis") else _Remaining())
    once = idempotent_function(
        carry_out, data_keyword_argument="request", persistence_store=_store(), config=config, key_prefix="api"
    )
    try:
        kept = once(request=key.document())
    except _NotKeptError as carrier:
        return carrier.reply
    except IdempotencyValidationError:
        raise UnprocessableError(
            f"This {HEADER} was used with another body.", fix="Use a new key for a new request."
        ) from None
    except IdempotencyAlreadyInProgressError:
        raise ConflictError(
            "The first request with this key is still being carried out.", fix="Repeat it in a moment."
        ) from None
    except (IdempotencyPersistenceLayerError, IdempotencyInconsistentStateError) as error:
        if performed:
            # It is done; not being able to say so twice is no reason to say that it failed.
            logger.warning("the answer to a repeatable request was not kept: %s", error)
            return performed[0]
        raise TransientError("Repeats can't be told from first requests at the moment.") from error
    return performed[0] if performed else _replayed(kept)


@lru_cache(maxsize=1)
def _store() -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=Settings.from_environment().table("idempotency"))


def _config(context: object) -> IdempotencyConfig:
    return IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="payload",
        raise_on_no_idempotency_key=True,
        expires_after_seconds=KEPT_SECONDS,
        hash_function="sha256",
        lambda_context=cast("LambdaContext", context),
    )


def _kept(reply: Reply) -> dict[str, Any]:
    if len(reply.body.encode()) > MAX_KEPT_BYTES:
        return {"isTooLarge": True}
    return {"status": reply.status, "headers": reply.headers, "body": reply.body}


def _without(field: str, reply: Reply) -> Reply:
    """Take the value of *field* out of an answer that has it; a refusal has none."""
    document = json.loads(reply.body)
    if field not in document:
        return reply
    return reply._replace(body=json.dumps({**document, field: None}, separators=(",", ":"), ensure_ascii=False))


def _replayed(kept: dict[str, Any]) -> Reply:
    if kept.get("isTooLarge"):
        raise ConflictError(
            "The request with this key was carried out, but its answer was too large to be kept.",
            fix="Read what it changed; use a new key to do it again.",
        )
    return Reply(kept["status"], kept["headers"], kept["body"]).with_headers(Idempotent_Replayed="true")


def _fingerprint(payload: bytes) -> str:
    """Hash what was sent; JSON that differs in spaces and order only is the same."""
    with suppress(ValueError, RecursionError):
        payload = json.dumps(json.loads(payload), sort_keys=True).encode()
    return sha256(payload).hexdigest()
