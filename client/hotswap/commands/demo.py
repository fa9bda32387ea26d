"""`demo`: the show, on the local stack; starts it when it does not run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hotswap.clock import Deadline
from hotswap.errors import HotSwapError, UsageError
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session
from hotswap.stack_file import StackFile

if TYPE_CHECKING:
    from hotswap.demo.stage import Stage
    from hotswap.demo.story import Charge

WAIT_SECONDS = 300.0
EXAMPLES = Path("examples") / "plugins"


@click.command(cls=HotSwapCommand)
@pass_session
def demo(session: Session) -> None:
    """
    Watch a payment plugin go to Production under its tenants, and a flawed version come back.

    Runs on the local stack, which it starts when needed, and may be run as often as you like.
    """
    session.refuse_dry_run("demo")
    if session.options.json:
        raise UsageError("The demo is for people; it has no --json.", fix="leave --json out")
    from hotswap.demo.curtain import closing, opening
    from hotswap.demo.stage import Stage

    clock = session.environment.clock
    began_seconds = clock.elapsed_seconds()
    stack = _running_stack(session)
    stage = Stage(session.out.console, clock)
    stage.draw(opening(stack, stack.payments_url))
    charges = _play(session, stage, stack)
    took_ms = (clock.elapsed_seconds() - began_seconds) * 1000
    stage.draw(closing(stack, charges, took_ms=took_ms, program=_program()))


def _play(session: Session, stage: Stage, stack: StackFile) -> list[Charge]:
    from hotswap.demo.story import Story

    story = Story(
        stage=stage,
        connect=lambda tokens: session.client_for(tokens, api_url=stack.api_url, observe=stage.heard),
        connect_quietly=lambda tokens: session.client_for(tokens, api_url=stack.api_url),
        users={role: (user.username, user.password) for role, user in stack.users.items()},
        plugins=_examples(session.checkout),
        payment_network=stack.payments_url,
        clock=session.environment.clock,
        deadline=Deadline.after(session.timeout_seconds(WAIT_SECONDS), session.environment.clock),
    )

    return story.play()


def _running_stack(session: Session) -> StackFile:
    """Give the stack of the checkout; start what is missing of it."""
    status = session.local_stack.status()
    is_whole = status.is_healthy and status.is_payment_network_running
    if is_whole and session.stack is not None:
        return session.stack
    from hotswap.commands.stack import start

    return start(session, emulator="ministack", strict_limits=False)


def _examples(checkout: Path | None) -> Path:
    folder = (checkout or Path()) / EXAMPLES
    if not folder.is_dir():
        raise HotSwapError(
            "The example plugins are not here.",
            fix="run the demo inside a checkout of HotSwap, as `make demo` does",
        )

    return folder


def _program() -> str:
    """Name this command as it can be typed here: a virtual environment may not be active."""
    if shutil.which("hotswap"):
        return "hotswap"
    called = Path(sys.argv[0])
    if called.name != "hotswap":
        return "hotswap"
    try:
        return str(called.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(called)
