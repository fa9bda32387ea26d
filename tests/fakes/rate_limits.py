"""What users have used of their rate limits, in memory."""

from dataclasses import dataclass, field

from chalicelib.domain.errors import TransientError
from chalicelib.domain.rate_limits import Attempts, Bucket, Taken


@dataclass
class FakeRateLedger:
    """The buckets that containers share; `is_away` lets it be unreachable, `calls` counts what it was asked."""

    is_away: bool = False
    calls: int = 0
    full_at: dict[str, int] = field(default_factory=dict)
    tried: dict[str, Attempts] = field(default_factory=dict)

    def take(self, name: str, bucket: Bucket, *, wanted: int, seen_us: int, now_us: int) -> Taken:
        if bucket.free(seen_us, now_us) == 0:
            return Taken(0, seen_us)
        self._answer()
        full_at = self.full_at.get(name, 0)
        granted = min(wanted, bucket.free(full_at, now_us))
        if granted:
            full_at = now_us + bucket.lacking_us(full_at, now_us) + granted * bucket.apart_us
            self.full_at[name] = full_at
        return Taken(granted, full_at)

    def attempts(self, name: str) -> Attempts | None:
        self._answer()
        return self.tried.get(name)

    def replace_attempts(self, name: str, known: Attempts | None, new: Attempts) -> bool:
        self._answer()
        if self.tried.get(name) != known:
            return False
        self.tried[name] = new
        return True

    def forgive_attempts(self, name: str) -> None:
        self._answer()
        if name in self.tried:
            self.tried[name] = self.tried[name]._replace(failed=0)

    def _answer(self) -> None:
        self.calls += 1
        if self.is_away:
            raise TransientError("The ledger does not answer at the moment.")
