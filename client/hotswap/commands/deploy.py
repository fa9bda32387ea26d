"""`deploy`: make a version the current one of an environment, and watch it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hotswap.commands.approval import approve, reject
from hotswap.commands.arguments import ENVIRONMENTS, STRATEGIES
from hotswap.commands.deploy_verbs import abort, advance, pause, promote, resume, retry, rollback
from hotswap.commands.deploy_verdicts import verdicts
from hotswap.commands.deploy_watch import require_completed, watch, watch_until, why
from hotswap.commands.deploy_wishes import wish_options, wishes_of
from hotswap.errors import ExitCode, HotSwapError
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session

if TYPE_CHECKING:
    from hotswap.resources.deployments import Deployment
    from hotswap.resources.forecasts import Forecast

WAIT_SECONDS = 600.0
SHOWN_EVENTS = 8
_STATUSES = click.Choice(
    [
        "Pending",
        "PendingApproval",
        "InProgress",
        "Paused",
        "RollingBack",
        "Completed",
        "RolledBack",
        "Rejected",
        "Aborted",
        "Superseded",
        "Failed",
    ],
    case_sensitive=False,
)


@click.group(cls=HotSwapGroup)
def deploy() -> None:
    """Make a version the current one of an environment."""


for _command in (watch, why, verdicts, pause, resume, advance, promote, abort, rollback, retry):
    deploy.add_command(_command)


deploy.add_command(approve)
deploy.add_command(reject)


@deploy.command("create")
@click.argument("plugin_id", metavar="PLUGIN")
@click.argument("number", metavar="VERSION")
@click.option("--environment", "-e", type=ENVIRONMENTS, default="Development", show_default=True, help="Where.")
@click.option("--strategy", "-s", type=STRATEGIES, help="How; the environment's own when absent.")
@click.option("--wait", is_flag=True, help="Watch it until it ends.")
@wish_options
@pass_session
def create(
    session: Session,
    /,
    plugin_id: str,
    number: str,
    environment: str,
    strategy: str | None,
    *,
    wait: bool,
    **given: object,
) -> None:
    """
    Begin a deployment.

    With --dry-run nothing changes: it shows who moves at each step, the time and the cost, and every rule that would
    refuse it; the exit code is then the one that the refusal would have. With --wait the exit code tells how it
    ended: 0 completed, 1 not, 3 held, 6 still running.
    """
    from hotswap.views.deployments import deployment_view

    now = session.environment.clock.now
    wishes = wishes_of(given) | ({"strategy": strategy} if strategy else {})
    is_dry_run = session.options.dry_run
    begun = session.client.deployments.create(
        plugin_id, number, **{"environment": environment, **wishes}, validate_only=is_dry_run
    )
    if is_dry_run and begun.forecast is not None:
        _show_forecast(session, begun, begun.forecast)
        return
    if is_dry_run or not wait:
        session.out.show(begun.raw, lambda: deployment_view(begun, now=now()))
        return
    from hotswap.views.watching import DeploymentWatch

    drawing = DeploymentWatch(session.out, session.environment.clock)
    ended = watch_until(session, begun.id, drawing, WAIT_SECONDS, exit_when_held=True)
    session.out.show(ended.raw, lambda: deployment_view(ended, now=now()))
    require_completed(ended)


@deploy.command("list")
@click.option("--plugin", "plugin_id", metavar="PLUGIN", help="Only of this plugin.")
@click.option("--environment", "-e", type=ENVIRONMENTS, help="Only in this environment.")
@click.option("--status", type=_STATUSES, help="Only in this status.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="No more than this many.")
@pass_session
def list_deployments(
    session: Session, plugin_id: str | None, environment: str | None, status: str | None, limit: int
) -> None:
    """List deployments, the latest first."""
    from hotswap.views.deployments import deployments_view

    found = list(
        session.client.deployments.list(plugin_id=plugin_id, environment=environment, status=status, limit=limit)
    )
    is_filtered = any((plugin_id, environment, status))
    session.out.show(
        [each.raw for each in found],
        lambda: deployments_view(found, session.environment.clock.now(), is_filtered=is_filtered),
    )


@deploy.command("show")
@click.argument("deployment_id", metavar="DEPLOYMENT")
@click.option("--timeline", "is_whole", is_flag=True, help="All of its timeline, not only its end.")
@pass_session
def show(session: Session, deployment_id: str, *, is_whole: bool) -> None:
    """Show a deployment: its plan, who agreed, and what happened to it."""
    from rich.console import Group

    from hotswap.views.deployments import deployment_view
    from hotswap.views.timelines import timeline_view

    found = session.client.deployments.get(deployment_id)
    events = session.client.deployments.timeline(deployment_id)
    most = None if is_whole else SHOWN_EVENTS
    session.out.show(
        {**found.raw, "timeline": [event.raw for event in events]},
        lambda: Group(deployment_view(found, now=session.environment.clock.now()), timeline_view(events, most=most)),
    )


def _show_forecast(session: Session, planned: Deployment, forecast: Forecast) -> None:
    from hotswap.views.forecasts import forecast_view

    session.out.show(
        planned.raw, lambda: forecast_view(planned, forecast, now=planned.created_at or session.environment.clock.now())
    )
    if forecast.violations:
        first = forecast.violations[0]
        exit_codes = {"FORBIDDEN": ExitCode.NOT_ALLOWED, "CONFLICT": ExitCode.CONFLICT}
        exit_code = exit_codes.get(first.code, ExitCode.USAGE)
        raise HotSwapError("It would be refused.", fix=first.fix, code=first.code, exit_code=exit_code)
