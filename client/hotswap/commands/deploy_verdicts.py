"""`deploy verdicts`: every judgement of a deployment, as it was given at the time."""

from __future__ import annotations

import click

from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

#: A look every ten seconds: somewhat more than half an hour.
_LATEST = 200


@click.command("verdicts", cls=HotSwapCommand)
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--all", "is_all", is_flag=True, help=f"Go back to the first look, and not only {_LATEST} looks.")
@pass_session
def verdicts(session: Session, deployment_id: str, *, is_all: bool) -> None:
    """List the verdicts on a deployment, newest first: at each look, and what followed from it."""
    from hotswap.views.given_verdicts import given_verdicts_view

    given = tuple(session.client.deployments.verdicts(deployment_id, limit=None if is_all else _LATEST))
    session.out.show({"items": [one.raw for one in given]}, lambda: given_verdicts_view(given))
