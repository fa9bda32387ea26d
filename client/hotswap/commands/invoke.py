"""`invoke`: run an operation of a plugin for a tenant, and see which version answered."""

from __future__ import annotations

import click

from hotswap.commands.arguments import ENVIRONMENTS, json_object
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

#: One request follows at once.
_TTL = "PT1M"


@click.command(cls=HotSwapCommand)
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("operation")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="For whom it runs.")
@click.option("--environment", "-e", type=ENVIRONMENTS, default="Production", show_default=True, help="Where.")
@click.option("--input", "given", default="{}", metavar="JSON", help="Its input: JSON, @FILE, or - for stdin.")
@click.option("--override", "version", metavar="VERSION", help="Send it to this version, even one at 0 %.")
@pass_session
def invoke(
    session: Session,
    plugin_id: str,
    operation: str,
    tenant_id: str,
    environment: str,
    given: str,
    version: str | None,
) -> None:
    """Run an operation of a plugin for a tenant."""
    from hotswap.views.invocations import invocation_view

    session.refuse_dry_run("invoke")
    payload = json_object(given, option="--input")
    override = None
    if version is not None:
        override = session.client.overrides.mint(plugin_id, version, environment=environment, ttl=_TTL)
    answer = session.client.invocations.invoke(
        plugin_id, operation, tenant_id=tenant_id, payload=payload, environment=environment, override=override
    )
    session.out.show(answer.raw, lambda: invocation_view(answer))
