"""`secret`: what a tenant's plugin must know and nobody may read; never taken from the command line itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hotswap.commands.arguments import read_file
from hotswap.errors import UsageError
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session

_DONE = "[ok]✔[/] {verb} [name]{name}[/] of {plugin} for tenant {tenant}."


@click.group(cls=HotSwapGroup)
def secret() -> None:
    """Keep secrets for a tenant's plugin."""


@secret.command("set")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("name")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Whose secret it is.")
@click.option("--from-file", type=click.Path(path_type=Path), metavar="FILE", help="Read the value from a file.")
@click.option("--from-env", metavar="VARIABLE", help="Read the value from an environment variable.")
@click.option("--reference", metavar="ARN", help="Keep no value: read it from AWS Secrets Manager when it is needed.")
@pass_session
def set_secret(
    session: Session,
    plugin_id: str,
    name: str,
    tenant_id: str,
    from_file: Path | None,
    from_env: str | None,
    reference: str | None,
) -> None:
    """
    Keep a secret; the API never gives it back.

    The value comes from a file, from an environment variable, from stdin, or is asked for. It is never an
    argument: arguments are seen by every user of this machine. With --reference it stays where it is.
    """
    from hotswap.views.theme import marked

    if reference is not None and (from_file is not None or from_env is not None):
        raise UsageError("A reference has no value beside it.", fix="use --reference alone, or leave it out")
    value = "" if reference is not None else _value(session, name, from_file, from_env)
    session.client.installations.set_secret(
        tenant_id, plugin_id, name, value, reference=reference, validate_only=session.options.dry_run
    )
    would = "Would keep" if session.options.dry_run else "Kept"
    document = {"tenantId": tenant_id, "pluginId": plugin_id, "name": name, "set": not session.options.dry_run}
    session.out.show(document, lambda: marked(_DONE, verb=would, name=name, plugin=plugin_id, tenant=tenant_id))


@secret.command("delete")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("name")
@click.option("--tenant", "tenant_id", required=True, metavar="TENANT", help="Whose secret it is.")
@pass_session
def delete_secret(session: Session, plugin_id: str, name: str, tenant_id: str) -> None:
    """Forget a secret."""
    from hotswap.views.theme import marked

    session.confirm(f"Forget {name} of {plugin_id} for tenant {tenant_id}?")
    session.client.installations.delete_secret(tenant_id, plugin_id, name, validate_only=session.options.dry_run)
    would = "Would forget" if session.options.dry_run else "Forgot"
    document = {"tenantId": tenant_id, "pluginId": plugin_id, "name": name, "deleted": not session.options.dry_run}
    session.out.show(document, lambda: marked(_DONE, verb=would, name=name, plugin=plugin_id, tenant=tenant_id))


def _value(session: Session, name: str, from_file: Path | None, from_env: str | None) -> str:
    if from_file is not None and from_env is not None:
        raise UsageError("The value can come from one place only.", fix="use --from-file or --from-env, not both")
    if from_file is not None:
        value = read_file(from_file, option="--from-file")
    elif from_env is not None:
        value = session.environment.environ.get(from_env, "")
    elif session.environment.stdin_is_terminal():
        value = click.prompt(f"Value of {name}", hide_input=True, err=True)
    else:
        value = sys.stdin.read()
    # A line that an editor or `echo` ended is not part of a secret.
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise UsageError("The secret is empty.", fix="pipe the value in, or use --from-file or --from-env")

    return value
