"""`version`: the immutable builds of a plugin."""

from __future__ import annotations

import click

from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session


@click.group(cls=HotSwapGroup)
def version() -> None:
    """Look at the versions of a plugin."""


@version.command("list")
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--status", help="Only versions of this status, as Ready.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many.")
@pass_session
def list_versions(session: Session, plugin_id: str, status: str | None, limit: int | None) -> None:
    """List the versions of a plugin."""
    from hotswap.views.versions import versions_view

    found = list(session.client.versions.list(plugin_id, status=status, limit=limit))
    session.out.show(
        [each.raw for each in found], lambda: versions_view(found, plugin_id, session.environment.clock.now())
    )


@version.command("show")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@pass_session
def show(session: Session, plugin_id: str, number: str) -> None:
    """Show a version: its status, digest, start time and findings."""
    from hotswap.views.versions import version_view

    found = session.client.versions.get(plugin_id, number)
    session.out.show(found.raw, lambda: version_view(found, session.environment.clock.now()))
