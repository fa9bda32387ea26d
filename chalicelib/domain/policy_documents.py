"""Policies in the words of the API: what people send, read and find in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.domain.durations import iso_duration

if TYPE_CHECKING:
    from chalicelib.domain.policies import EnvironmentPolicy

#: As they stand in a window; Monday is 0.
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def document_of(policy: EnvironmentPolicy) -> dict[str, Any]:
    """Write *policy* as a document, without what is not its content: environment and revision."""
    rule = policy.approvals
    return {
        "approvals": {
            "needed": rule.needed,
            "roles": [str(role) for role in rule.roles],
            "excluded": list(rule.excluded),
            "timeout": iso_duration(rule.seconds),
            "onExpiry": str(rule.on_expiry),
        },
        "windows": [
            {
                "weekdays": [WEEKDAYS[day] for day in window.weekdays if day in range(len(WEEKDAYS))],
                "begins": window.begins,
                "until": window.until,
                "timeZone": window.time_zone,
            }
            for window in policy.windows
        ],
        "freezes": [
            {"begins": freeze.begins, "ends": freeze.ends, "reason": freeze.reason} for freeze in policy.freezes
        ],
        "stopTheLine": policy.stop_the_line,
        "ladder": policy.has_ladder,
    }
