"""The three families of errors: a rule said no, a retry may heal, and (everything else) a bug."""

from __future__ import annotations

from typing import NamedTuple


class FieldError(NamedTuple):
    """One thing wrong with a request: *field* is a JSON pointer (``/version``), *fix* says what to do."""

    field: str
    message: str
    fix: str


class DomainError(Exception):
    """
    A rule said no: answered as a 4xx, caught by name in ASL, never retried.

    *fix* tells the caller what to do next; *errors* names each field that is wrong.
    """

    code = "UNPROCESSABLE"

    def __init__(self, detail: str, *, fix: str = "", errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fix = fix
        self.errors = errors


class TransientError(Exception):
    """A retry may heal it: 503, and the only family that the standard Retry of the machines names."""

    code = "SERVICE_UNAVAILABLE"

    def __init__(self, detail: str, *, fix: str = "Repeat the request in a moment.") -> None:
        super().__init__(detail)
        self.detail = detail
        self.fix = fix


class ValidationError(DomainError):
    """The request is malformed (400)."""

    code = "VALIDATION_ERROR"


class UnauthorizedError(DomainError):
    """No identity, or one that can't be trusted (401)."""

    code = "UNAUTHORIZED"


class ForbiddenError(DomainError):
    """A known caller who may not do this (403)."""

    code = "FORBIDDEN"


class NotFoundError(DomainError):
    """It does not exist, or not for this caller (404)."""

    code = "NOT_FOUND"


class ConflictError(DomainError):
    """The state of the thing does not allow this now (409)."""

    code = "CONFLICT"


class PayloadTooLargeError(DomainError):
    """More bytes than we take (413)."""

    code = "PAYLOAD_TOO_LARGE"


class UnprocessableError(DomainError):
    """Well-formed, but a rule of the product refuses it (422)."""

    code = "UNPROCESSABLE"


class StaleRevisionError(ConflictError):
    """Someone else changed the item between our read and our write."""


class PreconditionRequiredError(DomainError):
    """The request does not say which state it changes (428)."""

    code = "PRECONDITION_REQUIRED"


class PreconditionFailedError(DomainError):
    """It was changed since the caller read it (412)."""

    code = "PRECONDITION_FAILED"


class FencedOffError(DomainError):
    """A newer deployment owns the route: stop, touch nothing."""

    code = "CONFLICT"


class PluginFailedError(DomainError):
    """The plugin ran and failed (502); *lambda_version* is what a weighted alias chose, where Lambda has said it."""

    code = "PLUGIN_FAILED"
    lambda_version = ""


class PluginTimeoutError(DomainError):
    """The plugin did not answer in its time (504); *lambda_version* as in `PluginFailedError`."""

    code = "PLUGIN_TIMEOUT"
    lambda_version = ""
