"""What is kept of a tenant, before it goes; and what went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.models import Listing, Resource
from chalicelib.api.resources.installations import InstallationResource
from chalicelib.api.resources.tenants import TenantResource
from chalicelib.domain.installations import Installation
from chalicelib.domain.pages import Page
from chalicelib.domain.tenants import Tenant
from chalicelib.ports.identity import CursorCodec
from chalicelib.services.erasures import Erasure

#: Said to whoever asks what a DELETE leaves, and for how long.
_KEPT = [
    "audit records, without what tells of people: what was done to it, and when; their seals hold as before",
    "log-ins and refused requests of its people, until their retention ends",
    "secrets in AWS Secrets Manager that were only referred to: whoever made them deletes them",
    "counts of calls that were under way, for an hour",
    "answers to requests with an Idempotency-Key, for 24 hours",
    "backups of the tables, for 35 days",
]


class ErasureResource(Resource):
    """What a request erased."""

    tenant_id: str
    status: Annotated[
        Literal["Erased", "Erasing"], Field(description="Erasing: more is left than one request takes; repeat it.")
    ]
    erased: Annotated[dict[str, int], Field(description="How much went with this request, by kind.")]
    began_at: str
    kept: Annotated[list[str], Field(description="What is left after all, and for how long.")]

    @classmethod
    def of(cls, erasure: Erasure) -> ErasureResource:
        """Present an erasure."""
        return cls(
            tenant_id=erasure.tenant_id,
            status="Erased" if erasure.is_complete else "Erasing",
            erased=dict(erasure.counts),
            began_at=erasure.began_at,
            kept=_KEPT,
        )


class ExportListing(Listing):
    """Which page of an export; a state may have 400 KB, so that ten installations are what an answer can hold."""

    limit: Annotated[int, Field(ge=1, le=10, description="How many installations a page has at most.")] = 10


class ExportedInstallationResource(InstallationResource):
    """An installation, with what the plugin keeps for the tenant."""

    state: dict[str, Any]

    @classmethod
    def with_state(cls, installation: Installation, state: Mapping[str, Any]) -> ExportedInstallationResource:
        """Present an installation with its state."""
        return cls(**InstallationResource.of(installation).model_dump(by_alias=False), state=dict(state))


class TenantExportResource(Resource):
    """Everything that is kept of a tenant, one page of it."""

    tenant: TenantResource
    items: list[ExportedInstallationResource]
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` to go on; null at the end.")]
    has_more: bool

    @classmethod
    def of(
        cls,
        tenant: Tenant,
        page: Page[Installation],
        states: Mapping[str, Mapping[str, Any]],
        *,
        cursors: CursorCodec,
        scope: str,
    ) -> TenantExportResource:
        """Present a page whose cursor opens only *scope*; *states* are by plugin."""
        position = page.next_position
        return cls(
            tenant=TenantResource.of(tenant),
            items=[ExportedInstallationResource.with_state(each, states[each.plugin_id]) for each in page.items],
            next_cursor=cursors.encode(position, scope) if position else None,
            has_more=position is not None,
        )
