"""Measurements: what was counted of the candidate, of stable at the same time, and of their tenants before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.domain.latency_buckets import BUCKETS, bucket_of, lower_edge_ms, upper_edge_ms
from chalicelib.domain.routes import SplitBy


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many calls fell into each latency bucket: sparse (bucket, count) pairs, ordered by bucket."""

    counts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, counts: Mapping[int, int]) -> Histogram:
        """
        Make one of counts by bucket.

        Raises:
            ValueError: A bucket does not exist, or a count is negative: a bug, or rows of something else.
        """
        if any(not 0 <= bucket < BUCKETS or count < 0 for bucket, count in counts.items()):
            raise ValueError(f"not counts by latency bucket: {dict(counts)}")
        return cls(tuple(sorted((bucket, count) for bucket, count in counts.items() if count)))

    @classmethod
    def of_durations(cls, durations_ms: Iterable[float]) -> Histogram:
        """Count calls that took so many milliseconds."""
        counts: dict[int, int] = {}
        for duration_ms in durations_ms:
            bucket = bucket_of(duration_ms)
            counts[bucket] = counts.get(bucket, 0) + 1
        return cls.of(counts)

    def __add__(self, other: Histogram) -> Histogram:
        if not (self.counts and other.counts):
            return self if self.counts else other
        merged = dict(self.counts)
        for bucket, count in other.counts:
            merged[bucket] = merged.get(bucket, 0) + count
        return Histogram(tuple(sorted(merged.items())))

    @property
    def n(self) -> int:
        """Calls that were counted."""
        return sum(count for _, count in self.counts)

    def surely_above(self, limit_ms: float) -> int:
        """Count the calls that took longer than *limit_ms* wherever in their bucket they lie."""
        return sum(count for bucket, count in self.counts if lower_edge_ms(bucket) >= limit_ms)

    def surely_within(self, limit_ms: float) -> int:
        """Count the calls that took at most *limit_ms* wherever in their bucket they lie."""
        return sum(count for bucket, count in self.counts if upper_edge_ms(bucket) <= limit_ms)

    def quantile_ms(self, share: float) -> float | None:
        """
        Give the latency that *share* (0 to 1) of the calls do not exceed, interpolated on the log scale.

        None without calls. It is at most one bucket, 12 %, off.
        """
        rank, behind = share * self.n, 0
        for bucket, count in self.counts:
            if behind + count >= rank:
                low, high = max(lower_edge_ms(bucket), 0.5), upper_edge_ms(bucket)
                return low if high == float("inf") else low * (high / low) ** max((rank - behind) / count, 0.0)
            behind += count
        return None

    def to_document(self) -> dict[str, int]:
        """Write it as JSON: bucket → count."""
        return {str(bucket): count for bucket, count in self.counts}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Histogram:
        """Read what `to_document` wrote; numbers may be Decimals."""
        return cls.of({int(bucket): int(count) for bucket, count in document.items()})


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the requests to one version, or of one group of tenants; add them up freely."""

    requests: int = 0
    failures: int = 0
    latencies: Histogram = field(default_factory=Histogram)

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.requests:
            raise ValueError(f"{self.failures} failures of {self.requests} requests cannot be")

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(
            self.requests + other.requests, self.failures + other.failures, self.latencies + other.latencies
        )

    @property
    def failure_rate(self) -> float | None:
        """Failures per request; None without requests, which is not zero."""
        return self.failures / self.requests if self.requests else None

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"requests": self.requests, "failures": self.failures, "latencies": self.latencies.to_document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Outcomes:
        """Read what `to_document` wrote; numbers may be Decimals."""
        return cls(
            int(document.get("requests", 0)),
            int(document.get("failures", 0)),
            Histogram.from_document(document.get("latencies", {})),
        )


def total(parts: Iterable[Outcomes]) -> Outcomes:
    """Add up the outcomes of shards, tenants or groups."""
    return sum(parts, Outcomes())


@dataclass(frozen=True, slots=True)
class Sides:
    """
    What was counted while the split stood still: the candidate, and stable **at the same time**.

    The two histories are of the tenants that are on each side now, from before the deployment, when all of them
    were served by stable. They need no latencies. *step* is the index of the plan's step. A step that moves tenants
    begins new sides; within a step new ones may begin each minute: a version that turns bad late is seen sooner.
    """

    candidate: Outcomes = field(default_factory=Outcomes)
    stable: Outcomes = field(default_factory=Outcomes)
    candidate_history: Outcomes = field(default_factory=Outcomes)
    stable_history: Outcomes = field(default_factory=Outcomes)
    split_by: SplitBy = SplitBy.TENANT
    step: int = 0

    def to_document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "candidate": self.candidate.to_document(),
            "stable": self.stable.to_document(),
            "candidateHistory": self.candidate_history.to_document(),
            "stableHistory": self.stable_history.to_document(),
            "splitBy": self.split_by.value,
            "step": self.step,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Sides:
        """Read what `to_document` wrote."""
        return cls(
            candidate=Outcomes.from_document(document.get("candidate", {})),
            stable=Outcomes.from_document(document.get("stable", {})),
            candidate_history=Outcomes.from_document(document.get("candidateHistory", {})),
            stable_history=Outcomes.from_document(document.get("stableHistory", {})),
            split_by=SplitBy(document.get("splitBy", SplitBy.TENANT)),
            step=int(document.get("step", 0)),
        )


def current_step(phases: Sequence[Sides]) -> Sides:
    """Add up the phases of the last one's step; histories are those of the last, for they hold the same tenants."""
    if not phases:
        return Sides()
    last = phases[-1]
    parts = [sides for sides in phases if sides.step == last.step]
    return replace(
        last, candidate=total(sides.candidate for sides in parts), stable=total(sides.stable for sides in parts)
    )
