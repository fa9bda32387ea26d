"""Windows: when an environment may be moved, and when it is frozen; going back is never asked for, and always may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chalicelib.domain.policies import EnvironmentPolicy

#: A closed window is looked for so far ahead; an environment that opens later is closed for good.
HORIZON_DAYS = 400
#: Nearly always it opens within these, and looking no further is forty times as quick.
_NEAR_DAYS = 10
#: How a window writes the end of its day.
MIDNIGHT = "24:00"


@dataclass(frozen=True, slots=True)
class Window:
    """
    Weekdays (0 is Monday) and local hours in which a step may begin and be watched; *until* 24:00 is midnight.

    One that ends before it begins lasts over midnight, and belongs to the weekday on which it begins.
    """

    weekdays: tuple[int, ...]
    begins: str
    until: str
    time_zone: str = "UTC"

    def on(self, day: date) -> Stretch | None:
        """
        Say from when until when it is open that begins on the local *day*; None if it begins on no such weekday.

        Clocks that are put back show an hour twice: it begins with the first and ends with the first, so that
        nothing begins after what people take for its end. An hour that is left out is none: one that begins in it
        begins when the clocks go on.
        """
        if day.weekday() not in self.weekdays:
            return None
        is_overnight = self.until != MIDNIGHT and self.until <= self.begins
        last = day + timedelta(days=1) if is_overnight or self.until == MIDNIGHT else day
        zone = ZoneInfo(self.time_zone)
        begins = datetime.combine(day, time.fromisoformat(self.begins), zone)
        until = datetime.combine(last, time() if self.until == MIDNIGHT else time.fromisoformat(self.until), zone)
        utc = ZoneInfo("UTC")
        stretch = Stretch(begins.astimezone(utc), until.astimezone(utc))
        return stretch if stretch.begins < stretch.ends else None


@dataclass(frozen=True, slots=True)
class Freeze:
    """A range of time in which nothing is moved; *begins* and *ends* are RFC 3339 UTC."""

    begins: str
    ends: str
    reason: str = ""


class Stretch(NamedTuple):
    """A stretch of time, without its end; both are aware."""

    begins: datetime
    ends: datetime


class Opening(NamedTuple):
    """Whether a step may begin now; if not, why, and when it may: *opens_at* None means never, as things are."""

    is_open: bool
    reason: str = ""
    opens_at: datetime | None = None


def may_begin(policy: EnvironmentPolicy, now: datetime, seconds: float | None) -> Opening:
    """
    Say whether a step that is watched for *seconds* may begin at *now* (aware), or why not, and when it may.

    It may not if the line is stopped, or if its observation would leave the window or reach into a freeze:
    then it would be caught half-way. One without an end (None) needs to begin only.
    """
    opens = opens_at(policy, now, seconds)
    if opens == now:
        return Opening(is_open=True, opens_at=now)
    return Opening(is_open=False, reason=_why_closed(policy, now), opens_at=opens)


def opens_at(policy: EnvironmentPolicy, now: datetime, seconds: float | None) -> datetime | None:
    """
    Find the first moment from *now* (aware) on at which a step that is watched for *seconds* may begin.

    None while the line is stopped, and where no opening within the horizon is long enough.
    """
    if policy.stop_the_line:
        return None
    lasts = timedelta(seconds=seconds or 0)
    for days in (_NEAR_DAYS, HORIZON_DAYS):
        for stretch in _open(policy, now, now + timedelta(days=days) + lasts):
            begins = max(stretch.begins, now)
            if begins + lasts <= stretch.ends and begins < stretch.ends:
                return begins
    return None


def longest_opening(policy: EnvironmentPolicy, now: datetime) -> timedelta:
    """Say how long the environment is open at a stretch, at most, from *now* (aware) until the horizon."""
    horizon = now + timedelta(days=HORIZON_DAYS)
    lasting = (stretch.ends - max(stretch.begins, now) for stretch in _open(policy, now, horizon))
    return max(lasting, default=timedelta())


def _why_closed(policy: EnvironmentPolicy, now: datetime) -> str:
    """Say what stops a step that may not begin now: what stands against this moment first, then what comes."""
    where = policy.environment
    if policy.stop_the_line:
        return f"{where} is stopped: {policy.stop_the_line}"
    freezes = sorted(policy.freezes, key=lambda one: datetime.fromisoformat(one.begins))
    for freeze in freezes:
        if datetime.fromisoformat(freeze.begins) <= now < datetime.fromisoformat(freeze.ends):
            return f"{where} is frozen until {freeze.ends}{_because(freeze)}"
    if not any(stretch.begins <= now for stretch in _open(policy, now, now + timedelta(days=1))):
        return f"{where} is outside its windows"
    # What is open now ends too early: with its window, or with what freezes it.
    ends = next(stretch.ends for stretch in _open(policy, now, now + timedelta(days=HORIZON_DAYS)))
    for freeze in freezes:
        if datetime.fromisoformat(freeze.begins) == ends:
            return f"its observation would reach into the freeze from {freeze.begins}{_because(freeze)}"
    return f"its observation would outlast the window of {where}"


def _because(freeze: Freeze) -> str:
    return f": {freeze.reason}" if freeze.reason else ""


def _open(policy: EnvironmentPolicy, now: datetime, horizon: datetime) -> Iterator[Stretch]:
    """Give the stretches in which the environment is open, in order: its windows joined, without its freezes."""
    windows = _joined(_of_windows(policy.windows, now, horizon)) if policy.windows else [Stretch(now, _forever(now))]
    frozen = _joined(
        Stretch(datetime.fromisoformat(one.begins), datetime.fromisoformat(one.ends)) for one in policy.freezes
    )
    for window in windows:
        begins = window.begins
        for freeze in frozen:
            if freeze.ends <= begins or freeze.begins >= window.ends:
                continue
            if begins < freeze.begins and now < freeze.begins:
                yield Stretch(begins, freeze.begins)
            begins = max(begins, freeze.ends)
        if begins < window.ends and now < window.ends:
            yield Stretch(begins, window.ends)


def _of_windows(windows: Sequence[Window], now: datetime, horizon: datetime) -> Iterator[Stretch]:
    """Go through each day of the horizon; the day before may reach into now, and zones are a day apart at most."""
    first = (now - timedelta(days=2)).date()
    for ahead in range((horizon - now).days + 5):
        for window in windows:
            stretch = window.on(first + timedelta(days=ahead))
            if stretch is not None:
                yield stretch


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Join what overlaps or touches, in order."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches):
        if joined and stretch.begins <= joined[-1].ends:
            joined[-1] = Stretch(joined[-1].begins, max(joined[-1].ends, stretch.ends))
        else:
            joined.append(stretch)
    return joined


def _forever(now: datetime) -> datetime:
    return datetime.max.replace(tzinfo=now.tzinfo)
