"""`deploy watch` and `deploy why`: how a deployment goes on, how it ended, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import click

from hotswap.errors import ExitCode, HotSwapError
from hotswap.following import follow
from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

if TYPE_CHECKING:
    from hotswap.resources.deployments import Deployment
    from hotswap.views.watching import DeploymentWatch

#: Longer than any deployment may take.
WATCH_SECONDS = 60 * 24 * 3600.0


@click.command("watch", cls=HotSwapCommand)
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--exit-when-held", is_flag=True, help="Exit with 3 as soon as it waits for people, or stands still.")
@pass_session
def watch(session: Session, deployment_id: str, *, exit_when_held: bool) -> None:
    """
    Watch a deployment until it ends: its plan, whom it serves, its verdicts, and what to do next.

    Drawn in place on a terminal, a line for each change elsewhere, an event in a line each with --json. The exit code
    tells how it ended: 0 completed, 1 not, 3 held (only with --exit-when-held), 6 still running after --timeout.
    """
    from hotswap.views.deployments import deployment_view
    from hotswap.views.watching import DeploymentWatch

    session.refuse_dry_run("deploy watch")
    clock, out = session.environment.clock, session.out
    drawing = DeploymentWatch(out, clock, lines=None if out.is_json else out.console, tells_events=True)
    ended = watch_until(session, deployment_id, drawing, WATCH_SECONDS, exit_when_held=exit_when_held)
    if out.is_live:
        out.console.print(deployment_view(ended, now=clock.now()))
    require_completed(ended)


@click.command("why", cls=HotSwapCommand)
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--signals", "tells_signals", is_flag=True, help="Also show what every other rule said at that look.")
@pass_session
def why(session: Session, deployment_id: str, *, tells_signals: bool) -> None:
    """Say in five lines why a deployment is where it is: what was asked, what was seen, which rule, and who."""
    from hotswap.reasons import reason_of
    from hotswap.views.reasons import reason_document, reason_view

    deployments = session.client.deployments
    found = deployments.get(deployment_id)
    ahead: list[Deployment] = []
    if found.is_queued and not found.is_settled:
        others = deployments.list(plugin_id=found.plugin_id, environment=found.environment)
        ahead = [each for each in others if not each.is_settled and each.id < found.id]
    reason = reason_of(found, deployments.timeline(deployment_id), ahead)
    session.out.show(
        reason_document(found, reason),
        lambda: reason_view(found, reason, session.environment.clock.now(), tells_signals=tells_signals),
    )


def watch_until(
    session: Session,
    deployment_id: str,
    drawing: DeploymentWatch,
    default_seconds: float,
    *,
    exit_when_held: bool,
) -> Deployment:
    """
    Follow a deployment until it ends, or stands still if *exit_when_held*.

    Raises:
        StillRunningError: The ``--timeout``, or *default_seconds*, was over before.
    """
    with drawing:
        return follow(
            lambda: session.client.deployments.get(deployment_id),
            lambda seen: seen.is_settled or (exit_when_held and seen.is_held),
            session.deadline(default_seconds),
            seen=drawing.show,
            missed=drawing.miss,
            what=f"Deployment {deployment_id}",
            look_again=f"hotswap deploy watch {deployment_id}",
        )


def require_completed(ended: Deployment) -> None:
    """
    Exit with the code that tells how it ended.

    Raises:
        HotSwapError: It is held, or ended otherwise than Completed.
    """
    if ended.status != "Completed":
        _stop(ended)


def _stop(ended: Deployment) -> NoReturn:
    if ended.is_held:
        reason = ended.hold.reason if ended.hold else ended.status_reason
        why_held = f": {reason}" if reason else ""
        raise HotSwapError(
            f"Deployment {ended.id} is held ({ended.status}){why_held}.",
            fix=_next_of(ended),
            code="HELD",
            exit_code=ExitCode.HELD,
        )
    because = f": {ended.status_reason}" if ended.status_reason else ""
    raise HotSwapError(
        f"Deployment {ended.id} ended as {ended.status}{because}.",
        fix=f"see why with `hotswap deploy why {ended.id}`; tenants are served by the last known good version",
        code="DEPLOYMENT_FAILED",
    )


def _next_of(held: Deployment) -> str:
    if held.status == "PendingApproval":
        return f"an approver decides: `hotswap deploy approve {held.id}`, or `hotswap deploy reject {held.id}`"
    if held.status == "Paused":
        return f"go on with `hotswap deploy resume {held.id}`, or give it up with `hotswap deploy abort {held.id}`"

    return f"see what it waits for with `hotswap deploy why {held.id}`"
