"""The `hotswap` command: its tree, loaded command by command, and how every error leaves it."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from hotswap.environment import Environment
from hotswap.errors import ExitCode, HotSwapError, UsageError
from hotswap.options import HotSwapGroup
from hotswap.session import Session

#: Section, then name, module and one line of help; the modules are imported only when they are called.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Local stack": {
        "up": ("stack", "Start the local stack and deploy HotSwap into it."),
        "down": ("stack", "Stop the local stack."),
        "status": ("stack", "Show what runs, what does not, and how to fix it."),
        "doctor": ("doctor", "Name what disagrees in the control plane, why, and what heals it."),
        "demo": ("demo", "Watch a payment plugin go to Production under its tenants, and a flawed version come back."),
    },
    "Login": {
        "login": ("identity", "Log in and keep the token."),
        "logout": ("identity", "Forget the token."),
        "whoami": ("identity", "Show who you are to the API."),
        "key": ("key", "Create, rotate and revoke the keys that programs call with."),
    },
    "Plugins": {
        "plugin": ("plugin", "Write, check, publish and look after plugins."),
        "version": ("version", "Look at the versions of a plugin."),
        "deploy": ("deploy", "Make a version the current one of an environment."),
        "approval": ("approval", "See what waits for people, and who has said what."),
        "audit": ("audit", "See who did what, to what, and why, and take it along."),
        "policy": ("policy", "See and set what an environment asks of a deployment."),
    },
    "Tenants": {
        "tenant": ("tenant", "Look after tenants."),
        "install": ("installation", "Let a tenant use a plugin."),
        "uninstall": ("installation", "Take a plugin away from a tenant."),
        "config": ("config", "Look at a tenant's configuration of a plugin, change it, and go back."),
        "pin": ("pin", "Hold a tenant on a version."),
        "unpin": ("pin", "Let a tenant go: what is deployed serves it again."),
        "secret": ("secret", "Keep secrets for a tenant's plugin."),
        "invoke": ("invoke", "Run an operation of a plugin for a tenant."),
        "why": ("why", "Say which version of a plugin serves a tenant, and why."),
    },
    "Other": {
        "completion": ("completion", "Print the completion script of a shell."),
    },
}
_HOMES = {name: home for section in SECTIONS.values() for name, home in section.items()}


class Root(HotSwapGroup):
    """The root: knows its commands by name, and turns what they raise into text and exit code."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the commands, in the order of the help."""
        return list(_HOMES)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        if name not in _HOMES:
            return None
        module = importlib.import_module(f"hotswap.commands.{_HOMES[name][0]}")
        command = getattr(module, name)

        return command if isinstance(command, click.Command) else None

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by section, without importing them."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in commands.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:  # noqa: ANN401 (click's)
        """Run, print what went wrong, and exit with the code that tells it."""
        given = list(sys.argv[1:] if args is None else args)
        session = Session(extra.pop("obj", None) or Environment())
        extra["standalone_mode"] = False
        try:
            super().main(given, *rest, obj=session, **extra)
        except click.exceptions.Exit as ended:
            sys.exit(ended.exit_code)
        except click.UsageError as error:
            sys.exit(_fail(_usage_error(error), session, is_json=session.options.json or "--json" in given))
        except click.ClickException as error:
            sys.exit(_fail(UsageError(error.format_message(), fix="see `hotswap --help`"), session))
        except (click.Abort, KeyboardInterrupt):
            sys.exit(_fail(_interrupted(), session))
        except HotSwapError as error:
            sys.exit(_fail(error, session))
        sys.exit(ExitCode.OK)


@click.group(
    cls=Root,
    name="hotswap",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`hotswap COMMAND --help` tells more. Exit codes: 0 ok, 1 failed, 2 usage or validation, "
    "3 needs approval or is held, 4 conflict, 5 not allowed, 6 timed out, still running.",
)
@click.version_option(package_name="hotswap", message="hotswap %(version)s")
def cli() -> None:
    """Change a plugin of a running SaaS product, tenant by tenant, with no downtime."""


def main() -> None:
    """Run the command."""
    cli.main(prog_name="hotswap")


def _usage_error(error: click.UsageError) -> HotSwapError:
    command = error.ctx.command_path if error.ctx is not None else "hotswap"
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and isinstance(error.ctx.command, click.Group):
        known = ", ".join(error.ctx.command.list_commands(error.ctx))
        return UsageError(f"`{command}` needs a command after it: {known}.", fix=f"see `{command} --help`")

    return UsageError(error.format_message(), fix=f"see `{command} --help`")


def _interrupted() -> HotSwapError:
    return HotSwapError(
        "Interrupted; what was begun at the API goes on there.",
        fix="look at it with `hotswap deploy list` or `hotswap version list PLUGIN`",
        code="INTERRUPTED",
    )


def _fail(error: HotSwapError, session: Session, *, is_json: bool | None = None) -> int:
    if session.options.json if is_json is None else is_json:
        sys.stderr.write(json.dumps(error.to_problem(), indent=2, ensure_ascii=False) + "\n")
    else:
        from hotswap.views.problems import error_view

        session.out.errors.print(error_view(error))

    return int(error.exit_code)
