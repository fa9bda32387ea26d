"""Times, durations and sizes as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_JUST_NOW_SECONDS = 10
_KILOBYTE = 1000

#: Below so many seconds, say it in this unit.
_UNITS = ((_MINUTE, 1, "s"), (_HOUR, _MINUTE, "min"), (_DAY, _HOUR, "h"), (14 * _DAY, _DAY, "d"))


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago *moment* was; a date when that is long."""
    if moment is None:
        return "-"
    seconds = (now - moment).total_seconds()
    if seconds < _JUST_NOW_SECONDS:
        return "just now"
    for limit, unit_seconds, unit in _UNITS:
        if seconds < limit:
            return f"{seconds // unit_seconds:.0f} {unit} ago"

    return moment.strftime("%Y-%m-%d")


def lasted(started_at: datetime | None, ended_at: datetime | None) -> str:
    """Say how long something took; empty when it has not ended."""
    if started_at is None or ended_at is None:
        return ""

    return duration((ended_at - started_at) / timedelta(milliseconds=1))


def remaining(due_at: datetime, now: datetime) -> str:
    """Say how long it is until *due_at*, in whole seconds."""
    seconds = max(round((due_at - now).total_seconds()), 0)

    return f"{spoken(seconds)} left" if seconds else "due"


def spoken(seconds: float) -> str:
    """Say whole *seconds*: 40 s, 9 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    parts = ((hours, "h"), (minutes, "min"), (0 if hours else left, "s"))

    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def duration(milliseconds: float | None) -> str:
    """Say how long *milliseconds* are."""
    if milliseconds is None:
        return "-"
    if milliseconds < 1:
        return "<1 ms"
    if milliseconds < 1000:  # noqa: PLR2004 (a second)
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"

    return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"


def size(byte_count: int) -> str:
    """Say how big *byte_count* bytes are."""
    if byte_count < _KILOBYTE:
        return f"{byte_count} B"
    if byte_count < _KILOBYTE**2:
        return f"{byte_count / _KILOBYTE:.0f} kB"

    return f"{byte_count / _KILOBYTE**2:.1f} MB"
