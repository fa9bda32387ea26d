"""The local stack: where it is, and how its pieces are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from hotswap.views.tables import facts

if TYPE_CHECKING:
    from hotswap.local_stack import StackStatus
    from hotswap.profiles import Profile
    from hotswap.stack_file import StackFile


def stack_view(stack: StackFile) -> RenderableType:
    """Say where the stack is and how to log in."""
    return Group(
        Text.assemble(("✔ ", "ok"), "HotSwap runs on this machine."),
        facts(
            [
                ("api", stack.api_url),
                ("docs", stack.console_url),
                ("emulator", stack.emulator_url),
                ("payments", stack.payments_url),
                ("credentials", f"{stack.path}  ({', '.join(stack.users)})"),
            ]
        ),
        Text.assemble(
            ("next: ", "quiet"), ("hotswap demo", "fix"), ("  or  ", "quiet"), ("hotswap login --as developer", "fix")
        ),
    )


def status_view(seen: StackStatus, stack: StackFile | None, profile: Profile | None) -> RenderableType:
    """Show each piece of the stack with a tick or a cross."""
    api_url = stack.api_url if stack is not None else ""
    pieces = [
        ("emulator", seen.is_emulator_running, stack.emulator_url if stack else "", "does not run"),
        ("stack", seen.is_deployed, f"deployed in {stack.region}" if stack else "deployed", "not deployed"),
        ("api", seen.is_healthy, f"healthy  {api_url}", "does not answer"),
        ("payments", seen.is_payment_network_running, stack.payments_url if stack else "", "does not run"),
    ]
    rows: list[tuple[str, RenderableType]] = [
        (name, Text.assemble(("✔ ", "ok"), good) if is_well else Text.assemble(("✗ ", "bad"), bad))
        for name, is_well, good, bad in pieces
    ]
    is_here = profile is not None and profile.api_url == api_url
    rows.append(
        (
            "login",
            Text(f"{profile.username} ({', '.join(profile.roles)})" if profile and is_here else "none", style="quiet"),
        )
    )

    return facts(rows)
