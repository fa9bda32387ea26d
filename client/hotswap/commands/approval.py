"""`deploy approve` and `deploy reject`, and `approval`: what waits for people, and what they say to it."""

from __future__ import annotations

import click

from hotswap.commands.arguments import ENVIRONMENTS
from hotswap.options import HotSwapCommand, HotSwapGroup
from hotswap.session import Session, pass_session

_STATUSES = click.Choice(["Pending", "Approved", "Rejected", "Expired", "Void"], case_sensitive=False)
_WHAT = click.argument("identifier", metavar="DEPLOYMENT|APPROVAL")


@click.group(cls=HotSwapGroup)
def approval() -> None:
    """See what waits for people, and who has said what."""


@approval.command("list")
@click.option("--environment", "-e", type=ENVIRONMENTS, help="Only of this environment.")
@click.option("--status", type=_STATUSES, help="Only in this status; Pending waits for somebody.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="No more than this many.")
@pass_session
def list_approvals(session: Session, environment: str | None, status: str | None, limit: int) -> None:
    """List approvals, the latest first."""
    from hotswap.views.approvals import approvals_view

    found = list(session.client.approvals.list(environment=environment, status=status, limit=limit))
    session.out.show(found, lambda: approvals_view(found, session.environment.clock.now()))


@approval.command("show")
@click.argument("approval_id", metavar="APPROVAL")
@pass_session
def show_approval(session: Session, approval_id: str) -> None:
    """Show what is asked, and who has said what."""
    from hotswap.views.approvals import approval_view

    found = session.client.approvals.get(approval_id)
    session.out.show(found, lambda: approval_view(found, session.environment.clock.now()))


@click.command("approve", cls=HotSwapCommand)
@_WHAT
@click.option("--reason", default="", help="Why; kept with your decision.")
@pass_session
def approve(session: Session, identifier: str, reason: str) -> None:
    """Agree to what a deployment waits for; never to one of your own."""
    _decide(session, identifier, "approve", reason)


@click.command("reject", cls=HotSwapCommand)
@_WHAT
@click.option("--reason", required=True, help="Why; whoever asked reads it.")
@pass_session
def reject(session: Session, identifier: str, reason: str) -> None:
    """Refuse what a deployment waits for; one refusal ends it."""
    _decide(session, identifier, "reject", reason)


def _decide(session: Session, identifier: str, verb: str, reason: str) -> None:
    from hotswap.views.approvals import approval_view

    is_dry = session.options.dry_run
    said = session.client.approvals.decide(identifier, verb, reason=reason, validate_only=is_dry)
    title = f"Would {verb} it" if is_dry else {"approve": "You approved it", "reject": "You rejected it"}[verb]
    session.out.show(said, lambda: approval_view(said, session.environment.clock.now(), title=title))
