"""Problems: every refusal and failure as one RFC 9457 document, and the one map from code to status. Light."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.api.replies import Reply
from chalicelib.domain.errors import DomainError, FieldError, TransientError
from chalicelib.domain.quotas import QuotaExceededError
from chalicelib.domain.rate_limits import RateLimitExceededError, Standing
from chalicelib.domain.times import rfc3339

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """What a code means: HTTP status and a title that is the same in each occurrence."""

    status: int
    title: str


#: CONTRACT §3; the two of the transport (405, 415) are RFC 9110's.
KINDS = {
    "VALIDATION_ERROR": Kind(400, "The request is malformed"),
    "UNAUTHORIZED": Kind(401, "You are not logged in"),
    "FORBIDDEN": Kind(403, "You may not do this"),
    "NOT_FOUND": Kind(404, "There is no such thing"),
    "METHOD_NOT_ALLOWED": Kind(405, "The path does not take this method"),
    "CONFLICT": Kind(409, "The state of the thing does not allow this now"),
    "PRECONDITION_FAILED": Kind(412, "It was changed since you read it"),
    "PAYLOAD_TOO_LARGE": Kind(413, "The request is too large"),
    "UNSUPPORTED_MEDIA_TYPE": Kind(415, "The body is not JSON"),
    "UNPROCESSABLE": Kind(422, "A rule of the product refuses this"),
    "PRECONDITION_REQUIRED": Kind(428, "The request must say which state it changes"),
    "RATE_LIMIT_EXCEEDED": Kind(429, "Too many requests"),
    "QUOTA_EXCEEDED": Kind(429, "The quota is used up"),
    "INTERNAL_ERROR": Kind(500, "Something is wrong on our side"),
    "PLUGIN_FAILED": Kind(502, "The plugin failed"),
    "SERVICE_UNAVAILABLE": Kind(503, "A part of the service is not available"),
    "PLUGIN_TIMEOUT": Kind(504, "The plugin did not answer in time"),
}
CODE_OF_STATUS = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 415: "UNSUPPORTED_MEDIA_TYPE"}

_EXTRA_HEADERS = {
    "UNAUTHORIZED": {"WWW-Authenticate": 'Bearer realm="hotswap"'},
    "SERVICE_UNAVAILABLE": {"Retry-After": "1"},
}
_INTERNAL_FIX = "Repeat the request; if it fails again, tell the operator the traceId."


class Problem(NamedTuple):
    """One occurrence: *code* decides status and title, *instance* is the path that was asked for."""

    code: str
    detail: str
    fix: str
    instance: str
    trace_id: str
    errors: tuple[FieldError, ...] = ()
    quota: QuotaExceededError | None = None
    standing: Standing | None = None

    @classmethod
    def of(cls, error: Exception, *, instance: str, trace_id: str) -> Problem:
        """
        Tell what may be told of *error*.

        Our own errors speak to the caller; anything else is a bug, whose text stays in the log.
        """
        if isinstance(error, QuotaExceededError):
            return cls(error.code, error.detail, error.fix, instance, trace_id, quota=error)
        if isinstance(error, RateLimitExceededError):
            return cls(error.code, error.detail, error.fix, instance, trace_id, standing=error.standing)
        if isinstance(error, DomainError):
            return cls(error.code, error.detail, error.fix, instance, trace_id, error.errors)
        if isinstance(error, TransientError):
            return cls(error.code, error.detail, error.fix, instance, trace_id)
        return cls("INTERNAL_ERROR", "The request could not be carried out.", _INTERNAL_FIX, instance, trace_id)

    @property
    def status(self) -> int:
        """The HTTP status of its code."""
        return KINDS[self.code].status

    def document(self) -> dict[str, Any]:
        """Write it as a problem document."""
        return {
            **self._quota_document(),
            "type": "urn:hotswap:problem:" + self.code.lower().replace("_", "-"),
            "title": KINDS[self.code].title,
            "status": self.status,
            "detail": self.detail,
            "instance": self.instance,
            "code": self.code,
            "traceId": self.trace_id,
            "timestamp": rfc3339(datetime.now(UTC)),
            "errors": [{"field": each.field, "message": each.message, "fix": each.fix} for each in self.errors],
            "fix": self.fix,
        }

    def _quota_document(self) -> dict[str, Any]:
        if self.quota is None:
            return {}
        reset_at = rfc3339(self.quota.reset_at)
        named = {"name": self.quota.quota, "limit": self.quota.limit, "used": self.quota.used, "resetAt": reset_at}
        return {"quota": named}

    def reply(self) -> Reply:
        """Make the answer that carries it."""
        headers = {"Content-Type": MEDIA_TYPE, **_EXTRA_HEADERS.get(self.code, {})}
        if self.quota is not None:
            headers["Retry-After"] = str(self.quota.retry_after_seconds)
        if self.standing is not None:
            headers |= {**self.standing.headers(), "Retry-After": str(self.standing.reset_seconds)}
        return Reply(self.status, headers, json.dumps(self.document(), separators=(",", ":")))
