"""`install` and `uninstall`: which plugins a tenant uses."""

from __future__ import annotations

import click

from hotswap.commands.arguments import json_object, limits
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="The tenant who gets it.")
@click.option("--config", metavar="JSON", help="Its configuration: JSON, @FILE, or - for stdin.")
@click.option("--pin", metavar="VERSION", help="Hold the tenant on this version in Production; needs --reason.")
@click.option("--reason", help="Why the tenant is held.")
@click.option(
    "--quota",
    "quotas",
    multiple=True,
    metavar="NAME=LIMIT",
    help="A limit of its own instead of its tier's, as in requestsPerMinute=600; may be repeated.",
)
@pass_session
def install(
    session: Session,
    plugin_id: str,
    tenant_id: str,
    config: str | None,
    pin: str | None,
    reason: str | None,
    quotas: tuple[str, ...],
) -> None:
    """Let a tenant use a plugin; --quota alone also changes the limits of one that it uses already."""
    from hotswap.views.tenants import installation_view

    configuration = json_object(config, option="--config") if config is not None else None
    made = session.client.installations.enable(
        tenant_id,
        plugin_id,
        configuration=configuration,
        pinned_version=pin,
        pin_reason=reason,
        quotas=limits(quotas, option="--quota") if quotas else None,
        validate_only=session.options.dry_run,
    )
    title = "Would install" if session.options.dry_run else "Installed"
    session.out.show(made.raw, lambda: installation_view(made, title=title))


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="The tenant who loses it.")
@click.option("--keep-data", is_flag=True, help="Only disable it; configuration and secrets stay for a return.")
@pass_session
def uninstall(session: Session, plugin_id: str, tenant_id: str, keep_data: bool) -> None:  # noqa: FBT001 - click passes it
    """Take a plugin away from a tenant, with its configuration, secrets and state."""
    from hotswap.views.tenants import erasure_view, installation_view

    title = "Would uninstall" if session.options.dry_run else "Uninstalled"
    if keep_data:
        session.confirm(f"Take {plugin_id} away from tenant {tenant_id}?")
        ended = session.client.installations.disable(tenant_id, plugin_id, validate_only=session.options.dry_run)
        session.out.show(ended.raw, lambda: installation_view(ended, title=title))
        return
    session.confirm(f"Erase {plugin_id} of tenant {tenant_id}, with its configuration, secrets and state?")
    report = session.client.installations.erase(tenant_id, plugin_id, validate_only=session.options.dry_run)
    session.out.show(report, lambda: erasure_view(report, f"{title} {plugin_id} of tenant {tenant_id}"))
