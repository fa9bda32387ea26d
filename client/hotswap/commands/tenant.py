"""`tenant`: the customers of the product."""

from __future__ import annotations

import click

from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session


@click.group(cls=HotSwapGroup)
def tenant() -> None:
    """Look after tenants."""


@tenant.command("create")
@click.argument("tenant_id", metavar="TENANT")
@click.option("--name", help="The name that people see; the id when absent.")
@click.option("--tier", help="Free, Starter, Professional or Enterprise.")
@click.option("--ring", help="The group of tenants it belongs to: internal, beta or general.")
@pass_session
def create(session: Session, tenant_id: str, name: str | None, tier: str | None, ring: str | None) -> None:
    """Add a tenant."""
    from hotswap.views.tenants import tenant_view

    added = session.client.tenants.create(
        tenant_id, name=name or tenant_id, tier=tier, ring=ring, validate_only=session.options.dry_run
    )
    title = "Would add" if session.options.dry_run else "Added"
    session.out.show(added.raw, lambda: tenant_view(added, title=title))


@tenant.command("list")
@click.option("--ring", help="Only tenants of this ring.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many.")
@pass_session
def list_tenants(session: Session, ring: str | None, limit: int | None) -> None:
    """List tenants."""
    from hotswap.views.tenants import tenants_view

    found = list(session.client.tenants.list(ring=ring, limit=limit))
    session.out.show([each.raw for each in found], lambda: tenants_view(found, session.environment.clock.now()))


@tenant.command("usage")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def usage(session: Session, tenant_id: str) -> None:
    """Show what a tenant uses of each plugin in this minute, and what it may use."""
    from hotswap.views.usage import usage_view

    used = list(session.client.tenants.usage(tenant_id))
    now = session.environment.clock.now()
    session.out.show([each.raw for each in used], lambda: usage_view(used, now, tenant_id=tenant_id))


@tenant.command("show")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def show(session: Session, tenant_id: str) -> None:
    """Show a tenant and what it has installed."""
    from hotswap.views.tenants import tenant_with_installations_view

    found = session.client.tenants.get(tenant_id)
    installed = list(session.client.installations.list(tenant_id))
    document = {**found.raw, "plugins": [each.raw for each in installed]}
    session.out.show(document, lambda: tenant_with_installations_view(found, installed))
