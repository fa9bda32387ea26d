"""`install` and `uninstall`: which plugins a tenant uses."""

from __future__ import annotations

import click

from hotswap.commands.arguments import json_object
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="The tenant who gets it.")
@click.option("--config", metavar="JSON", help="Its configuration: JSON, @FILE, or - for stdin.")
@click.option("--pin", metavar="VERSION", help="Hold the tenant on this version.")
@pass_session
def install(session: Session, plugin_id: str, tenant_id: str, config: str | None, pin: str | None) -> None:
    """Let a tenant use a plugin."""
    from hotswap.views.tenants import installation_view

    configuration = json_object(config, option="--config") if config is not None else None
    made = session.client.installations.enable(
        tenant_id,
        plugin_id,
        configuration=configuration,
        pinned_version=pin,
        validate_only=session.options.dry_run,
    )
    title = "Would install" if session.options.dry_run else "Installed"
    session.out.show(made.raw, lambda: installation_view(made, title=title))


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="The tenant who loses it.")
@pass_session
def uninstall(session: Session, plugin_id: str, tenant_id: str) -> None:
    """Take a plugin away from a tenant; its configuration and secrets are kept for a return."""
    from hotswap.views.tenants import installation_view

    session.confirm(f"Take {plugin_id} away from tenant {tenant_id}?")
    ended = session.client.installations.disable(tenant_id, plugin_id, validate_only=session.options.dry_run)
    title = "Would uninstall" if session.options.dry_run else "Uninstalled"
    session.out.show(ended.raw, lambda: installation_view(ended, title=title))
