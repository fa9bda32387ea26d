"""`pin` and `unpin`: hold a tenant on a version, and let it go."""

from __future__ import annotations

import click

from hotswap.commands.arguments import ENVIRONMENTS
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("version", metavar="VERSION")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Who is held.")
@click.option("--reason", required=True, help="Why it must not move.")
@click.option("-e", "--environment", type=ENVIRONMENTS, default="Production", show_default=True, help="Where.")
@click.option("--until", metavar="TIME", help="When the pin ends by itself, in RFC 3339.")
@pass_session
def pin(
    session: Session,
    plugin_id: str,
    version: str,
    tenant_id: str,
    reason: str,
    environment: str,
    until: str | None,
) -> None:
    """Hold a tenant on a version, whatever is deployed."""
    from hotswap.views.tenants import installation_view

    _, etag = session.client.installations.config(tenant_id, plugin_id)
    wish = {"version": version, "reason": reason, "environment": environment, "expiresAt": until}
    held = session.client.installations.pin(
        tenant_id, plugin_id, wish, etag=etag, validate_only=session.options.dry_run
    )
    title = "Would pin" if session.options.dry_run else "Pinned"
    session.out.show(held.raw, lambda: installation_view(held, title=title))


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Who is let go.")
@pass_session
def unpin(session: Session, plugin_id: str, tenant_id: str) -> None:
    """Let a tenant go: what is deployed serves it again."""
    from hotswap.views.tenants import installation_view

    _, etag = session.client.installations.config(tenant_id, plugin_id)
    freed = session.client.installations.unpin(tenant_id, plugin_id, etag=etag, validate_only=session.options.dry_run)
    title = "Would unpin" if session.options.dry_run else "Unpinned"
    session.out.show(freed.raw, lambda: installation_view(freed, title=title))
