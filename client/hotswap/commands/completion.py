"""`completion`: teach a shell the commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
@pass_session
def completion(session: Session, context: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.

    For bash: eval "$(hotswap completion bash)"
    """
    completion_class = get_completion_class(shell)
    assert completion_class is not None  # noqa: S101 (the choice above names only what click has)
    root = context.find_root().command
    script = completion_class(root, {}, "hotswap", "_HOTSWAP_COMPLETE").source()
    if session.options.json:
        session.out.document({"shell": shell, "script": script})
    else:
        click.echo(script)
