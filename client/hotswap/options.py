"""The global options, accepted by the root, by every group and by every command alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from hotswap.session import Session

_NAMES = frozenset({"json", "profile", "yes", "timeout", "dry_run"})


def global_options() -> list[click.Option]:
    """Make the global options anew; each keeps its value in the session instead of the command's arguments."""

    def option(declaration: Sequence[str], text: str, **attributes: Any) -> click.Option:  # noqa: ANN401 (click's)
        return GlobalOption([*declaration], help=text, expose_value=False, callback=_remember, **attributes)

    return [
        option(["--json"], "Print JSON only: results on stdout, problems on stderr.", is_flag=True),
        option(["--profile"], "Use the login kept under this name.", metavar="NAME"),
        option(["--yes", "-y"], "Answer yes to every question.", is_flag=True),
        option(["--timeout"], "Wait no longer than this, as in 30s or 5m.", metavar="TIME"),
        option(["--dry-run"], "Show what would happen; change nothing.", is_flag=True),
    ]


class GlobalOption(click.Option):
    """An option of every command; the help lists it apart."""


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    # A flag that is absent here may have been given before the subcommand: never set it back.
    if parameter.name in _NAMES and value not in (None, False):
        session = context.ensure_object(Session)
        setattr(session.options, parameter.name, value)
        # A duration that is none is refused by every command, also by those that never wait.
        session.timeout_seconds(0)


class _HelpWithGlobalOptions(click.Command):
    """Puts the global options last, under a heading of their own."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options in two sections."""
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            if record is not None:
                (shared if isinstance(parameter, GlobalOption) else own).append(record)
        for title, records in (("Options", own), ("Global options", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class HotSwapCommand(_HelpWithGlobalOptions):
    """A command that takes the global options after its name."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:  # noqa: ANN401 (click's)
        super().__init__(*arguments, **attributes)
        self.params.extend(global_options())


class HotSwapGroup(click.Group, _HelpWithGlobalOptions):
    """A group whose commands take the global options, as the group itself does."""

    command_class = HotSwapCommand

    def __init__(self, *arguments: Any, **attributes: Any) -> None:  # noqa: ANN401 (click's)
        super().__init__(*arguments, **attributes)
        self.params.extend(global_options())

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what a reader of a group looks for."""
        self.format_commands(context, formatter)
        _HelpWithGlobalOptions.format_options(self, context, formatter)


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
