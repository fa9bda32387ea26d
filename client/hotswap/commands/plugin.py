"""`plugin`: write, check, publish and look after plugins."""

from __future__ import annotations

from pathlib import Path

import click

from hotswap.commands import plugin_package
from hotswap.commands.arguments import PLUGIN_TYPES
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session

SHOWN_VERSIONS = 10


@click.group(cls=HotSwapGroup)
def plugin() -> None:
    """Write, check, publish and look after plugins."""


plugin.add_command(plugin_package.validate)
plugin.add_command(plugin_package.pack)
plugin.add_command(plugin_package.publish)


@plugin.command("init")
@click.argument("name")
@click.option("--type", "plugin_type", type=PLUGIN_TYPES, default="Other", show_default=True, help="What it extends.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to write it; ./NAME when absent.")
@pass_session
def init(session: Session, name: str, plugin_type: str, folder: Path | None) -> None:
    """Write a new plugin that works: manifest, code, test and README."""
    from hotswap.scaffold import scaffold

    place = folder or Path(name)
    base = place if place.is_absolute() else session.environment.folder / place
    files = scaffold(name, plugin_type, base, dry_run=session.options.dry_run)
    if session.options.json:
        session.out.document({"folder": str(place), "files": [str(path) for path in files]})
        return
    verb = "Would write" if session.options.dry_run else "Wrote"
    session.out.say("[ok]✔[/] {verb} [name]{name}[/] to {place}/", verb=verb, name=name, place=place)
    for path in files:
        session.out.say("    {path}", path=path)
    session.out.say("\n[quiet]next:[/] [fix]hotswap plugin validate {place}[/]", place=place)
    session.out.say("      [fix]hotswap plugin publish {place}[/]", place=place)


@plugin.command("list")
@click.option("--type", "plugin_type", type=PLUGIN_TYPES, help="Only plugins of this type.")
@click.option("--status", help="Only plugins of this status: Active or Deprecated.")
@click.option("--tag", "tags", multiple=True, help="Only plugins with this tag; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="No more than this many.")
@pass_session
def list_plugins(
    session: Session, plugin_type: str | None, status: str | None, tags: tuple[str, ...], limit: int | None
) -> None:
    """List plugins."""
    from hotswap.views.plugins import plugins_view

    found = list(session.client.plugins.list(plugin_type=plugin_type, status=status, tags=tags, limit=limit))
    is_filtered = any((plugin_type, status, tags))
    session.out.show(
        [each.raw for each in found],
        lambda: plugins_view(found, session.environment.clock.now(), is_filtered=is_filtered),
    )


@plugin.command("show")
@click.argument("plugin_id", metavar="PLUGIN")
@pass_session
def show(session: Session, plugin_id: str) -> None:
    """Show a plugin and its latest versions."""
    from hotswap.views.plugins import plugin_view

    found = session.client.plugins.get(plugin_id)
    versions = list(session.client.versions.list(plugin_id, limit=SHOWN_VERSIONS))
    document = {**found.raw, "versions": [each.raw for each in versions]}
    session.out.show(document, lambda: plugin_view(found, versions, session.environment.clock.now()))


@plugin.command("deprecate")
@click.argument("plugin_id", metavar="PLUGIN")
@click.option("--reason", required=True, help="Why; everybody who lists the plugin reads it.")
@click.option("--migration-guide", default="", metavar="TEXT", help="What to use instead, and how to get there.")
@pass_session
def deprecate(session: Session, plugin_id: str, reason: str, migration_guide: str) -> None:
    """Advise against a plugin; what is deployed goes on serving."""
    from hotswap.views.theme import marked

    session.confirm(f"Advise everybody against {plugin_id}?")
    changed = session.client.plugins.deprecate(
        plugin_id, reason=reason, migration_guide=migration_guide, validate_only=session.options.dry_run
    )
    verb = "Would deprecate" if session.options.dry_run else "Deprecated"
    text = "[ok]✔[/] {verb} [name]{name}[/]; what is deployed goes on serving."
    session.out.show(changed.raw, lambda: marked(text, verb=verb, name=plugin_id))


@plugin.command("delete")
@click.argument("plugin_id", metavar="PLUGIN")
@pass_session
def delete(session: Session, plugin_id: str) -> None:
    """Delete a plugin that nobody uses; its version numbers stay taken."""
    from hotswap.views.theme import marked

    session.confirm(f"Delete {plugin_id} for ever?")
    session.client.plugins.delete(plugin_id, validate_only=session.options.dry_run)
    verb = "Would delete" if session.options.dry_run else "Deleted"
    document = {"pluginId": plugin_id, "deleted": not session.options.dry_run}
    text = "[ok]✔[/] {verb} [name]{name}[/]; its version numbers stay taken."
    session.out.show(document, lambda: marked(text, verb=verb, name=plugin_id))
