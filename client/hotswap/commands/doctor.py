"""`doctor`: where deployments, leases, executions, routes and aliases disagree."""

from __future__ import annotations

import click

from hotswap.errors import ExitCode, HotSwapError
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session


@click.command(cls=HotSwapCommand)
@click.option("--plugin", "plugin_id", metavar="PLUGIN", help="Examine this plugin alone.")
@pass_session
def doctor(session: Session, plugin_id: str | None) -> None:
    """
    Name what disagrees in the control plane, why, and what heals it; exit code 1 when something does.

    Nothing is changed: most of it heals by itself within two minutes.
    """
    from hotswap.views.diagnoses import examination_view

    found = session.client.doctor.examine(plugin_id=plugin_id)
    session.out.show(found.raw, lambda: examination_view(found))
    if not found.is_well:
        raise HotSwapError(_summary(len(found.diagnoses), len(found.unknown)), fix=_FIX, exit_code=ExitCode.FAILED)


_FIX = "ask again in two minutes; for what is still there then, do what stands after `do`"


def _summary(found: int, unknown: int) -> str:
    parts = [f"{found} disagreement{'' if found == 1 else 's'}"] if found else []
    parts += [f"{unknown} not examined"] if unknown else []
    return f"{', '.join(parts)}."
