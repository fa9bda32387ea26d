"""Overrides: leave to send single requests to one version."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from hotswap.resources.reading import Document, text_of, time_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Override:
    """A header and its value, good until *expires_at*."""

    header: str
    token: str = field(repr=False)
    expires_at: datetime | None
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Override:
        """Read the answer of an override."""
        return cls(
            header=text_of(document, "header"),
            token=text_of(document, "token"),
            expires_at=time_of(document, "expiresAt"),
            raw=document,
        )


class Overrides:
    """Requests for overrides."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def mint(self, plugin_id: str, version: str, *, environment: str, ttl: str | None = None) -> Override:
        """Ask for leave to call *version* in an environment; *ttl* is an ISO 8601 duration of at most 15 minutes."""
        body = {"environment": environment, **({"ttl": ttl} if ttl is not None else {})}
        path = f"/plugins/{plugin_id}/versions/{quote(version, safe='')}/override"

        return Override.of(self._transport.request("POST", path, body=body).document)
