"""Tenants and what they have installed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.json import JSON
from rich.text import Text

from hotswap.resources.installations import Installation
from hotswap.resources.reading import Document
from hotswap.resources.tenants import Tenant
from hotswap.views.tables import facts, listing, table
from hotswap.views.theme import status_text
from hotswap.views.times import ago


def tenants_view(tenants: Sequence[Tenant], now: datetime) -> RenderableType:
    """List tenants."""
    rows = [
        (
            Text(tenant.id, style="name"),
            tenant.name,
            tenant.tier,
            tenant.ring,
            status_text(tenant.status),
            ago(tenant.created_at, now),
        )
        for tenant in tenants
    ]

    return listing(
        ("TENANT", "NAME", "TIER", "RING", "STATUS", "ADDED"),
        rows,
        nothing="There are no tenants yet.",
        next_step="hotswap tenant create acme --name 'Acme Corporation'",
    )


def tenant_view(tenant: Tenant, *, title: str = "") -> RenderableType:
    """Show one tenant."""
    head = Text.assemble(("✔ ", "ok"), f"{title} tenant ", (tenant.id, "name")) if title else None
    body = facts(
        [
            ("tenant", tenant.id),
            ("name", tenant.name),
            ("tier", tenant.tier),
            ("ring", tenant.ring),
            ("status", status_text(tenant.status)),
        ]
    )

    return Group(head, body) if head is not None else body


def tenant_with_installations_view(tenant: Tenant, installations: Sequence[Installation]) -> RenderableType:
    """Show one tenant, then what it has installed."""
    rows = [
        (
            Text(each.plugin_id, style="name"),
            status_text(each.status),
            pin_text(each) or "-",
            quotas_text(each.quotas) or "-",
            ", ".join(each.secret_names) or "-",
        )
        for each in installations
    ]
    listed = listing(
        ("PLUGIN", "STATUS", "PIN", "OWN QUOTAS", "SECRETS"),
        rows,
        nothing="It has no plugins yet.",
        next_step=f"hotswap install PLUGIN --tenant {tenant.id}",
    )

    return Group(tenant_view(tenant), Text(), listed)


def installation_view(installation: Installation, *, title: str) -> RenderableType:
    """Show one installation after a change to it."""
    return Group(
        Text.assemble(
            ("✔ ", "ok"),
            f"{title} ",
            (installation.plugin_id, "name"),
            " for tenant ",
            (installation.tenant_id, "name"),
        ),
        facts(
            [
                ("status", status_text(installation.status)),
                ("pin", pin_text(installation)),
                ("own quotas", quotas_text(installation.quotas)),
            ]
        ),
    )


def pin_text(installation: Installation) -> str:
    """Name the version of a pin, and the deployment that sent the tenant back, if one did."""
    by = installation.sent_back_by
    return f"{installation.pinned_version}, sent back by {by}" if by else installation.pinned_version


def quotas_text(quotas: Mapping[str, int]) -> str:
    """Write the limits that are an installation's own; those of the tier hold beside them."""
    return ", ".join(f"{name} {limit:,}" for name, limit in sorted(quotas.items()))


def rings_view(document: Document, *, title: str = "") -> RenderableType:
    """List the rings in their order."""
    rows = [(str(place), Text(name, style="name")) for place, name in enumerate(document["rings"], start=1)]
    body = table(("ORDER>", "RING"), rows)

    return Group(Text.assemble(("✔ ", "ok"), title), body) if title else body


def erasure_view(report: Document, title: str) -> RenderableType:
    """Tell what an erasure took, and what is left after all."""
    pairs: list[tuple[str, RenderableType]] = [
        (name, str(count)) for name, count in (report.get("erased") or {}).items()
    ]
    kept = [("kept", text) for text in report.get("kept") or ()]

    return Group(Text.assemble(("✔ ", "ok"), title), facts([*pairs, *kept]))


def json_view(document: Document) -> RenderableType:
    """Show a document as it is."""
    return JSON(json.dumps(document, ensure_ascii=False))


def history_view(revisions: Sequence[Document], *, plugin_id: str, tenant_id: str) -> RenderableType:
    """List the configurations of the past."""
    rows = [
        (
            str(each.get("revision")),
            str(each.get("author")),
            str(each.get("at")),
            json.dumps(each.get("configuration"), ensure_ascii=False),
        )
        for each in revisions
    ]

    return listing(
        ("REVISION>", "BY", "AT", "CONFIGURATION"),
        rows,
        nothing="It has had no configuration yet.",
        next_step=f"hotswap config set {plugin_id} '{{…}}' --tenant {tenant_id}",
    )
