"""`login`, `logout`, `whoami`: who the command speaks as."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from hotswap.connection import profile_of
from hotswap.errors import HotSwapError, UsageError
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

if TYPE_CHECKING:
    from hotswap.stack_file import StackUser


@click.command(cls=HotSwapCommand)
@click.option("--as", "role", metavar="ROLE", help="Log in as the local stack's user of this role.")
@click.option("--username", "-u", help="Your user name; asked for when absent.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@pass_session
def login(session: Session, role: str | None, username: str | None, *, password_stdin: bool) -> None:
    """
    Log in and keep the token.

    Roles of the local stack: admin, developer, approver, approver2, tenant-owner, host, viewer.
    """
    session.refuse_dry_run("login")
    name, password = _credentials(session, role, username, password_stdin=password_stdin)
    answer = session.anonymous_client.authentication.log_in(name, password)
    profile = profile_of(answer, session.api_url)
    path = session.store.write(session.profile_name, profile)

    document = {
        "username": profile.username,
        "roles": list(profile.roles),
        "tenantId": answer.user.tenant_id or None,
        "apiUrl": profile.api_url,
        "expiresAt": profile.expires_at.isoformat() if profile.expires_at else None,
        "profile": session.profile_name,
    }
    if session.options.json:
        session.out.document(document)
        return
    roles = ", ".join(profile.roles) or "no role"
    session.out.say("[ok]✔[/] Logged in as [name]{name}[/] ({roles}).", name=profile.username, roles=roles)
    session.out.say("  [quiet]api[/]    {url}", url=profile.api_url)
    session.out.say("  [quiet]token[/]  kept in {path}, readable by you only", path=path)


@click.command(cls=HotSwapCommand)
@pass_session
def logout(session: Session) -> None:
    """Forget the token of this profile."""
    session.refuse_dry_run("logout")
    was_there = session.store.delete(session.profile_name)
    if session.options.json:
        session.out.document({"profile": session.profile_name, "loggedOut": was_there})
        return
    session.out.say("[ok]✔[/] Logged out." if was_there else "You were not logged in; nothing to forget.")


@click.command(cls=HotSwapCommand)
@pass_session
def whoami(session: Session) -> None:
    """Show who you are to the API."""
    from hotswap.views.tables import facts

    user = session.client.authentication.me()
    expires_at = session.profile.expires_at if session.profile is not None else None
    session.out.show(
        user.raw,
        lambda: facts(
            [
                ("user", user.username),
                ("roles", ", ".join(user.roles) or "none"),
                ("tenant", user.tenant_id),
                ("api", session.api_url),
                ("profile", session.profile_name),
                ("until", expires_at.astimezone().strftime("%H:%M") if expires_at else ""),
            ]
        ),
    )


def _credentials(session: Session, role: str | None, username: str | None, *, password_stdin: bool) -> tuple[str, str]:
    if role is not None:
        user = _stack_user(session, role)
        return user.username, user.password
    is_interactive = session.environment.stdin_is_terminal() and not session.options.json
    if username is None and not is_interactive:
        raise UsageError(
            "Nobody is here to ask for a user name.",
            fix="use --as ROLE with the local stack, or --username NAME --password-stdin",
        )
    name = username if username is not None else str(click.prompt("User name", err=True))
    if password_stdin:
        return name, sys.stdin.readline().rstrip("\r\n")
    if not is_interactive:
        raise UsageError("Nobody is here to ask for the password.", fix="pipe it in with --password-stdin")

    return name, str(click.prompt("Password", hide_input=True, err=True))


def _stack_user(session: Session, role: str) -> StackUser:
    if session.stack is None:
        raise HotSwapError(
            "--as logs in at the local stack, and there is none in this folder.",
            fix="start it with `hotswap up`, or log in with --username",
        )

    return session.stack.user(role.lower())
