"""`audit`: who did what, to what, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from hotswap.errors import ExitCode, HotSwapError, UsageError
from hotswap.options import HotSwapGroup
from hotswap.resources.audit import AuditFilters
from hotswap.session import Session, pass_session

_FILTERS = (
    click.option("--actor", metavar="USER", help="Only what this user did."),
    click.option("--resource", metavar="PATH", help="Only what happened to this, such as plugins/tax-engine."),
    click.option("--tenant", metavar="TENANT", help="Only what is about this tenant."),
    click.option("--from", "since", metavar="TIME", help="Only from this time or date on (UTC)."),
    click.option("--to", "until", metavar="TIME", help="Only before this time or date (UTC)."),
)


_DAY = click.DateTime(formats=["%Y-%m-%d"])


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(cls=HotSwapGroup)
def audit() -> None:
    """See who did what, to what, and why, and take it along."""


@audit.command("list")
@_filtered
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="No more than this many.")
@pass_session
def list_records(session: Session, /, limit: int, **filters: str | None) -> None:
    """
    List records, the latest first.

    Without an actor, a resource, a tenant or a time: those of the last 30 days.
    """
    from hotswap.views.audit import records_view

    found = list(session.client.audit.list(_filters_of(filters), limit=limit))
    session.out.show(found, lambda: records_view(found, session.environment.clock.now()))


@audit.command("export")
@_filtered
@click.option(
    "--format", "file_format", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True, help="Of what."
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Into this file, else to standard output."
)
@pass_session
def export_records(session: Session, /, file_format: str, output: Path | None, **filters: str | None) -> None:
    """Write records as JSON Lines or CSV, the latest first; a file appears only when it is whole."""
    parts = session.client.audit.export(_filters_of(filters), file_format=file_format)
    if output is None:
        for part in parts:
            sys.stdout.write(part)
        return
    begun = output.with_name(f"{output.name}.part")
    try:
        with begun.open("w", newline="", encoding="utf-8") as file:
            file.writelines(parts)
        begun.replace(output)
    finally:
        begun.unlink(missing_ok=True)
    session.out.say("[ok]✔[/] The records are in [name]{output}[/].", output=output)


@audit.command("verify")
@click.option("--from", "since", type=_DAY, metavar="DATE", help="The first day (UTC); left out: that of --to.")
@click.option("--to", "until", type=_DAY, metavar="DATE", help="The last day, included (UTC); left out: today.")
@pass_session
def verify_records(session: Session, since: datetime | None, until: datetime | None) -> None:
    """
    Prove that no record was changed, dropped, moved or added; exit code 1 and the first bad one when one was.

    Each day has a hash chain of its own, signed by a key that nobody can read, and kept where nobody can delete it.
    """
    from hotswap.views.audit import proofs_view

    last = (until or session.environment.clock.now().astimezone(UTC)).date()
    days = _days(since.date() if since else last, last)
    found = [session.client.audit.verify(day) for day in days]
    session.out.show(found, lambda: proofs_view(found))
    broken = [each for each in found if each["verdict"] != "Whole"]
    if broken:
        summary = f"The trail of {broken[0]['day']} is broken: {broken[0]['finding']['detail']}."
        raise HotSwapError(summary, fix=_FIX, exit_code=ExitCode.FAILED)


_FIX = "compare with a backup of the audit table (point-in-time recovery), and ask CloudTrail who wrote to it"


def _days(first: date, last: date) -> list[date]:
    if first > last:
        raise UsageError("--from is after --to.", fix="name the earlier day first")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _filters_of(given: dict[str, str | None]) -> AuditFilters:
    return AuditFilters(
        actor=given["actor"],
        resource=given["resource"],
        tenant=given["tenant"],
        since=given["since"],
        until=given["until"],
    )
