"""`tenant`: the customers of the product."""

from __future__ import annotations

import click

from hotswap.commands.rings import rings
from hotswap.errors import UsageError
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session


@click.group(cls=HotSwapGroup)
def tenant() -> None:
    """Look after tenants."""


tenant.add_command(rings)


@tenant.command("create")
@click.argument("tenant_id", metavar="TENANT")
@click.option("--name", help="The name that people see; the id when absent.")
@click.option("--tier", help="Free, Starter, Professional or Enterprise.")
@click.option("--ring", help="The group of tenants it belongs to; `tenant rings list` shows them.")
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
@click.option("--tier", help="Only tenants of this tier.")
@click.option("--ring", help="Only tenants of this ring.")
@click.option("--status", help="Only Active or only Suspended ones.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many.")
@pass_session
def list_tenants(session: Session, tier: str | None, ring: str | None, status: str | None, limit: int | None) -> None:
    """List tenants."""
    from hotswap.views.tenants import tenants_view

    found = list(session.client.tenants.list(tier=tier, ring=ring, status=status, limit=limit))
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


@tenant.command("update")
@click.argument("tenant_id", metavar="TENANT")
@click.option("--name", help="The name that people see.")
@click.option("--tier", help="Free, Starter, Professional or Enterprise.")
@click.option("--ring", help="The group of tenants it belongs to; `tenant rings list` shows them.")
@pass_session
def update(session: Session, tenant_id: str, name: str | None, tier: str | None, ring: str | None) -> None:
    """Change a tenant."""
    if name is None and tier is None and ring is None:
        raise UsageError("There is nothing to change.", fix="give --name, --tier or --ring")
    _change(session, tenant_id, "change", "Changed", name=name, tier=tier, ring=ring)


@tenant.command("suspend")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def suspend(session: Session, tenant_id: str) -> None:
    """Refuse every invocation for a tenant, until it is activated again."""
    session.confirm(f"Refuse every invocation for tenant {tenant_id}?")
    _change(session, tenant_id, "suspend", "Suspended", status="Suspended")


@tenant.command("activate")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def activate(session: Session, tenant_id: str) -> None:
    """Let a suspended tenant in again."""
    _change(session, tenant_id, "activate", "Activated", status="Active")


@tenant.command("delete")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def delete(session: Session, tenant_id: str) -> None:
    """Erase a tenant and everything of it; nothing comes back, so export it first."""
    from hotswap.views.tenants import erasure_view

    session.confirm(f"Erase tenant {tenant_id} with all its configurations, secrets and state?")
    report = session.client.tenants.erase(tenant_id, validate_only=session.options.dry_run)
    title = "Would erase" if session.options.dry_run else "Erased"
    session.out.show(report, lambda: erasure_view(report, f"{title} tenant {tenant_id}"))


@tenant.command("export")
@click.argument("tenant_id", metavar="TENANT")
@pass_session
def export(session: Session, tenant_id: str) -> None:
    """Print everything that is kept of a tenant as JSON; secrets by name only."""
    from hotswap.views.tenants import json_view

    document = session.client.tenants.export(tenant_id)
    session.out.show(document, lambda: json_view(document))


def _change(session: Session, tenant_id: str, verb: str, done: str, **changes: str | None) -> None:
    from hotswap.views.tenants import tenant_view

    changed = session.client.tenants.update(tenant_id, validate_only=session.options.dry_run, **changes)
    title = f"Would {verb}" if session.options.dry_run else done
    session.out.show(changed.raw, lambda: tenant_view(changed, title=title))
