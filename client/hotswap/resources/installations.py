"""Installations: a tenant's use of a plugin, with its configuration and secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hotswap.resources.pages import walk
from hotswap.resources.reading import Document, text_of
from hotswap.transport import Transport


@dataclass(frozen=True, slots=True)
class Installation:
    """One tenant's use of one plugin; *sent_back_by* is the deployment whose guard has made its pin."""

    plugin_id: str
    tenant_id: str
    status: str
    pinned_version: str
    sent_back_by: str
    secret_names: tuple[str, ...]
    quotas: Mapping[str, int]
    raw: Document = field(repr=False, default_factory=dict)

    @classmethod
    def of(cls, document: Document) -> Installation:
        """Read an installation."""
        enabled = document.get("enabled")
        shown = "" if enabled is None else ("Enabled" if enabled else "Disabled")

        return cls(
            plugin_id=text_of(document, "pluginId"),
            tenant_id=text_of(document, "tenantId"),
            status=text_of(document, "status") or shown,
            pinned_version=text_of(document, "pinnedVersion"),
            sent_back_by=text_of(document.get("pin") or {}, "deploymentId"),
            secret_names=tuple(str(name) for name in document.get("secrets") or ()),
            quotas=dict(document.get("quotas") or {}),
            raw=document,
        )


class Installations:
    """Requests about what is installed for a tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def enable(
        self,
        tenant_id: str,
        plugin_id: str,
        *,
        configuration: Document | None = None,
        pinned_version: str | None = None,
        pin_reason: str | None = None,
        quotas: Mapping[str, int] | None = None,
        validate_only: bool = False,
    ) -> Installation:
        """Let a tenant use a plugin; *quotas* alone also change one that it uses already."""
        body = {
            "configuration": configuration,
            "pinnedVersion": pinned_version,
            "pinReason": pin_reason,
            "quotas": quotas,
        }
        given = {name: value for name, value in body.items() if value is not None}
        path = f"{_path(tenant_id, plugin_id)}/enable"

        return Installation.of(self._transport.request("POST", path, body=given, validate_only=validate_only).document)

    def list(self, tenant_id: str, *, limit: int | None = None) -> Iterator[Installation]:
        """Walk through what a tenant has installed."""
        return walk(self._transport, f"/tenants/{tenant_id}/plugins", Installation.of, limit=limit)

    def disable(self, tenant_id: str, plugin_id: str, *, validate_only: bool = False) -> Installation:
        """Stop a tenant's use of a plugin; its configuration and secrets are kept."""
        path = f"{_path(tenant_id, plugin_id)}/disable"

        return Installation.of(self._transport.request("POST", path, body={}, validate_only=validate_only).document)

    def erase(self, tenant_id: str, plugin_id: str, *, validate_only: bool = False) -> Document:
        """Erase an installation with its configuration, secrets, pin and state; tell what went."""
        return self._transport.request("DELETE", _path(tenant_id, plugin_id), validate_only=validate_only).document

    def config(self, tenant_id: str, plugin_id: str) -> tuple[Document, str]:
        """Read a configuration and its ETag, which a change of it sends back."""
        answer = self._transport.request("GET", f"{_path(tenant_id, plugin_id)}/config")

        return answer.document, {name.lower(): value for name, value in answer.headers.items()}.get("etag", "")

    def set_config(
        self,
        tenant_id: str,
        plugin_id: str,
        configuration: Document,
        *,
        etag: str,
        version: str | None = None,
        validate_only: bool = False,
    ) -> Document:
        """Replace a configuration; with *version*, only try whether it fits that version."""
        return self._transport.request(
            "PUT",
            f"{_path(tenant_id, plugin_id)}/config",
            body={"configuration": configuration},
            query={"version": version},
            validate_only=validate_only or version is not None,
            headers={"If-Match": etag},
        ).document

    def config_history(self, tenant_id: str, plugin_id: str) -> Iterator[Document]:
        """Walk through the configurations of the past, newest first."""
        return walk(self._transport, f"{_path(tenant_id, plugin_id)}/config/revisions", dict)

    def restore_config(
        self, tenant_id: str, plugin_id: str, revision: int, *, etag: str, validate_only: bool = False
    ) -> Document:
        """Make a configuration of the past the current one."""
        return self._transport.request(
            "POST",
            f"{_path(tenant_id, plugin_id)}/config/restore",
            body={"revision": revision},
            validate_only=validate_only,
            headers={"If-Match": etag},
        ).document

    def pin(
        self, tenant_id: str, plugin_id: str, wish: Document, *, etag: str, validate_only: bool = False
    ) -> Installation:
        """Hold a tenant on a version; *wish* in the API's own spelling."""
        path = f"{_path(tenant_id, plugin_id)}/pin"
        given = {name: value for name, value in wish.items() if value is not None}
        answer = self._transport.request(
            "PUT", path, body=given, validate_only=validate_only, headers={"If-Match": etag}
        )

        return Installation.of(answer.document)

    def unpin(self, tenant_id: str, plugin_id: str, *, etag: str, validate_only: bool = False) -> Installation:
        """Let a tenant go."""
        path = f"{_path(tenant_id, plugin_id)}/pin"
        answer = self._transport.request("DELETE", path, validate_only=validate_only, headers={"If-Match": etag})

        return Installation.of(answer.document)

    def set_secret(
        self,
        tenant_id: str,
        plugin_id: str,
        name: str,
        value: str = "",
        *,
        reference: str | None = None,
        validate_only: bool = False,
    ) -> Document:
        """Keep a secret for a tenant's plugin, which the API never gives back, or the *reference* (ARN) of one."""
        path = f"{_path(tenant_id, plugin_id)}/secrets/{name}"
        body = {"value": value} if reference is None else {"reference": reference}

        return self._transport.request("PUT", path, body=body, validate_only=validate_only).document

    def delete_secret(self, tenant_id: str, plugin_id: str, name: str, *, validate_only: bool = False) -> Document:
        """Forget a secret."""
        path = f"{_path(tenant_id, plugin_id)}/secrets/{name}"

        return self._transport.request("DELETE", path, validate_only=validate_only).document


def _path(tenant_id: str, plugin_id: str) -> str:
    return f"/tenants/{tenant_id}/plugins/{plugin_id}"
