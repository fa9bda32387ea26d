"""Identifiers: ULIDs, made here because the hot path must not wait for a library."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Callable
from threading import Lock
from time import time_ns

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
_RANDOM_BYTES = 10
#: Two digits at once: one by one they were a third of what an invocation adds to the call of its plugin.
_PAIRS = [first + second for first in _CROCKFORD for second in _CROCKFORD]
#: Where each pair of the 26 digits begins, from the left.
_SHIFTS = tuple(range(120, -1, -10))


class UlidSource:
    """
    ULIDs: 48 bits of milliseconds, 80 of randomness, in Crockford's base 32.

    Within one process each is greater than the one before, so records of one millisecond keep their order.
    """

    def __init__(self, now_ms: Callable[[], int] = lambda: time_ns() // 1_000_000) -> None:
        self._now_ms = now_ms
        self._lock = Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        """Return *prefix*, ``_`` and a ULID."""
        drawn = self._now_ms() << 8 * _RANDOM_BYTES | int.from_bytes(os.urandom(_RANDOM_BYTES))
        with self._lock:
            number = self._last = max(drawn, self._last + 1)
        digits = "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])
        return f"{prefix}_{digits}"

    def new_secret(self) -> str:
        """Return 256 random bits that nobody can foretell, as 43 characters of base64url."""
        return urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
