"""How often a good version is thrown out and how soon a bad one is found, beside the rules that others decide by."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bench.canary_rules import Rule, fixed_limit, mann_whitney, ours, repeated_z
from bench.figures import Interval
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from tests.canaries import LOOKS, Canary, by_tenants, chance, requests_to_rollback

_RULES: Mapping[str, Rule] = {
    "ours": ours,
    "fixed 5 %, first window": fixed_limit(0.05),
    "fixed 2 %, first window": fixed_limit(0.02),
    "fixed 2 %, five windows": fixed_limit(0.02, 5),
    "z-test at each look": repeated_z,
    "Mann-Whitney 98 % at each look": mann_whitney,
}
_BASE = 0.01
_MOST_FALSE = 3.0
_RATES = (0.02, 0.05, 0.1, 0.5)
_BASES = (0.001, 0.01, 0.05, 0.2)
#: Runs of a full measurement have this many times its quiet turns.
_RUNS_PER_TURN = 50


@dataclass(frozen=True, slots=True)
class _Watched:
    """Looks at which runs were rolled back, None where they were not."""

    ends: tuple[int | None, ...]

    @property
    def share(self) -> float:
        """Percent of runs that were rolled back."""
        return 100 * sum(end is not None for end in self.ends) / len(self.ends)

    def text(self, requests: int) -> str:
        """Power, and the median of requests to the candidate where most were found."""
        found = statistics.median(LOOKS + 1 if end is None else end for end in self.ends)
        return f"{self.share:.0f} %" + (f" @{found * requests:,.0f}" if found <= LOOKS else "")


def measure(effort: Effort) -> Findings:
    """Simulate: the same seeds for every rule, so that all see the same failures."""
    runs = effort.quiet_turns * _RUNS_PER_TURN
    worst = max(
        (_watch("ours", (Canary(base, base, n, n),) * runs) for base in _BASES for n in (10, 100)),
        key=lambda watched: watched.share,
    )
    tenants = {
        name: _watch(name, _sticky(runs // 2, 5.0))
        for name in ("ours", "z-test at each look", "fixed 2 %, first window")
    }
    measures = [
        _at_most("false rollbacks, worst of 8 settings", worst, ""),
        *(_false(name, requests, runs) for requests in (100, 10) for name in _RULES),
        *(
            _at_most(f"false rollbacks, unequal sticky tenants: {name}", watched, name)
            for name, watched in tenants.items()
        ),
        *_each_request(runs),
    ]
    return Findings(tuple(measures), tuple(_table(runs)))


def _watch(name: str, canaries: Iterable[Canary]) -> _Watched:
    return _Watched(tuple(_RULES[name](canary.looks(chance(seed))) for seed, canary in enumerate(canaries)))


def _sticky(runs: int, alikeness: float) -> list[Canary]:
    source = chance(62)
    return [by_tenants(source, base=_BASE, alikeness=alikeness, requests=1_000) for _ in range(runs)]


def _false(name: str, requests: int, runs: int) -> Measure:
    watched = _watch(name, (Canary(_BASE, _BASE, requests, requests),) * runs)
    return _at_most(f"false rollbacks, {requests} + {requests} requests a look: {name}", watched, name)


def _at_most(what: str, watched: _Watched, name: str) -> Measure:
    """Report a share of false rollbacks; the aim is for ours."""
    share, spread = watched.share, 196 * statistics.pstdev(end is not None for end in watched.ends)
    radius = spread / len(watched.ends) ** 0.5
    return Measure(
        what=what,
        ours="",
        result=Interval(share, max(share - radius, 0.0), share + radius),
        unit=Unit.PERCENT,
        n=len(watched.ends),
        aim=_MOST_FALSE if name in ("", "ours") else None,
    )


def _each_request(runs: int) -> Iterable[Measure]:
    """Look after each request to the candidate, at as many to stable."""
    for rate, aim in ((0.5, 20.0), (0.1, 100.0), (0.05, 300.0)):
        source = chance(63)
        took = [requests_to_rollback(source, rate, at_most=3_000) for _ in range(runs // 2)]
        low, middle, high = statistics.quantiles(took, n=4)
        what = f"requests until {rate:.0%} errors are found (quartiles)"
        yield Measure(what, "", Interval(middle, low, high), Unit.CALLS, len(took), aim=aim)
    source = chance(64)
    asked = [requests_to_rollback(source, 0.02, at_most=3_000) for _ in range(runs)]
    found = _Watched(tuple(None if n > 3_000 else int(n) for n in asked))
    seen = _at_most("2 % errors found within 3,000 requests", found, "power")
    yield replace(seen, aim=70.0, is_least=True)


def _table(runs: int) -> Iterable[str]:
    yield f"Found within {LOOKS} looks of 100 + 100 requests, @ the median of requests to the candidate (base 1 %):"
    for name in _RULES:
        cells = (
            f"{rate:.0%}: {_watch(name, (Canary(rate, _BASE, 100, 100),) * (runs // 2)).text(100)}" for rate in _RATES
        )
        yield f"{name}: {', '.join(cells)}"
    yield "A fixed limit knows no base rate: it is right for one plugin and throws out every version of another."


CASE = Case(
    name="rollbacks",
    title="Good versions thrown out, bad versions found",
    method=(
        f"Simulated canaries, {LOOKS} looks, the same failures for every rule; 1 % of stable's requests fail. "
        "Sticky tenants: a tenth of 500 with rates Beta(mean 1 %, concentration 5)."
    ),
    measure=measure,
)
