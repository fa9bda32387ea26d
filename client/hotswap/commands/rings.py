"""`tenant rings`: the groups of tenants, in the order in which they take a risk."""

from __future__ import annotations

import click

from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session


@click.group(cls=HotSwapGroup)
def rings() -> None:
    """See and change the rings that tenants are in."""


@rings.command("list")
@pass_session
def list_rings(session: Session) -> None:
    """List the rings, whoever takes a new version first at the top."""
    from hotswap.views.tenants import rings_view

    document, etag = session.client.rings.get()
    session.out.show({**document, "etag": etag}, lambda: rings_view(document))


@rings.command("set")
@click.argument("names", metavar="RING...", nargs=-1, required=True)
@click.option("--if-match", metavar="ETAG", help="Change only this state; the current one when absent.")
@pass_session
def set_rings(session: Session, names: tuple[str, ...], if_match: str | None) -> None:
    """Make these the rings, in this order; one that is left out goes if no tenant is in it."""
    from hotswap.views.tenants import rings_view

    etag = if_match or session.client.rings.get()[1]
    changed = session.client.rings.replace(names, etag=etag, validate_only=session.options.dry_run)
    title = "Would set the rings" if session.options.dry_run else "Set the rings"
    session.out.show(changed, lambda: rings_view(changed, title=title))
