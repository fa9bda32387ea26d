"""What users have used of their rate limits: shared by all containers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.rate_limits import Attempts, Bucket, Standing, Taken


class RateLedger(Protocol):
    """The buckets that all containers share; times are microseconds since 1970."""

    def take(self, name: str, bucket: Bucket, *, wanted: int, seen_us: int, now_us: int) -> Taken:
        """
        Take up to *wanted* tokens of a bucket, and say when it will be full.

        *seen_us* is when it would be full as the caller was told last, 0 if it was not: a bucket is at most emptier
        than that, so whoever knows it spares the ledger a request, and one that was empty is not asked for at all.

        Raises:
            TransientError: The ledger does not answer.
        """

    def attempts(self, name: str) -> Attempts | None:
        """
        Read the attempts to log in under a name, as they are now.

        Raises:
            TransientError: The ledger does not answer.
        """

    def replace_attempts(self, name: str, known: Attempts | None, new: Attempts) -> bool:
        """
        Write attempts in place of those *known*; False if they are not those any more, and nothing is written.

        Raises:
            TransientError: The ledger does not answer.
        """

    def forgive_attempts(self, name: str) -> None:
        """
        Count from 0 again, without giving tokens back; nothing happens if there are no attempts.

        Raises:
            TransientError: The ledger does not answer.
        """


class RateLimits(Protocol):
    """Lets requests in while their user's limit lasts."""

    def admit(self, username: str, action: str, method: str) -> Standing | None:
        """
        Count a request of a verified user; None where nothing is limited, or while the ledger is away.

        Raises:
            RateLimitExceededError: There were too many (429).
        """

    def admit_login(self, username: str) -> Standing:
        """
        Count an attempt to log in under a name, whether there is such a user or not.

        Raises:
            RateLimitExceededError: There were too many (429).
            TransientError: The ledger does not answer, and nobody gets to guess meanwhile (503).
        """

    def forgive_login(self, username: str) -> None:
        """Forget the attempts before one that succeeded."""
