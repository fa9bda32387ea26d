"""`deploy pause`, `resume`, `advance`, `promote`, `abort`, `rollback` and `retry`: say what a deployment is to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from hotswap.options import HotSwapCommand
from hotswap.session import Session, pass_session

_DEPLOYMENT = click.argument("deployment_id", metavar="DEPLOYMENT")
_REASON = click.option("--reason", required=True, help="Why; whoever reads the timeline sees it.")
_STEP = click.option(
    "--step",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only while it is at step N, counted as `deploy show` does; else exit with 4.",
)


def _verb(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function that takes the session, the deployment, the reason and the step."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        return click.command(name, cls=HotSwapCommand)(_DEPLOYMENT(_REASON(_STEP(pass_session(function)))))

    return decorate


@_verb("pause")
def pause(session: Session, deployment_id: str, reason: str, step: int | None) -> None:
    """Stand still: the candidate keeps the tenants that it has, and the watch over it goes on."""
    _say(session, deployment_id, "pause", reason, step)


@_verb("resume")
def resume(session: Session, deployment_id: str, reason: str, step: int | None) -> None:
    """Go on after a pause; after a roll-back by hand, let what is queued begin."""
    _say(session, deployment_id, "resume", reason, step)


@_verb("advance")
def advance(session: Session, deployment_id: str, reason: str, step: int | None) -> None:
    """Cut the current wait short. That is no pass: its verdict is inconclusive, and says by whom."""
    session.confirm(f"Go on from the current step of {deployment_id}, whatever was measured until now?")
    _say(session, deployment_id, "advance", reason, step)


@click.option("--outcome-version", metavar="VERSION", help="Out of an A/B test: which variant wins.")
@_verb("promote")
def promote(session: Session, deployment_id: str, reason: str, step: int | None, outcome_version: str | None) -> None:
    """Go to the end now: skip waits and shares, but no approval, warm-up or smoke test."""
    version = outcome_version or "its version"
    session.confirm(f"Let {version} serve everybody, skipping the rest of {deployment_id}?")
    _say(session, deployment_id, "promote", reason, step, outcomeVersion=outcome_version)


@_verb("abort")
def abort(session: Session, deployment_id: str, reason: str, step: int | None) -> None:
    """Give it up: everybody is served by the last known good at once."""
    session.confirm(f"Give up {deployment_id}, and serve everybody with what was there before?")
    _say(session, deployment_id, "abort", reason, step)


@click.option("--to-version", metavar="VERSION", help="Of a Completed one: any retained version, not the one before.")
@_verb("rollback")
def rollback(session: Session, deployment_id: str, reason: str, step: int | None, to_version: str | None) -> None:
    """Go back at once, also when it is Completed; nothing queued begins until you resume it."""
    target = to_version or "what was there before"
    session.confirm(f"Take {deployment_id} back, and serve everybody with {target}?")
    _say(session, deployment_id, "rollback", reason, step, toVersion=to_version)


@_verb("retry")
def retry(session: Session, deployment_id: str, reason: str, step: int | None) -> None:
    """Try again with the same version and plan; nothing measured or agreed to is taken over."""
    session.confirm(f"Begin {deployment_id} anew?")
    _say(session, deployment_id, "retry", reason, step)


def _say(session: Session, deployment_id: str, verb: str, reason: str, step: int | None, **options: object) -> None:
    from hotswap.views.deployments import deployment_view
    from hotswap.views.theme import marked

    dry_run, out = session.options.dry_run, session.out
    said = session.client.deployments.say(
        deployment_id,
        verb,
        reason=reason,
        validate_only=dry_run,
        # People count from 1, as the tree does; the API counts from 0.
        stepIndex=None if step is None else step - 1,
        **options,
    )
    if dry_run and not out.is_json:
        out.console.print(
            marked("[ok]✔[/] {verb} is possible; nothing was changed. This is how it stands:", verb=verb.capitalize())
        )
    out.show(said.raw, lambda: deployment_view(said, now=session.environment.clock.now()))
