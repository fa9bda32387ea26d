"""`key`: what programs call the API with."""

from __future__ import annotations

import click

from hotswap.options import HotSwapGroup
from hotswap.resources.reading import Document, text_of
from hotswap.session import Session, pass_session

_KEY = click.argument("key_id", metavar="KEY")


@click.group(cls=HotSwapGroup)
def key() -> None:
    """Create, rotate and revoke the keys that programs call with."""


@key.command("create")
@click.argument("name", metavar="NAME")
@click.option(
    "--action", "actions", multiple=True, metavar="ACTION", help="What it may do; invoke and observe if absent."
)
@click.option("--tenant", "tenants", multiple=True, metavar="TENANT", help="For this tenant only; repeat for more.")
@click.option("--lifetime", metavar="DURATION", help="When it ends by itself, as P90D; until revoked if absent.")
@pass_session
def create(
    session: Session, name: str, actions: tuple[str, ...], tenants: tuple[str, ...], lifetime: str | None
) -> None:
    """Create a key for the program NAME; it is shown this once."""
    is_dry = session.options.dry_run
    made = session.client.keys.create(name, actions=actions, tenants=tenants, lifetime=lifetime, validate_only=is_dry)
    title = "Would create" if is_dry else "Created"
    _tell(session, made, title)


@key.command("list")
@pass_session
def list_keys(session: Session) -> None:
    """List keys, the oldest first, never their secrets."""
    from hotswap.views.keys import keys_view

    found = list(session.client.keys.list())
    session.out.show(found, lambda: keys_view(found, session.environment.clock.now()))


@key.command("rotate")
@_KEY
@click.option("--overlap", metavar="DURATION", help="How long the one before stays good, as PT1H; a day if absent.")
@pass_session
def rotate(session: Session, key_id: str, overlap: str | None) -> None:
    """Give a key a new secret, shown this once; change over while both are good."""
    is_dry = session.options.dry_run
    told = session.client.keys.rotate(key_id, overlap=overlap, validate_only=is_dry)
    _tell(session, told, "Would rotate" if is_dry else "Rotated")


@key.command("revoke")
@_KEY
@pass_session
def revoke(session: Session, key_id: str) -> None:
    """End a key for good: within a minute, every request with it is refused."""
    from hotswap.views.keys import key_view

    session.confirm(f"Revoke {key_id}? Every program that has it is locked out.")
    is_dry = session.options.dry_run
    ended = session.client.keys.revoke(key_id, validate_only=is_dry)
    session.out.show(ended, lambda: key_view(ended, title="Would revoke" if is_dry else "Revoked"))


def _tell(session: Session, told: Document, title: str) -> None:
    from hotswap.views.keys import key_view

    session.out.show(told, lambda: key_view(told, title=title))
    secret = text_of(told, "key")
    if secret and not session.options.json:
        # Past the console, which would fold it: half a key is copied by somebody.
        click.echo(f"\n{secret}\n")
        session.out.say("Keep it now: it is not shown again. Programs send it as [name]Authorization: Bearer <key>[/].")
