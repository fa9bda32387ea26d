"""Users: who is logged in, and the tokens of a login."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hotswap.resources.reading import Document, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class User:
    """Who a token belongs to."""

    username: str
    roles: tuple[str, ...]
    tenant_id: str
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> User:
        """Read the ``user`` of a login, or the answer of ``GET /me``."""
        return cls(
            username=text_of(document, "username"),
            roles=tuple(str(role) for role in document.get("roles") or ()),
            tenant_id=text_of(document, "tenantId"),
            raw=document,
        )


@dataclass(frozen=True, slots=True)
class Login:
    """A token and how long it lasts; neither token is ever shown."""

    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None
    user: User

    @classmethod
    def of(cls, document: Document) -> Login:
        """Read the answer of a login or of a refresh."""
        return cls(
            token=text_of(document, "token"),
            refresh_token=text_of(document, "refreshToken"),
            expires_at=time_of(document, "expiresAt"),
            user=User.of(document.get("user") or {}),
        )


class Authentication:
    """Requests about tokens."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def log_in(self, username: str, password: str) -> Login:
        """Exchange a password for tokens."""
        body = {"username": username, "password": password}

        return Login.of(self._transport.request("POST", "/authentication/login", body=body, anonymous=True).document)

    def refresh(self, refresh_token: str) -> Login:
        """Exchange a refresh token for a new token."""
        body = {"refreshToken": refresh_token}

        return Login.of(self._transport.request("POST", "/authentication/refresh", body=body, anonymous=True).document)

    def me(self) -> User:
        """Tell who the API thinks we are."""
        return User.of(self._transport.request("GET", "/me").document)
