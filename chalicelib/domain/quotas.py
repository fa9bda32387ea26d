"""Quotas: how much of one plugin a tenant may use, in windows of one minute, and how containers share it in chunks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import DomainError, FieldError, ForbiddenError, ValidationError
from chalicelib.domain.tenants import Tier
from chalicelib.domain.times import rfc3339

WINDOW_SECONDS = 60
#: What one container may set aside at once is at most this part of a limit.
CHUNKS_PER_LIMIT = 10
#: Idle containers may keep at most this part of the slots for their next call.
KEPT_SLOTS_PER_LIMIT = 4
#: A call through API Gateway ends within 29 seconds; a slot outlives it, so that only a crash leaves one behind.
LONGEST_CALL = timedelta(seconds=30)
#: A container begins calls in a slot that it keeps for this long, then writes again.
SLOT_KEPT = timedelta(seconds=10)
#: More than any limit that makes sense; it keeps sums far from the edges of a number.
MAX_LIMIT = 1_000_000_000


class Quota(StrEnum):
    """
    What is limited, per tenant and plugin.

    Memory is not among them: it is fixed per version, by ``resources.memoryMb`` of the manifest, as the
    configuration of its Lambda function.
    """

    REQUESTS = "requestsPerMinute"
    CONCURRENT = "concurrentExecutions"
    SECONDS = "executionSecondsPerMinute"


class Limits(NamedTuple):
    """The limits that hold for one tenant's use of one plugin; 0 allows nothing."""

    requests: int
    concurrent: int
    seconds: int

    @property
    def milliseconds(self) -> int:
        """Execution time a minute in the unit in which it is counted."""
        return self.seconds * 1000

    def document(self) -> dict[Quota, int]:
        """Write them by their names."""
        return {Quota.REQUESTS: self.requests, Quota.CONCURRENT: self.concurrent, Quota.SECONDS: self.seconds}


#: What a tier includes for each plugin. Execution time allows half of the requests to take a second,
#: concurrency a burst of a few seconds' requests.
DEFAULTS: Mapping[Tier, Limits] = {
    Tier.FREE: Limits(requests=60, concurrent=5, seconds=60),
    Tier.STARTER: Limits(requests=600, concurrent=20, seconds=300),
    Tier.PROFESSIONAL: Limits(requests=6_000, concurrent=50, seconds=3_000),
    Tier.ENTERPRISE: Limits(requests=60_000, concurrent=200, seconds=12_000),
}


class QuotaExceededError(DomainError):
    """The tenant has used up a quota of this plugin (429)."""

    code = "QUOTA_EXCEEDED"

    def __init__(self, quota: Quota, *, limit: int, used: int, now: datetime, reset_at: datetime) -> None:
        super().__init__(
            f"The quota {quota} is used up: {used} of {limit}.",
            fix=f"Repeat the request after {rfc3339(reset_at)}, or ask an Admin for a higher quota.",
        )
        self.quota = quota
        self.limit = limit
        self.used = used
        self.reset_at = reset_at
        self.retry_after_seconds = max(1, -int((now - reset_at) // timedelta(seconds=1)))


def effective_limits(tier: Tier, overrides: Mapping[str, int], *, factor: int = 1) -> Limits:
    """
    Give the limits that hold: the tier's, times *factor* of the stack, each replaced by the installation's own.

    An own limit is exact: no factor changes it.
    """
    default = DEFAULTS[tier]
    return Limits(
        requests=overrides.get(Quota.REQUESTS, default.requests * factor),
        concurrent=overrides.get(Quota.CONCURRENT, default.concurrent * factor),
        seconds=overrides.get(Quota.SECONDS, default.seconds * factor),
    )


def require_quotas(quotas: Mapping[str, int], held: Limits, *, is_admin: bool) -> None:
    """
    Raise unless these overrides are known, whole, not negative, and the caller may set them.

    An Admin may set any; whoever owns the tenant may only go below the limits that it is *held* to now, so that it
    can't undo what an Admin has set.

    Raises:
        ValidationError: A name or number is wrong; every wrong one is named (400).
        ForbiddenError: A limit is above the one that holds (403).
    """
    fix = f"Use {', '.join(Quota)} with whole numbers from 0 to {MAX_LIMIT:,}."
    known = frozenset(Quota)
    errors = tuple(
        FieldError(f"/quotas/{name}", "That is no limit." if name in known else "There is no such quota.", fix)
        for name, value in quotas.items()
        if name not in known or not 0 <= value <= MAX_LIMIT
    )
    if errors:
        raise ValidationError("The quotas can't be read.", fix=fix, errors=errors)
    included = held.document()
    above = [name for name, value in quotas.items() if value > included[Quota(name)]]
    if above and not is_admin:
        fix = "Ask an Admin, or stay within " + ", ".join(f"{name} {included[Quota(name)]}" for name in above) + "."
        raise ForbiddenError("Only an Admin may raise a limit.", fix=fix)


def window_of(now: datetime) -> int:
    """Give the number of the minute that *now* lies in, the same in every container."""
    return int(now.timestamp()) // WINDOW_SECONDS


def window_end(window: int) -> datetime:
    """Say when a window ends and its counts begin anew."""
    return datetime.fromtimestamp((window + 1) * WINDOW_SECONDS, UTC)


def chunk_of(limit: int, place: int) -> int:
    """
    Say how much the container that came as number *place* (from 1) to a window may set aside at once.

    A tenth of the limit, divided by place times place + 1: over any number of containers that sums up to a tenth at
    most, so whatever idle containers have set aside, a window comes to within one tenth of its limit.
    """
    return max(1, limit // CHUNKS_PER_LIMIT // (place * (place + 1)))


def kept_slots(limit: int) -> int:
    """Say how many slots idle containers may keep between two calls; those beyond give theirs back after each call."""
    return max(1, limit // KEPT_SLOTS_PER_LIMIT)


def is_slot_free(expires_at_ms: int, now: datetime) -> bool:
    """
    Tell whether the slot of another container is free for the taking: its time is over.

    One that ends later than any slot can was written by a clock that ran ahead, and must not block for as long.
    """
    now_ms = int(now.timestamp() * 1000)
    longest_ms = int((LONGEST_CALL + SLOT_KEPT).total_seconds() * 1000)
    return expires_at_ms <= now_ms or expires_at_ms > now_ms + 2 * longest_ms


class Leased(NamedTuple):
    """
    What a lease gave.

    *granted* is 0 when the window is used up; *used* is what all have leased in it; *place* counts the
    containers that joined it.
    """

    granted: int
    used: int
    place: int


class Used(NamedTuple):
    """What is counted of one plugin in one window, and how many of its slots are held."""

    requests: int = 0
    milliseconds: int = 0
    concurrent: int = 0
