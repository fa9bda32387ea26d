"""What was counted of calls, read from the table ``measurements``: the shards of all containers added up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.tallies import DEPLOYMENT_DAYS
from chalicelib.domain.errors import TransientError
from chalicelib.domain.measurements import Outcomes, total
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.sides import Counted, Observed, PhaseOutcomes, Usual, groups_of, outcomes_of
from chalicelib.domain.tallies import DAY_SECONDS, SLOT_SECONDS, Phase

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.ports import Clock

_Values = dict[str, Any]


class DynamoMeasurements:
    """Measurements; reads are strongly consistent, so whoever was answered finds what was counted for it."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    @translated("DynamoDB")
    def phases(self, deployment_id: str) -> tuple[PhaseOutcomes, ...]:
        """Return what was counted of each version in each phase of a deployment, oldest phase first."""
        found: dict[Phase, Outcomes] = {}
        for values in self._sharded(lambda shard: keys.phases(deployment_id, shard)):
            phase = _phase_of(deployment_id, values)
            found[phase] = found.get(phase, Outcomes()) + outcomes_of(_amounts(values))
        return tuple(PhaseOutcomes(phase, found[phase]) for phase in sorted(found))

    @translated("DynamoDB")
    def exposed(self, deployment_id: str, versions: Iterable[str]) -> int:
        """Count the tenants that any of *versions* has served in a deployment."""
        prefixes = tuple(f"{version}#" for version in versions)
        items = self._query(keys.exposed_to(deployment_id))
        return len({mark for values in items if values["sk"].startswith(prefixes) for mark in values["marks"]})

    @translated("DynamoDB")
    def usual(self, plugin_id: str, environment: str, *, since_day: int) -> tuple[Usual, ...]:
        """Return what tenants did on each day from *since_day* on while nothing was being tried."""
        found: dict[tuple[int, str], dict[int, Outcomes]] = {}
        for values in self._sharded(
            lambda shard: keys.histories(plugin_id, environment, shard), since=f"{since_day:06d}"
        ):
            groups = found.setdefault((values["counted_on"], values["ring"]), {})
            for group, outcomes in groups_of(_amounts(values)).items():
                groups[group] = groups.get(group, Outcomes()) + outcomes
        return tuple(Usual(day, ring, groups) for (day, ring), groups in sorted(found.items()))

    @translated("DynamoDB")
    def traffic(self, plugin_id: str, environment: str, *, since_slot: int) -> tuple[Counted, ...]:
        """Return what was counted of each version from *since_slot* on, oldest first."""
        found: dict[tuple[int, str], Outcomes] = {}
        since = f"{since_slot * SLOT_SECONDS:012d}"
        for values in self._sharded(lambda shard: keys.traffics(plugin_id, environment, shard), since=since):
            place = values["slot"], values["version"]
            found[place] = found.get(place, Outcomes()) + outcomes_of(_amounts(values))
        return tuple(Counted(slot, version, outcomes) for (slot, version), outcomes in sorted(found.items()))

    @translated("DynamoDB")
    def arms(self, deployment_id: str, version: str) -> Mapping[str, Outcomes]:
        """Return what was counted of each tenant of a variant, by its mark."""
        found: dict[str, list[Outcomes]] = {}
        for values in self._query(keys.arms(deployment_id, version)):
            found.setdefault(values["tenant"], []).append(outcomes_of(_amounts(values)))
        return {mark: total(parts) for mark, parts in found.items()}

    @translated("DynamoDB")
    def failing(self, deployment_id: str, *, since_epoch: int) -> Mapping[tuple[int, str, str], Outcomes]:
        """Return what was counted of tenants that failed, by epoch (*since_epoch* on), version and tenant mark."""
        found: dict[tuple[int, str, str], Outcomes] = {}
        for values in self._sharded(lambda shard: keys.tried(deployment_id, shard), since=f"{since_epoch:010d}"):
            key = values["epoch"], values["version"], values["tenant"]
            found[key] = found.get(key, Outcomes()) + outcomes_of(_amounts(values))
        return found

    @translated("DynamoDB")
    def past(self, plugin_id: str, environment: str, tenant_mark: str, *, since_day: int) -> Outcomes:
        """Return what stable did for a tenant from *since_day* on; nothing of one that did not fail."""
        found = self._query(keys.pasts(plugin_id, environment, tenant_mark), since=f"{since_day:06d}")
        return total(outcomes_of(_amounts(values)) for values in found)

    @translated("DynamoDB")
    def observe(self, deployment_id: str, observed: Sequence[Observed]) -> None:
        """
        Add what hosts have observed, all or nothing; at most 100.

        Raises:
            TransientError: Others keep the same items busy, or the table does not answer.
        """
        ends = int(self._clock.now().timestamp()) + DEPLOYMENT_DAYS * DAY_SECONDS
        parts: Any = [{"Update": self._observation(deployment_id, one, ends)} for one in observed]
        client = self._client()
        try:
            client.transact_write_items(TransactItems=parts, ClientRequestToken=os.urandom(16).hex())
        except client.exceptions.TransactionCanceledException as error:
            raise TransientError("Others are counting the same at the moment.") from error

    def _observation(self, deployment_id: str, one: Observed, ends: int) -> dict[str, Any]:
        # Twelve decimals: sums and squares of any value that is taken fit into the 38 digits of a number.
        sums = {":total": f"{one.total:.12f}", ":squares": f"{one.squares:.12f}"}
        amounts = {":n": str(one.n), ":ttl": str(ends), **sums}
        return {
            "TableName": self._table,
            "Key": {"pk": {"S": keys.observations(deployment_id, one.metric)}, "sk": {"S": one.tenant}},
            "UpdateExpression": "SET #ttl = :ttl ADD #n :n, #total :total, #squares :squares",
            "ExpressionAttributeNames": {"#ttl": "ttl", "#n": "n", "#total": "total", "#squares": "squares"},
            "ExpressionAttributeValues": {name: {"N": amount} for name, amount in amounts.items()},
        }

    @translated("DynamoDB")
    def observed(self, deployment_id: str, metric: str) -> Mapping[str, tuple[float, float]]:
        """Return how often *metric* was observed and the sum of its values, by the mark of the tenant."""
        found = self._query(keys.observations(deployment_id, metric))
        return {values["sk"]: (values["n"], values["total"]) for values in found}

    def _sharded(self, partition: Callable[[int], str], since: str = "") -> Iterator[_Values]:
        for shard in range(keys.SHARDS):
            yield from self._query(partition(shard), since=since)

    def _query(self, partition: str, since: str = "") -> Iterator[_Values]:
        condition, asked = "pk = :pk", {":pk": {"S": partition}}
        if since:
            condition, asked = f"{condition} AND sk >= :since", {**asked, ":since": {"S": since}}
        pages = (
            self._client()
            .get_paginator("query")
            .paginate(
                TableName=self._table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=asked,
                ConsistentRead=True,
            )
        )
        for page in pages:
            for item in page["Items"]:
                yield {name: _plain(typed) for name, typed in item.items()}


def _phase_of(deployment_id: str, values: _Values) -> Phase:
    return Phase(
        deployment_id,
        values["epoch"],
        values["piece"],
        values["version"],
        values["low_bps"],
        values["high_bps"],
        tuple(values["rings"].split(",")) if values["rings"] else (),
        SplitBy(values["split_by"]),
    )


def _amounts(values: _Values) -> dict[str, int]:
    return {name: value for name, value in values.items() if isinstance(value, int)}


def _plain(typed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a text, a number or a set of texts
    ((kind, value),) = typed.items()
    if kind != "N":
        return value
    return int(value) if value.lstrip("-").isdigit() else float(value)
