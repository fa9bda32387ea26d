"""Rings: groups of tenants in the order in which they take a risk."""

from __future__ import annotations

from collections.abc import Sequence

from hotswap.resources.reading import Document
from hotswap.transport import Transport


class Rings:
    """Requests about the list of rings."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self) -> tuple[Document, str]:
        """Read the rings and their ETag, which a change of them sends back."""
        answer = self._transport.request("GET", "/rings")

        return answer.document, {name.lower(): value for name, value in answer.headers.items()}.get("etag", "")

    def replace(self, names: Sequence[str], *, etag: str, validate_only: bool = False) -> Document:
        """Make *names*, in their order, the rings."""
        return self._transport.request(
            "PUT", "/rings", body={"rings": [*names]}, validate_only=validate_only, headers={"If-Match": etag}
        ).document
