"""What containers have counted, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.sides import Counted, Observed, PhaseOutcomes, Usual, groups_of, outcomes_of
from chalicelib.domain.tallies import Arm, Batch, Exposed, History, Past, Phase, Place, Tally, Traffic, Tried, add


@dataclass
class FakeTallyLedger:
    """Tallies added up, and the tokens of what was added."""

    tallies: dict[Place, Tally] = field(default_factory=dict)
    marks: dict[Exposed, set[str]] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    observed: dict[tuple[str, str, str], tuple[float, float]] = field(default_factory=dict)
    _failures: list[Exception] = field(default_factory=list)

    def fail_next(self, error: Exception) -> None:
        """Let the next addition fail before it adds anything."""
        self._failures.append(error)

    def add(self, batch: Batch) -> None:
        if self._failures:
            raise self._failures.pop(0)
        if batch.token in self.tokens:
            return
        self.tokens.append(batch.token)
        for place, tally in batch.tallies.items():
            add(self.tallies.setdefault(place, {}), tally)
        for exposed, marks in batch.exposed.items():
            self.marks.setdefault(exposed, set()).update(marks)


@dataclass
class FakeMeasurements:
    """What was measured, to read."""

    ledger: FakeTallyLedger

    def phases(self, deployment_id: str) -> tuple[PhaseOutcomes, ...]:
        return tuple(
            PhaseOutcomes(phase, outcomes_of(self.ledger.tallies[phase]))
            for phase in sorted(place for place in self.ledger.tallies if isinstance(place, Phase))
            if phase.deployment_id == deployment_id
        )

    def exposed(self, deployment_id: str, versions: Iterable[str]) -> int:
        wanted = {(deployment_id, version) for version in versions}
        return len(set().union(*(marks for one, marks in self.ledger.marks.items() if one[:2] in wanted)))

    def usual(self, plugin_id: str, environment: str, *, since_day: int) -> tuple[Usual, ...]:
        return tuple(
            Usual(place.day, place.ring, groups_of(self.ledger.tallies[place]))
            for place in sorted(place for place in self.ledger.tallies if isinstance(place, History))
            if place[:2] == (plugin_id, environment) and place.day >= since_day
        )

    def traffic(self, plugin_id: str, environment: str, *, since_slot: int) -> tuple[Counted, ...]:
        return tuple(
            Counted(place.slot, place.version, outcomes_of(self.ledger.tallies[place]))
            for place in sorted(place for place in self.ledger.tallies if isinstance(place, Traffic))
            if place[:2] == (plugin_id, environment) and place.slot >= since_slot
        )

    def arms(self, deployment_id: str, version: str) -> Mapping[str, Outcomes]:
        return {
            place.tenant: outcomes_of(tally)
            for place, tally in self.ledger.tallies.items()
            if isinstance(place, Arm) and place[:2] == (deployment_id, version)
        }

    def failing(self, deployment_id: str, *, since_epoch: int) -> Mapping[tuple[int, str, str], Outcomes]:
        found: dict[tuple[int, str, str], Outcomes] = {}
        for place, tally in self.ledger.tallies.items():
            if isinstance(place, Tried) and place.deployment_id == deployment_id and place.epoch >= since_epoch:
                key = place.epoch, place.version, place.tenant
                found[key] = found.get(key, Outcomes()) + outcomes_of(tally)
        return found

    def past(self, plugin_id: str, environment: str, tenant_mark: str, *, since_day: int) -> Outcomes:
        return total(
            outcomes_of(tally)
            for place, tally in self.ledger.tallies.items()
            if isinstance(place, Past)
            and (place.plugin_id, place.environment, place.tenant) == (plugin_id, environment, tenant_mark)
            and place.day >= since_day
        )

    def observe(self, deployment_id: str, observed: Sequence[Observed]) -> None:
        for one in observed:
            key = deployment_id, one.metric, one.tenant
            n, total = self.ledger.observed.get(key, (0.0, 0.0))
            self.ledger.observed[key] = n + one.n, total + one.total

    def observed(self, deployment_id: str, metric: str) -> Mapping[str, tuple[float, float]]:
        return {
            tenant: sums
            for (deployment, name, tenant), sums in self.ledger.observed.items()
            if (deployment, name) == (deployment_id, metric)
        }
