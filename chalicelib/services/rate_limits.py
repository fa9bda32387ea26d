"""
Let requests in while their user's limit lasts; a warm container writes once for a write, and rarely for reads.

While the ledger is away, requests are let in uncounted and logins are refused: see ADR 18.
"""

from __future__ import annotations

import logging
import unicodedata
from collections import OrderedDict
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import TransientError
from chalicelib.domain.rate_limits import (
    WINDOW_US,
    Attempts,
    Bucket,
    RateLimitExceededError,
    RouteClass,
    Standing,
    class_of,
    microseconds,
    next_attempt,
    standing_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.ports.clock import Clock
    from chalicelib.ports.rate_limits import RateLedger

logger = logging.getLogger(__name__)

#: Pairs of user and route that one container remembers.
MAX_SHARES = 10_000
#: A ledger that did not answer is left alone for this long, so that an outage costs one request its timeout.
_AWAY = timedelta(seconds=5)
#: Each that fails means that somebody else tried to log in under the same name in between.
_TRIES = 5
_NEVER_SEEN = 0


class _Share(NamedTuple):
    """What this container has set aside of one bucket at *taken_us*, and when the bucket will be full."""

    left: int
    full_at_us: int
    taken_us: int

    def may_spend(self, now_us: int) -> bool:
        """Tell whether a token is left that is not from another minute; a clock that went back says no."""
        return self.left > 0 and self.taken_us <= now_us < self.taken_us + WINDOW_US


class LeasedRateLimits:
    """The limits of a stack, by class of route; a container leases reads in chunks."""

    def __init__(self, ledger: RateLedger, clock: Clock, buckets: Mapping[RouteClass, Bucket]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._buckets = buckets
        self._shares: OrderedDict[str, _Share] = OrderedDict()
        self._away_until = clock.now()

    def admit(self, username: str, action: str, method: str) -> Standing | None:
        """
        Count a request of a verified user; None where nothing is limited, or while the ledger is away.

        Raises:
            RateLimitExceededError: There were too many (429).
        """
        kind = class_of(action, method)
        now = self._clock.now()
        if kind is None or self._away_until - _AWAY <= now < self._away_until:
            return None
        try:
            return self._admit(f"{action}#{username}", kind, microseconds(now))
        except TransientError as error:
            logger.warning("requests are not counted: %s", error)
            self._away_until = now + _AWAY
            return None

    def _admit(self, name: str, kind: RouteClass, now_us: int) -> Standing:
        bucket = self._buckets[kind]
        share = self._shares.get(name, _Share(0, _NEVER_SEEN, now_us))
        if not share.may_spend(now_us):
            wanted = bucket.chunk(bucket.free(share.full_at_us, now_us)) if kind is RouteClass.READS else 1
            taken = self._ledger.take(name, bucket, wanted=wanted, seen_us=share.full_at_us, now_us=now_us)
            share = _Share(taken.granted, taken.full_at_us, now_us)
        is_let_in = share.left > 0
        share = share._replace(left=max(0, share.left - 1))
        self._remember(name, share)
        standing = bucket.standing(share.full_at_us, now_us, set_aside=share.left)
        if not is_let_in:
            raise RateLimitExceededError(standing, "requests to this route")
        return standing

    def _remember(self, name: str, share: _Share) -> None:
        self._shares[name] = share
        self._shares.move_to_end(name)
        if len(self._shares) > MAX_SHARES:
            self._shares.popitem(last=False)

    def admit_login(self, username: str) -> Standing:
        """
        Count an attempt to log in under a name, whether there is such a user or not.

        It counts as failed until `forgive_login`, so whoever dies in between has not tried for nothing.

        Raises:
            RateLimitExceededError: There were too many (429).
            TransientError: The ledger does not answer, or too many try at once (503).
        """
        name, bucket = _login_name(username), self._buckets[RouteClass.LOGINS]
        now_us = microseconds(self._clock.now())
        for _ in range(_TRIES):
            known = self._ledger.attempts(name)
            new: Attempts = next_attempt(known, bucket, now_us)
            if self._ledger.replace_attempts(name, known, new):
                return standing_of(new, bucket, now_us)
        raise TransientError("Too many try to log in under this name at once.")

    def forgive_login(self, username: str) -> None:
        """Forget the attempts before one that succeeded; if that fails, the next success does it."""
        try:
            self._ledger.forgive_attempts(_login_name(username))
        except TransientError as error:
            logger.warning("attempts to log in are not forgiven: %s", error)


def _login_name(username: str) -> str:
    """Name the bucket of a user name: the same however it is written, and no place where a mistyped password stays."""
    same = unicodedata.normalize("NFKC", username).casefold().strip()
    return "login#" + sha256(same.encode()).hexdigest()
