"""What was counted of calls: written by containers, read by whoever judges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from chalicelib.domain.measurements import Outcomes
    from chalicelib.domain.sides import Counted, Observed, PhaseOutcomes, Usual
    from chalicelib.domain.tallies import Batch, Call


class CallCounter(Protocol):
    """Counts calls in the way of an invocation, so it is quick and never fails."""

    def meanwhile(self) -> AbstractContextManager[None]:
        """Write what was counted before while the context waits for a plugin; never raises by itself."""

    def count(self, call: Call) -> None:
        """Count one call; never raises."""


class TallyLedger(Protocol):
    """Where containers add up what they have counted."""

    def add(self, batch: Batch) -> None:
        """
        Add all of *batch* or nothing; the same token again, within ten minutes, adds nothing.

        Raises:
            TransientError: Others keep the same items busy, or the table does not answer.
        """


class MeasurementRepository(Protocol):
    """What was measured, to read."""

    def phases(self, deployment_id: str) -> tuple[PhaseOutcomes, ...]:
        """Return what was counted of each version in each phase of a deployment, oldest phase first."""

    def exposed(self, deployment_id: str, versions: Iterable[str]) -> int:
        """Count the tenants that any of *versions* has served in a deployment."""

    def usual(self, plugin_id: str, environment: str, *, since_day: int) -> tuple[Usual, ...]:
        """Return what tenants did on each day from *since_day* on while nothing was being tried."""

    def traffic(self, plugin_id: str, environment: str, *, since_slot: int) -> tuple[Counted, ...]:
        """Return what was counted of each version from *since_slot* on, oldest first."""

    def arms(self, deployment_id: str, version: str) -> Mapping[str, Outcomes]:
        """Return what was counted of each tenant of a variant, by its mark."""

    def failing(self, deployment_id: str, *, since_epoch: int) -> Mapping[tuple[int, str, str], Outcomes]:
        """Return what was counted of tenants that failed, by epoch (*since_epoch* on), version and tenant mark."""

    def past(self, plugin_id: str, environment: str, tenant_mark: str, *, since_day: int) -> Outcomes:
        """Return what stable did for a tenant from *since_day* on; nothing of one that did not fail."""

    def observe(self, deployment_id: str, observed: Sequence[Observed]) -> None:
        """
        Add what hosts have observed, all or nothing; at most 100.

        Raises:
            TransientError: Others keep the same items busy, or the table does not answer.
        """

    def observed(self, deployment_id: str, metric: str) -> Mapping[str, tuple[float, float]]:
        """Return how often *metric* was observed and the sum of its values, by the mark of the tenant."""
