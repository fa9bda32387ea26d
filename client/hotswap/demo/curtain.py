"""How the demo begins and ends: what you will see, what you saw, where things are, what to try next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hotswap.demo.cast import ENVIRONMENT, FLAWED, PING, PLUGIN, TENANTS, VERSIONS
from hotswap.views.tables import facts
from hotswap.views.times import duration

if TYPE_CHECKING:
    from hotswap.demo.story import Charge
    from hotswap.stack_file import StackFile


def opening(stack: StackFile, payment_network: str) -> RenderableType:
    """Say what is about to happen, and where."""
    return Group(
        Text.assemble("\n", (" HotSwap", "name"), (" demo", "quiet")),
        Text(f" A payment plugin goes from {VERSIONS[0]} to {VERSIONS[1]}; two tenants charge a card on each."),
        Text(f" Then to Production, where people must agree; {FLAWED} fails for some cards, and comes back.\n"),
        _indented(
            facts(
                [
                    ("api", stack.api_url),
                    ("payments", f"{payment_network}  (localstripe, on this machine)" if payment_network else ""),
                ]
            )
        ),
    )


def closing(stack: StackFile, charges: Sequence[Charge], *, took_ms: float, program: str) -> RenderableType:
    """Sum up which version served whom, and say how to go on."""
    return Group(
        Text.assemble(
            "\n",
            (" ✔ ", "ok"),
            ("Two versions released, one taken back, no restart. ", "name"),
            (f"The show took {duration(took_ms)}.", "quiet"),
        ),
        Text(),
        _indented(_served(charges)),
        Text("\n Where things are", style="name"),
        facts(
            [
                ("api", stack.api_url),
                ("docs", stack.console_url),
                ("emulator", stack.emulator_url),
                ("credentials", f"{stack.path}  ({', '.join(stack.users)})"),
            ]
        ),
        Text("\n Try next", style="name"),
        _indented(Group(*(Text(line, style="fix", overflow="fold") for line in _next_commands(program)))),
        Text.assemble(("\n The stack keeps running; ", "quiet"), (f"{program} down", "fix"), (" stops it.\n", "quiet")),
    )


def _served(charges: Sequence[Charge]) -> RenderableType:
    drawn = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="quiet")
    drawn.add_column("tenant", style="name")
    for version in VERSIONS:
        drawn.add_column(f"after deploying {version}")
    for tenant in TENANTS:
        own = [charge for charge in charges if charge.tenant_id == tenant.id]
        drawn.add_row(tenant.id, *(_cell(charge) for charge in own))

    return drawn


def _cell(charge: Charge) -> Text:
    return Text.assemble(
        (charge.version, "version"), f" charged {charge.price}", (f" in {duration(charge.duration_ms)}", "quiet")
    )


def _next_commands(program: str) -> tuple[str, ...]:
    return (
        f"{program} login --as host",
        f"{program} invoke {PLUGIN} {PING} --tenant {TENANTS[0].id} --environment {ENVIRONMENT}",
        f"{program} deploy list --plugin {PLUGIN}",
        f"{program} deploy why DEPLOYMENT",
    )


def _indented(drawn: RenderableType) -> RenderableType:
    return Padding(drawn, (0, 0, 0, 2))
