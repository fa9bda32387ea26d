"""Windows: when an environment may be moved, and when it is frozen; going back is always allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

#: A closed window is looked for so far ahead; an environment that opens later is closed for good.
HORIZON_DAYS = 60
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Weekdays (0 is Monday) and local hours in which a step may begin and be watched; *until* 24:00 is midnight."""

    weekdays: tuple[int, ...]
    begins: str
    until: str
    time_zone: str = "UTC"

    def holds(self, moment: datetime) -> bool:
        """Tell whether *moment* (aware) lies in it."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        clock = f"{local:%H:%M}"
        if self.begins <= self.until:
            return local.weekday() in self.weekdays and self.begins <= clock < self.until
        # Over midnight: the part after it belongs to the day before.
        is_evening = local.weekday() in self.weekdays and clock >= self.begins
        is_morning = (local.weekday() - 1) % 7 in self.weekdays and clock < self.until
        return is_evening or is_morning


@dataclass(frozen=True, slots=True)
class Freeze:
    """A range of time in which nothing is moved; *begins* and *ends* are RFC 3339 UTC."""

    begins: str
    ends: str
    reason: str = ""
