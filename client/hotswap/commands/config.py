"""`config`: how a tenant has configured a plugin, and how it had."""

from __future__ import annotations

import click

from hotswap.commands.arguments import json_object
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session

_TENANT = click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Whose configuration it is.")


@click.group(cls=HotSwapGroup)
def config() -> None:
    """Look at a tenant's configuration of a plugin, change it, and go back."""


@config.command("show")
@click.argument("plugin_id", metavar="PLUGIN")
@_TENANT
@pass_session
def show(session: Session, plugin_id: str, tenant_id: str) -> None:
    """Show a configuration."""
    from hotswap.views.tenants import json_view

    document, etag = session.client.installations.config(tenant_id, plugin_id)
    session.out.show({**document, "etag": etag}, lambda: json_view(document.get("configuration") or {}))


@config.command("set")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("configuration", metavar="JSON")
@_TENANT
@click.option("--if-match", "etag", metavar="ETAG", help="Change only this state; what is there now when absent.")
@click.option("--try-version", metavar="VERSION", help="Only check whether it fits this version.")
@pass_session
def set_config(
    session: Session, plugin_id: str, configuration: str, tenant_id: str, etag: str | None, try_version: str | None
) -> None:
    """Replace a configuration: JSON in place, @FILE, or - for stdin."""
    from hotswap.views.theme import marked

    wanted = json_object(configuration, option="JSON")
    seen = etag or session.client.installations.config(tenant_id, plugin_id)[1]
    dry_run = session.options.dry_run
    made = session.client.installations.set_config(
        tenant_id, plugin_id, wanted, etag=seen, version=try_version, validate_only=dry_run
    )
    verb = "Fits" if try_version or dry_run else "Set"
    session.out.show(
        made,
        lambda: marked("[ok]✔[/] {verb}: {plugin} for tenant {tenant}.", verb=verb, plugin=plugin_id, tenant=tenant_id),
    )


@config.command("history")
@click.argument("plugin_id", metavar="PLUGIN")
@_TENANT
@pass_session
def history(session: Session, plugin_id: str, tenant_id: str) -> None:
    """List the configurations of the past, newest first."""
    from hotswap.views.tenants import history_view

    found = list(session.client.installations.config_history(tenant_id, plugin_id))
    session.out.show(found, lambda: history_view(found, plugin_id=plugin_id, tenant_id=tenant_id))


@config.command("restore")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("revision", type=click.IntRange(min=1))
@_TENANT
@pass_session
def restore(session: Session, plugin_id: str, revision: int, tenant_id: str) -> None:
    """Make a configuration of the past the current one."""
    from hotswap.views.theme import marked

    _, etag = session.client.installations.config(tenant_id, plugin_id)
    made = session.client.installations.restore_config(
        tenant_id, plugin_id, revision, etag=etag, validate_only=session.options.dry_run
    )
    verb = "Would restore" if session.options.dry_run else "Restored"
    session.out.show(
        made,
        lambda: marked(
            "[ok]✔[/] {verb} revision {number} of {plugin} for tenant {tenant}.",
            verb=verb,
            number=str(revision),
            plugin=plugin_id,
            tenant=tenant_id,
        ),
    )
