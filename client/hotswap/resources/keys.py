"""Keys that machines call with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document
from hotswap.transport import Transport


class Keys:
    """Requests about keys; the answers to `create` and `rotate` are the only ones that hold one."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        name: str,
        *,
        actions: Sequence[str] = (),
        tenants: Sequence[str] = (),
        lifetime: str | None = None,
        validate_only: bool = False,
    ) -> Document:
        """Create a key; without *actions* for what a host does, without *tenants* for all, *lifetime* as ``P90D``."""
        wished = {"actions": [*actions], "tenants": [*tenants], "lifetime": lifetime}
        body = {"name": name, **{key: value for key, value in wished.items() if value}}

        return self._transport.request("POST", "/keys", body=body, validate_only=validate_only).document

    def list(self) -> Iterator[Document]:
        """Walk through all keys, the oldest first."""
        return walk(self._transport, "/keys", lambda document: document)

    def rotate(self, key_id: str, *, overlap: str | None = None, validate_only: bool = False) -> Document:
        """Give a key a new secret; the ones before stay good for *overlap*, as ``PT24H``."""
        body = {"overlap": overlap} if overlap else {}

        return self._transport.request(
            "POST", f"/keys/{key_id}/rotate", body=body, validate_only=validate_only
        ).document

    def revoke(self, key_id: str, *, validate_only: bool = False) -> Document:
        """End a key for good."""
        return self._transport.request("DELETE", f"/keys/{key_id}", validate_only=validate_only).document
