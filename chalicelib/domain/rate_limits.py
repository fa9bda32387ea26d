"""Rate limits: how many requests of a kind one user may send in a minute, as token buckets that containers share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import DomainError

WINDOW_US = 60_000_000
#: What one container sets aside at once of the reads is at most this part of the limit.
CHUNKS_PER_LIMIT = 10
#: The delay between attempts to log in grows to this and no further, since somebody else may have caused it.
LONGEST_DELAY_US = 15 * WINDOW_US
#: Attempts that failed are forgotten this long after the last delay has ended.
REMEMBERED_US = 60 * WINDOW_US


class RouteClass(StrEnum):
    """Kinds of routes that have a limit; the values name the settings."""

    READS = "reads"
    WRITES = "writes"
    VERSION_CREATES = "versionCreates"
    SANDBOX_CREATES = "sandboxCreates"
    SANDBOX_EXECUTES = "sandboxExecutes"
    LOGINS = "logins"


#: Requests a minute, per user and route.
DEFAULTS: Mapping[RouteClass, int] = {
    RouteClass.READS: 60,
    RouteClass.WRITES: 10,
    RouteClass.VERSION_CREATES: 5,
    RouteClass.SANDBOX_CREATES: 5,
    RouteClass.SANDBOX_EXECUTES: 20,
    RouteClass.LOGINS: 5,
}
_CLASS_OF_ACTION = {
    "create_version": RouteClass.VERSION_CREATES,
    "create_sandbox": RouteClass.SANDBOX_CREATES,
    "execute_sandbox": RouteClass.SANDBOX_EXECUTES,
}
#: The quotas of its tenant limit it, whichever user asks.
_BY_QUOTA = frozenset({"invoke_plugin"})


class Standing(NamedTuple):
    """How a user stands: *remaining* requests now, and in *reset_seconds* one more; 0 when there are all."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """Write it as the ``RateLimit-*`` headers of draft-ietf-httpapi-ratelimit-headers-07 and before."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimitExceededError(DomainError):
    """The user has sent too many requests (429)."""

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, standing: Standing, what: str) -> None:
        super().__init__(
            f"These are too many {what}: the limit is {standing.limit} a minute.",
            fix=f"Repeat the request in {standing.reset_seconds} s.",
        )
        self.standing = standing


class Taken(NamedTuple):
    """What taking tokens gave: *granted* is 0 when none was there; the bucket will be full at *full_at_us*."""

    granted: int
    full_at_us: int


class Attempts(NamedTuple):
    """How many attempts in a row to log in have not succeeded, and when the bucket of the name will be full."""

    failed: int
    full_at_us: int


class Bucket(NamedTuple):
    """
    A bucket of *limit* tokens that takes a minute to fill.

    All that is kept of one is the moment at which it will be full, in microseconds since 1970: taking a token
    puts it off by `apart_us`.
    """

    limit: int

    @property
    def apart_us(self) -> int:
        """How long one token takes to come back."""
        return WINDOW_US // self.limit

    @property
    def span_us(self) -> int:
        """How long an empty bucket takes to fill."""
        return self.limit * self.apart_us

    def lacking_us(self, full_at_us: int, now_us: int) -> int:
        """
        Say how long it takes until the bucket is full.

        A bucket that is full only after twice the time it can take was written by a clock that ran ahead, and
        must not block for as long: it counts as full.
        """
        return full_at_us - now_us if now_us < full_at_us <= now_us + 2 * WINDOW_US else 0

    def free(self, full_at_us: int, now_us: int) -> int:
        """Count the tokens that are there."""
        return max(0, self.span_us - self.lacking_us(full_at_us, now_us)) // self.apart_us

    def standing(self, full_at_us: int, now_us: int, *, set_aside: int = 0) -> Standing:
        """Tell a user how it stands, who has tokens *set_aside* already."""
        lacking = self.lacking_us(full_at_us, now_us)
        missing = min(self.limit, -(-lacking // self.apart_us))
        wait_us = lacking - (missing - 1) * self.apart_us if missing else 0
        remaining = min(self.limit, self.free(full_at_us, now_us) + set_aside)
        return Standing(self.limit, remaining, _seconds(wait_us))

    def chunk(self, free: int) -> int:
        """Say how many of the *free* tokens one container may set aside: fewer the fewer are left for the others."""
        return max(1, min(self.limit // CHUNKS_PER_LIMIT, free // 2))


def class_of(action: str, method: str) -> RouteClass | None:
    """Say which limit an action has; None for what quotas limit."""
    if action in _BY_QUOTA:
        return None
    return _CLASS_OF_ACTION.get(action, RouteClass.READS if method == "GET" else RouteClass.WRITES)


def buckets_of(own: Mapping[str, int], *, factor: int = 1) -> dict[RouteClass, Bucket]:
    """
    Give the bucket of each class: the stack's *own* limits in place of the defaults, all times *factor*.

    Raises:
        ValueError: A name is unknown, or a limit is no limit: the stack is set up wrongly.
    """
    if unknown := set(own) - set(RouteClass):
        raise ValueError(f"there are no rate limits {sorted(unknown)}")
    limits = {kind: own.get(kind, default) * factor for kind, default in DEFAULTS.items()}
    if wrong := {kind.value: limit for kind, limit in limits.items() if not 0 < limit <= WINDOW_US}:
        raise ValueError(f"these are no rate limits: {wrong}")
    return {kind: Bucket(limit) for kind, limit in limits.items()}


def next_attempt(known: Attempts | None, bucket: Bucket, now_us: int) -> Attempts:
    """
    Count an attempt to log in, before its password is looked at.

    The first *limit* attempts cost a token each. Each that follows without a success costs twice as much as the one
    before, so the time until the next grows to `LONGEST_DELAY_US`.

    Raises:
        RateLimitExceededError: It comes too soon; nothing is counted (429).
    """
    if known is None or now_us > known.full_at_us + REMEMBERED_US:
        known = Attempts(0, now_us)
    lacking = max(0, known.full_at_us - now_us)
    # Only a clock that ran ahead can have written more; what has failed is remembered, but must not block for as long.
    if lacking > 2 * (LONGEST_DELAY_US + WINDOW_US):
        lacking = 0
    if too_soon_us := max(0, lacking + bucket.apart_us - bucket.span_us):
        raise RateLimitExceededError(Standing(bucket.limit, 0, _seconds(too_soon_us)), "attempts to log in")
    failed = known.failed + 1
    doublings = min(max(0, failed - bucket.limit), LONGEST_DELAY_US.bit_length())
    return Attempts(failed, now_us + lacking + min(bucket.apart_us << doublings, LONGEST_DELAY_US))


def standing_of(attempts: Attempts, bucket: Bucket, now_us: int) -> Standing:
    """Tell how many more attempts there are now, or when there is the next."""
    lacking = max(0, attempts.full_at_us - now_us)
    if lacking + bucket.apart_us > bucket.span_us:
        return Standing(bucket.limit, 0, _seconds(lacking + bucket.apart_us - bucket.span_us))
    return bucket.standing(attempts.full_at_us, now_us)


def microseconds(moment: datetime) -> int:
    """Write a moment as microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)


def _seconds(us: int) -> int:
    """Round up, so that who waits as long does not come too soon."""
    return -(-us // 1_000_000)
