"""Who calls, and what only we may read: users, tokens, secrets, cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.authorization import Caller


class Login(NamedTuple):
    """What a successful login gives; *refresh_token* is None after a refresh."""

    token: str
    refresh_token: str | None
    expires_in_seconds: int


class Identity(Protocol):
    """The user pool."""

    def login(self, username: str, password: str) -> Login:
        """
        Exchange a user name and password for tokens.

        Raises:
            UnauthorizedError: They do not match, in the same words for an unknown user.
        """

    def refresh(self, refresh_token: str) -> Login:
        """
        Exchange a refresh token for a new token.

        Raises:
            UnauthorizedError: It is not valid any more.
        """


class UserDirectory(Protocol):
    """Who may still log in."""

    def is_active(self, username: str) -> bool:
        """
        Tell whether a user is there and enabled, now.

        Raises:
            TransientError: The directory does not answer.
        """


class TokenVerifier(Protocol):
    """Proof of who calls."""

    def verify(self, token: str) -> Caller:
        """
        Check signature, issuer, audience, use and expiry; return who it is.

        Raises:
            CredentialRefusedError: Anything is wrong with it; the reason is for the trail, and not told.
        """


class SecretBox(Protocol):
    """Encryption of tenants' secrets under a context that binds them."""

    def seal(self, plain: str, context: Mapping[str, str]) -> str:
        """Encrypt; return base64."""

    def unseal(self, sealed: str, context: Mapping[str, str]) -> str:
        """
        Decrypt.

        Raises:
            TransientError: The key service is unreachable.
        """


class SecretReferences(Protocol):
    """Secrets that stay where their owner keeps them, named by a reference; each is one tenant's by its name."""

    def read(self, tenant_id: str, arn: str) -> str:
        """
        Return the value of a tenant's secret, at most 5 minutes old while it can be asked for.

        Raises:
            ValidationError: It is no reference (400).
            SecretUnreadableError: It is gone, denied to us, or no text (422).
            UnprocessableError: It is another tenant's, or of another region or account (422).
            TransientError: It can't be asked for, and the last value is too old, or there was none.
        """

    def check(self, tenant_id: str, arn: str) -> None:
        """Raise, as `read` does, unless a call could read it now, whatever is remembered."""


class CursorCodec(Protocol):
    """Opaque, unforgeable cursors."""

    def encode(self, position: Mapping[str, str], scope: str) -> str:
        """Seal a position of the listing *scope* (path and filters)."""

    def decode(self, cursor: str, scope: str) -> Mapping[str, str]:
        """
        Open a cursor.

        Raises:
            ValidationError: It was not made by us, or for another listing (400).
        """
