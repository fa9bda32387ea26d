"""Durations as the API writes them: ISO 8601, from weeks down to whole seconds."""

from __future__ import annotations

import re

#: Longer than any deployment may take; a wait is not a place to park one.
LONGEST_SECONDS = 30 * 86_400
_LAST_TOLD_IN_HOURS = 72 * 3_600

# Years and months have no fixed length, so they are not taken. Sizes are bounded before anything is multiplied.
_DURATION = re.compile(
    r"P(?:([0-9]{1,9})W|(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?)"
)
_UNITS = (604_800, 86_400, 3_600, 60, 1)


class NotADurationError(ValueError):
    """The text is not a duration that we take; whoever reads it says where it stood."""


def seconds_of(text: str) -> int:
    """
    Read *text*, such as ``PT10M`` or ``P1DT12H``, as seconds.

    Raises:
        NotADurationError: It is not ISO 8601, has years, months or fractions, or is over 30 days.
    """
    match = _DURATION.fullmatch(text)
    parts = match.groups() if match else ()
    if not any(parts):
        raise NotADurationError("it is not an ISO 8601 duration of weeks, days, hours, minutes and whole seconds")
    seconds = sum(int(part) * unit for part, unit in zip(parts, _UNITS, strict=True) if part)
    if seconds > LONGEST_SECONDS:
        raise NotADurationError("it is longer than 30 days")
    return seconds


def iso_duration(seconds: int) -> str:
    """Write *seconds* back: 600 is ``PT10M``, a day ``PT24H``, 0 is ``PT0S``."""
    hours, rest = divmod(seconds, 3_600)
    minutes, left = divmod(rest, 60)
    parts = ((hours, "H"), (minutes, "M"), (left, "S"))
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0S")


def spoken_duration(seconds: int) -> str:
    """Say *seconds* to people: 600 is ``10 min``; up to three days are told in hours."""
    days, rest = divmod(seconds, 86_400) if seconds > _LAST_TOLD_IN_HOURS else (0, seconds)
    hours, rest = divmod(rest, 3_600)
    minutes, left = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
