"""`policy`: what an environment asks of a deployment, shown and set."""

from __future__ import annotations

import click

from hotswap.commands.arguments import ENVIRONMENTS, json_object
from hotswap.options import HotSwapGroup
from hotswap.session import Session, pass_session

#: What of a policy's answer a change sends back; the rest tells how it stands.
_CONTENT = ("approvals", "windows", "freezes", "stopTheLine", "ladder")


@click.group(cls=HotSwapGroup)
def policy() -> None:
    """See and set what an environment asks of a deployment."""


@policy.command("show")
@click.argument("environment", type=ENVIRONMENTS)
@pass_session
def show_policy(session: Session, environment: str) -> None:
    """Show what an environment asks, and whether it is open now."""
    from hotswap.views.approvals import policy_view

    document, etag = session.client.policies.get(environment)
    session.out.show({**document, "etag": etag}, lambda: policy_view(document))


@policy.command("set")
@click.argument("environment", type=ENVIRONMENTS)
@click.argument("changes", metavar="JSON|@FILE|-")
@click.option("--reason", default="", help="Why; the audit log keeps it.")
@click.option("--if-match", metavar="ETAG", help="Change only this state; the current one when absent.")
@pass_session
def set_policy(session: Session, environment: str, changes: str, reason: str, if_match: str | None) -> None:
    """
    Change parts of a policy: what JSON does not name stays as it is.

    To stop everything in Production: policy set Production '{"stopTheLine": "incident 4711"}'
    """
    from hotswap.views.approvals import policy_view

    wanted = json_object(changes, option="JSON")
    document, etag = session.client.policies.get(environment)
    kept = {name: document[name] for name in _CONTENT if name in document}
    if isinstance(wanted.get("approvals"), dict):
        wanted["approvals"] = {**kept.get("approvals", {}), **wanted["approvals"]}
    body = {**kept, **wanted, **({"reason": reason} if reason else {})}
    is_dry = session.options.dry_run
    changed = session.client.policies.replace(environment, body, etag=if_match or etag, validate_only=is_dry)
    title = "Would set the policy" if is_dry else "Set the policy"
    session.out.show(changed, lambda: policy_view(changed, title=title))
