"""Config of an A/B test: which versions are compared, by which metric, for how long, and who decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from chalicelib.domain.config_reading import Reading, bps_of, percent_of
from chalicelib.domain.durations import iso_duration
from chalicelib.domain.errors import DomainError
from chalicelib.domain.experiments import Goal
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.versions import SemVer

#: Metrics that the product measures itself; less of each is better. Any other one is posted by the host.
MEASURED_METRICS = ("errorRate", "latencyP99Ms")
MAX_VARIANTS = 10
NAME_PATTERN = "^[A-Za-z][A-Za-z0-9_-]{0,39}$"
METRIC_PATTERN = "^[A-Za-z][A-Za-z0-9_.-]{0,63}$"

_NAME = re.compile(NAME_PATTERN)
_METRIC = re.compile(METRIC_PATTERN)
_VARIANTS_FIX = (
    'Send 2 to 10 variants, each {"name": "A", "version": "1.0.0", "percentage": 50}, or variantA, variantB and '
    'trafficSplit: {"A": 50, "B": 50}.'
)


class VariantWish(NamedTuple):
    """One arm as it was asked for."""

    name: str
    version: str
    share_bps: int


@dataclass(frozen=True, slots=True)
class ExperimentConfig:
    """``abConfig``: sticky shares of the tenants, then a decision on *metric*; who is in no variant stays on stable."""

    variants: tuple[VariantWish, ...] = ()
    test_seconds: int = 86_400
    metric: str = MEASURED_METRICS[0]
    goal: Goal = Goal.DECREASE
    auto_promote: bool = False
    significance: float = 0.05

    @classmethod
    def read(cls, reading: Reading) -> ExperimentConfig:
        """Read it in either spelling; what is wrong is noted in *reading*."""
        variants = _read_variants(reading)
        metric = _read_metric(reading)
        goal = Goal.DECREASE if metric in MEASURED_METRICS else Goal.INCREASE
        return cls(
            variants,
            reading.seconds("testDuration", "PT24H", at_least=1),
            metric,
            reading.choice("goal", Goal, goal),
            reading.flag("autoPromote", default=False),
            _read_significance(reading),
        )

    def to_document(self) -> dict[str, Any]:
        """Write it in the words of the API."""
        return {
            "variants": [
                {"name": arm.name, "version": arm.version, "percentage": percent_of(arm.share_bps)}
                for arm in self.variants
            ],
            "testDuration": iso_duration(self.test_seconds),
            "primaryMetric": self.metric,
            "goal": self.goal.value,
            "autoPromote": self.auto_promote,
            "significance": self.significance,
        }


def _read_variants(reading: Reading) -> tuple[VariantWish, ...]:
    is_short = reading.has("variantA") or reading.has("variantB") or reading.has("trafficSplit")
    if is_short and reading.has("variants"):
        reading.refuse("variants", "It is there beside variantA, variantB or trafficSplit.", "Send one of the two.")
        return ()
    found = _read_two(reading) if is_short else _read_list(reading)
    if reading.errors:
        return ()
    where = "trafficSplit" if is_short else "variants"
    names = [arm.name for arm in found]
    if not 2 <= len(found) <= MAX_VARIANTS or len(set(names)) < len(names):  # noqa: PLR2004 - A and B
        reading.refuse(where, "It takes 2 to 10 variants with different names.", _VARIANTS_FIX)
    elif sum(arm.share_bps for arm in found) > FULL_BPS:
        reading.refuse(where, "Together they are more than 100 %.", "Send percentages that are at most 100 together.")
    elif len({arm.version for arm in found}) < len(found):
        reading.refuse(where, "Two variants have the same version.", "Compare different versions.")
    return found


def _read_two(reading: Reading) -> tuple[VariantWish, ...]:
    split = reading.raw("trafficSplit")
    if split is not None and (not isinstance(split, Mapping) or set(split) != {"A", "B"}):
        reading.refuse("trafficSplit", "It does not say how A and B share the tenants.", 'Send {"A": 50, "B": 50}.')
        split = None
    found = []
    for name in ("A", "B"):
        given = reading.raw(f"variant{name}")
        arm = given if isinstance(given, Mapping) else {"version": given}
        share = (split or {}).get(name, 50)
        found.append(
            _arm_of(
                {"name": name, **arm, "percentage": share}, reading, f"variant{name}", share_at=f"trafficSplit/{name}"
            )
        )
    return tuple(found)


def _read_list(reading: Reading) -> tuple[VariantWish, ...]:
    found = []
    for place, arm in enumerate(reading.items("variants")):
        if not isinstance(arm, Mapping):
            reading.refuse(f"variants/{place}", "It is not an object.", _VARIANTS_FIX)
            continue
        found.append(_arm_of(arm, reading, f"variants/{place}", share_at=f"variants/{place}/percentage"))
    return tuple(found)


def _arm_of(arm: Mapping[str, Any], reading: Reading, where: str, *, share_at: str) -> VariantWish:
    name, version, share = arm.get("name"), arm.get("version"), bps_of(arm.get("percentage"))
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        reading.refuse(f"{where}/name", "It can't be the name of a variant.", f"Use a name that fits {NAME_PATTERN}.")
        name = ""
    if share is None or not 0 < share <= FULL_BPS:
        fix = "Send a percentage over 0, at most 100, with at most two decimals."
        reading.refuse(share_at, "It is not such a percentage.", fix)
    if unknown := set(arm) - {"name", "version", "percentage"}:
        reading.refuse(f"{where}/{min(unknown)}", "There is no such setting.", _VARIANTS_FIX)
    try:
        number = str(SemVer.parse(version if isinstance(version, str) else ""))
    except DomainError as error:
        reading.refuse(f"{where}/version", "It is not a version.", error.fix)
        number = ""
    return VariantWish(name, number, share or 0)


def _read_metric(reading: Reading) -> str:
    metric = reading.raw("primaryMetric")
    if metric is None:
        return MEASURED_METRICS[0]
    if not isinstance(metric, str) or not _METRIC.fullmatch(metric):
        measured = ", ".join(MEASURED_METRICS)
        fix = f"Use {measured}, or the name of a metric that you post, fitting {METRIC_PATTERN}."
        reading.refuse("primaryMetric", "It can't be the name of a metric.", fix)
        return MEASURED_METRICS[0]
    return metric


def _read_significance(reading: Reading) -> float:
    value = reading.raw("significance")
    if value is None:
        return 0.05
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0001 <= value <= 0.5:  # noqa: PLR2004
        reading.refuse("significance", "It is not such a chance.", "Send a number from 0.0001 to 0.5: 0.05.")
        return 0.05
    return float(value)
