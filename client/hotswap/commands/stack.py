"""`up`, `down`, `status`: the whole product on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hotswap.errors import ExitCode, HotSwapError
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from hotswap.local_stack import StackStatus
    from hotswap.stack_file import StackFile


@click.command(cls=HotSwapCommand)
@click.option(
    "--emulator",
    type=click.Choice(["ministack", "localstack"]),
    default="ministack",
    show_default=True,
    help="ministack is started here; localstack is found by localstack-client's settings.",
)
@click.option(
    "--strict-limits",
    is_flag=True,
    help="Keep the rate limits of production instead of 100 times as much.",
)
@pass_session
def up(session: Session, emulator: str, *, strict_limits: bool) -> None:
    """
    Start the local stack and deploy HotSwap into it.

    May be repeated: what runs stays, what is missing is added, what is half-made is mended.
    """
    session.refuse_dry_run("up")
    from hotswap.views.stack import stack_view

    stack = start(session, emulator=emulator, strict_limits=strict_limits)
    session.out.show(_document(stack), lambda: stack_view(stack))


@click.command(cls=HotSwapCommand)
@pass_session
def down(session: Session) -> None:
    """Stop the local stack; all that it held is gone."""
    session.refuse_dry_run("down")
    report, finish = _reporter(session)
    session.local_stack.down(report=report)
    finish()
    if session.options.json:
        session.out.document({"running": False})
    else:
        session.out.say("[ok]✔[/] Nothing of the local stack runs any more.")


@click.command(cls=HotSwapCommand)
@pass_session
def status(session: Session) -> None:
    """Show what runs, what does not, and how to fix it; exit code 1 when something does not."""
    from hotswap.views.stack import status_view

    seen = session.local_stack.status()
    stack = session.stack
    document = {
        "emulatorRunning": seen.is_emulator_running,
        "stackDeployed": seen.is_deployed,
        "paymentNetworkRunning": seen.is_payment_network_running,
        "apiHealthy": seen.is_healthy,
        "stack": _document(stack) if stack is not None else None,
    }
    session.out.show(document, lambda: status_view(seen, stack, session.profile))
    if not seen.is_healthy:
        raise HotSwapError(_missing(seen), fix="start what is missing with `hotswap up`", exit_code=ExitCode.FAILED)


def start(session: Session, *, emulator: str, strict_limits: bool) -> StackFile:
    """Bring the stack up, telling each step."""
    report, finish = _reporter(session)
    stack = session.local_stack.up(emulator=emulator, strict_limits=strict_limits, report=report)
    finish()

    return stack


def _reporter(session: Session) -> tuple[Callable[[str], None], Callable[[], None]]:
    """Tell a step when the next begins, for only then it has ended."""
    if session.options.json:
        return (lambda _: None), (lambda: None)
    from hotswap.views.stages import StageLines

    lines = StageLines(session.out.errors, session.environment.clock)
    open_step: list[str] = []

    def finish() -> None:
        if open_step:
            lines.end(open_step.pop())

    def report(text: str) -> None:
        finish()
        open_step.append(text)
        lines.begin("", text)

    return report, finish


def _document(stack: StackFile) -> dict[str, object]:
    # Passwords stay in the file: what is printed ends up in logs.
    return {
        "apiUrl": stack.api_url,
        "consoleUrl": stack.console_url,
        "emulatorUrl": stack.emulator_url,
        "paymentsUrl": stack.payments_url,
        "region": stack.region,
        "users": sorted(stack.users),
        "file": str(stack.path),
    }


def _missing(seen: StackStatus) -> str:
    if not seen.is_emulator_running:
        return "The local stack does not run."
    if not seen.is_deployed:
        return "The emulator runs, but HotSwap is not deployed in it."

    return "HotSwap is deployed, but its API does not answer."
