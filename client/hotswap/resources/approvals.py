"""Approvals, and the policies of environments that ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document
from hotswap.transport import Transport


class Approvals:
    """Requests about approvals."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, status: str | None = None, environment: str | None = None, limit: int | None = None
    ) -> Iterator[Document]:
        """Walk through the approvals that the filters admit, newest first."""
        filters = {"status": status, "environment": environment}

        return walk(self._transport, "/approvals", dict, limit=limit, filters=filters)

    def get(self, approval_id: str) -> Document:
        """Read one approval."""
        return self._transport.request("GET", f"/approvals/{approval_id}").document

    def decide(self, identifier: str, verb: str, *, reason: str, validate_only: bool = False) -> Document:
        """Say ``approve`` or ``reject`` to an approval, or to what a deployment waits for."""
        kind = "approvals" if identifier.startswith("apr_") else "deployments"
        return self._transport.request(
            "POST", f"/{kind}/{identifier}/{verb}", body={"reason": reason}, validate_only=validate_only
        ).document


class Policies:
    """Requests about the policies of environments."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, environment: str) -> tuple[Document, str]:
        """Read a policy and its ETag, which a change of it sends back."""
        answer = self._transport.request("GET", f"/environments/{environment}/policy")

        return answer.document, {name.lower(): value for name, value in answer.headers.items()}.get("etag", "")

    def replace(
        self, environment: str, policy: Mapping[str, Any], *, etag: str, validate_only: bool = False
    ) -> Document:
        """Make *policy* what the environment asks, as a whole."""
        return self._transport.request(
            "PUT",
            f"/environments/{environment}/policy",
            body=dict(policy),
            validate_only=validate_only,
            headers={"If-Match": etag},
        ).document
