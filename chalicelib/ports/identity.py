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


class TokenVerifier(Protocol):
    """Proof of who calls."""

    def verify(self, token: str) -> Caller:
        """
        Check signature, issuer, audience, use and expiry; return who it is.

        Raises:
            UnauthorizedError: Anything is wrong with it; the reason is not told.
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
