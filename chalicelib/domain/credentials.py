"""Credentials that open nothing: why, and what of a refusal is remembered."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import UnauthorizedError

#: Who calls with what proves nothing: names that it brings along are anybody's word.
NOBODY = "unknown"
#: A stranger's texts are cut: a path makes a key of a table, and no address has more than the longest of IPv6.
MAX_PATH, MAX_IP, MAX_CLAIMED = 200, 45, 100


class Refusal(StrEnum):
    """Why a token or a key opens nothing; the caller is not told."""

    MALFORMED = "malformed"
    ALGORITHM = "another algorithm"
    UNKNOWN_KEY = "signed by an unknown key"
    SIGNATURE = "bad signature"
    ISSUER = "another issuer"
    AUDIENCE = "another client"
    USE = "another kind of token"
    EXPIRED = "expired"
    NOT_YET = "not valid yet"
    CLAIMS = "claims missing or of another type"
    USER = "user disabled or deleted"
    NO_SUCH_KEY = "no such key"
    KEY_SECRET = "another secret of a key"  # noqa: S105 - a reason
    KEY_EXPIRED = "expired key"
    KEY_REVOKED = "revoked key"


class CredentialRefusedError(UnauthorizedError):
    """
    A credential opens nothing, because of *reason* (401).

    *claimed* is a name of ours that it leads to: a user whose token is good but for that, the id of a key there is.
    """

    def __init__(self, reason: Refusal, detail: str, *, fix: str, claimed: str = "") -> None:
        super().__init__(detail, fix=fix)
        self.reason = reason
        self.claimed = claimed


class RefusedVisit(NamedTuple):
    """A refusal, and where it came from; nothing of the credential."""

    reason: Refusal
    path: str
    trace_id: str
    ip: str = ""
    user_agent: str = ""
    claimed: str = ""


def printable(text: str, length: int) -> str:
    """Cut a stranger's text, without what no line can hold."""
    return "".join(each if each.isprintable() else "?" for each in text[:length])
