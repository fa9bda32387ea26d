"""The few colours and marks that every view shares."""

from __future__ import annotations

from rich.markup import escape
from rich.text import Text
from rich.theme import Theme

THEME = Theme(
    {
        "ok": "green",
        "bad": "bold red",
        "busy": "cyan",
        "held": "yellow",
        "quiet": "bright_black",
        "name": "bold",
        "fix": "cyan",
        "version": "bold magenta",
    }
)

_STATUS_STYLES = {
    "Ready": "ok",
    "Active": "ok",
    "Enabled": "ok",
    "Completed": "ok",
    "Rejected": "bad",
    "Failed": "bad",
    "Blocked": "bad",
    "RolledBack": "bad",
    "Aborted": "bad",
    "Suspended": "bad",
    "InProgress": "busy",
    "Running": "busy",
    "Verifying": "busy",
    "RollingBack": "held",
    "PendingApproval": "held",
    "Paused": "held",
    "Holding": "held",
    "Queued": "held",
    "Deprecated": "held",
    "Yanked": "held",
    "Disabled": "held",
}


def status_style(status: str) -> str:
    """Tell the style of a status word; quiet when it is none that we know."""
    return _STATUS_STYLES.get(status, "quiet")


def status_text(status: str) -> Text:
    """Show a status word in its colour."""
    return Text(status or "-", style=status_style(status))


def marked(template: str, **values: object) -> Text:
    """Fill *template*, in Rich's markup, with values that are shown as they are."""
    return Text.from_markup(template.format(**{name: escape(str(value)) for name, value in values.items()}))
