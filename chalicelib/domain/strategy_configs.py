"""Configs of strategies: what a request says of how a candidate gets to 100 %, completed with the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from chalicelib.domain.config_reading import Reading, bps_of, percent_of
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.routes import FULL_BPS, SplitBy

#: More shifts than this are a slope, not steps that anybody reads; each costs a state of its own.
MAX_SHIFTS = 50
_MOST_TENANTS = 1_000_000


class Switchover(StrEnum):
    """How green takes over: at once, or in quarters."""

    INSTANT = "Instant"
    GRADUAL = "Gradual"


class BatchBy(StrEnum):
    """What a batch of a rolling deployment is made of."""

    RING = "ring"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class CanaryConfig:
    """``canaryConfig``; *stages_bps* are the shares in order, the last one 100 %, whether listed or stepped."""

    initial_bps: int = 1_000
    increment_bps: int = 2_000
    stages_bps: tuple[int, ...] = ()
    evaluation_seconds: int = 600
    auto_rollback: bool = True
    split_by: SplitBy = SplitBy.TENANT
    bake_seconds: int = 0

    @property
    def shares_bps(self) -> tuple[int, ...]:
        """The shares in order; they end at 100 %."""
        if self.stages_bps:
            return self.stages_bps
        return (*range(self.initial_bps, FULL_BPS, self.increment_bps), FULL_BPS)

    @classmethod
    def read(cls, reading: Reading) -> CanaryConfig:
        """Read it; what is wrong is noted in *reading*."""
        stages = _read_stages(reading)
        config = cls(
            reading.share_bps("initialPercentage", 1_000),
            reading.share_bps("incrementPercentage", 2_000),
            stages,
            reading.seconds("evaluationPeriod", "PT10M"),
            reading.flag("autoRollback", default=True),
            reading.choice("splitBy", SplitBy, SplitBy.TENANT),
            reading.seconds("bake", "PT0S"),
        )
        if not stages and len(config.shares_bps) > MAX_SHIFTS:
            fix = f"Send a larger increment, or up to {MAX_SHIFTS} stages."
            reading.refuse("incrementPercentage", f"That makes {len(config.shares_bps):,} steps.", fix)
        return config

    def to_document(self) -> dict[str, Any]:
        """Write it in the words of the API."""
        by = {"stages": [percent_of(share) for share in self.stages_bps]} if self.stages_bps else {}
        return {
            "initialPercentage": percent_of(self.initial_bps),
            "incrementPercentage": percent_of(self.increment_bps),
            **by,
            "evaluationPeriod": iso_duration(self.evaluation_seconds),
            "autoRollback": self.auto_rollback,
            "splitBy": self.split_by.value,
            "bake": iso_duration(self.bake_seconds),
        }


@dataclass(frozen=True, slots=True)
class BlueGreenConfig:
    """``blueGreenConfig``: how long green is watched before the switch and after it, and whether blue stays ready."""

    warmup_seconds: int = 120
    switchover: Switchover = Switchover.INSTANT
    monitoring_seconds: int = 300
    keeps_previous: bool = True

    @classmethod
    def read(cls, reading: Reading) -> BlueGreenConfig:
        """Read it; what is wrong is noted in *reading*."""
        return cls(
            reading.seconds("warmupPeriod", "PT2M"),
            reading.choice("switchoverType", Switchover, Switchover.INSTANT),
            reading.seconds("monitoringPeriod", "PT5M"),
            reading.flag("keepPreviousEnvironment", default=True),
        )

    def to_document(self) -> dict[str, Any]:
        """Write it in the words of the API."""
        return {
            "warmupPeriod": iso_duration(self.warmup_seconds),
            "switchoverType": self.switchover.value,
            "monitoringPeriod": iso_duration(self.monitoring_seconds),
            "keepPreviousEnvironment": self.keeps_previous,
        }


@dataclass(frozen=True, slots=True)
class RollingConfig:
    """
    ``rollingConfig``: batches of so many rings or tenants (*batch_count*), or of a share of them (*batch_bps*).

    *parallel_batches* of them move at once and are watched for *wait_seconds*, never for less than *check_seconds*.
    """

    batch_count: int = 1
    batch_bps: int | None = None
    by: BatchBy = BatchBy.RING
    wait_seconds: int = 120
    check_seconds: int = 30
    parallel_batches: int = 1

    @classmethod
    def read(cls, reading: Reading) -> RollingConfig:
        """
        Read it; what is wrong is noted in *reading*.

        Who gives a size without saying of what means tenants: five rings at once are nearly always everybody.
        """
        count, share = _read_batch_size(reading)
        default = BatchBy.TENANT if reading.has("batchSize") else BatchBy.RING
        return cls(
            count,
            share,
            reading.choice("by", BatchBy, default),
            reading.seconds("waitBetweenBatches", "PT2M"),
            reading.seconds("healthCheckTimeout", "PT30S"),
            reading.whole("maxParallelBatches", 1, least=1, most=100),
        )

    def to_document(self) -> dict[str, Any]:
        """Write it in the words of the API."""
        return {
            "batchSize": self.batch_count if self.batch_bps is None else f"{percent_of(self.batch_bps)}%",
            "by": self.by.value,
            "waitBetweenBatches": iso_duration(self.wait_seconds),
            "healthCheckTimeout": iso_duration(self.check_seconds),
            "maxParallelBatches": self.parallel_batches,
        }


def _read_stages(reading: Reading) -> tuple[int, ...]:
    given = reading.items("stages")
    stages = [bps_of(stage) for stage in given]
    fix = "Send growing percentages over 0, at most 100, with at most two decimals: [10, 30, 50, 100]."
    known = [stage for stage in stages if stage is not None and 0 < stage <= FULL_BPS]
    if len(known) < len(stages):
        wrong = next(place for place, stage in enumerate(stages) if stage is None or not 0 < stage <= FULL_BPS)
        reading.refuse(f"stages/{wrong}", "It is not such a percentage.", fix)
        return ()
    for place, (stage, following) in enumerate(pairwise(known)):
        if following <= stage:
            reading.refuse(f"stages/{place + 1}", "It is not more than the one before.", fix)
            return ()
    if len(known) > MAX_SHIFTS:
        reading.refuse("stages", f"These are {len(known):,}.", f"Send at most {MAX_SHIFTS} stages.")
        return ()
    return tuple(known) if not known or known[-1] == FULL_BPS else (*known, FULL_BPS)


def _read_batch_size(reading: Reading) -> tuple[int, int | None]:
    value = reading.raw("batchSize")
    if isinstance(value, str) and value.endswith("%"):
        share = _share_of(value.removesuffix("%"))
        if share is not None:
            return 1, share
    elif value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST_TENANTS):
        return (1 if value is None else value), None
    reading.refuse("batchSize", "It is neither a count nor a percentage.", 'Send a count, 5, or a percentage, "25%".')
    return 1, None


def _share_of(text: str) -> int | None:
    if not (text.isascii() and text.replace(".", "", 1).isdigit()):
        return None
    share = bps_of(float(text))
    return share if share is not None and 0 < share <= FULL_BPS else None
