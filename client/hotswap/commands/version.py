"""`version`: the immutable builds of a plugin."""

from __future__ import annotations

import click

from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session


@click.group(cls=HotSwapGroup)
def version() -> None:
    """Look at the versions of a plugin, and retire them."""


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


_REASON = click.option("--reason", required=True, help="Why; whoever meets the version reads it.")


@version.command("deprecate")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@_REASON
@pass_session
def deprecate(session: Session, plugin_id: str, number: str, reason: str) -> None:
    """Advise against a version; it works as before, and whoever is pinned to it is told."""
    _retire(session, plugin_id, number, "deprecate", reason)


@version.command("yank")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@_REASON
@pass_session
def yank(session: Session, plugin_id: str, number: str, reason: str) -> None:
    """Take a version out of choice; where it serves, it goes on."""
    _retire(session, plugin_id, number, "yank", reason)


@version.command("unyank")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@_REASON
@pass_session
def unyank(session: Session, plugin_id: str, number: str, reason: str) -> None:
    """Let a yanked version be chosen again."""
    _retire(session, plugin_id, number, "unyank", reason)


@version.command("block")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@_REASON
@pass_session
def block(session: Session, plugin_id: str, number: str, reason: str) -> None:
    """Take a version out of every route and pin, at once and for ever."""
    session.confirm(f"Block {plugin_id} {number} for ever?")
    _retire(session, plugin_id, number, "block", reason)


def _retire(session: Session, plugin_id: str, number: str, verb: str, reason: str) -> None:
    from hotswap.views.versions import retired_view

    dry_run = session.options.dry_run
    retired = session.client.versions.retire(plugin_id, number, verb, reason=reason, validate_only=dry_run)
    title = f"Would {verb}" if dry_run else {"deprecate": "Deprecated"}.get(verb, f"{verb.capitalize()}ed")
    session.out.show(retired.raw, lambda: retired_view(retired, title))
