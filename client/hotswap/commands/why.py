"""`why`: which version of a plugin serves a tenant, and which rule decided."""

from __future__ import annotations

import click

from hotswap.commands.arguments import ENVIRONMENTS
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Who is served.")
@click.option("--environment", "-e", type=ENVIRONMENTS, default="Production", show_default=True, help="Where.")
@pass_session
def why(session: Session, plugin_id: str, tenant_id: str, environment: str) -> None:
    """Say which version of a plugin serves a tenant, and why."""
    from hotswap.views.effective import effective_view

    found = session.client.effective.show(tenant_id, plugin_id, environment=environment)
    session.out.show(found.raw, lambda: effective_view(found, session.environment.clock.now()))
