"""Verdicts, each an item of its own in the table ``deployments`` that nothing writes twice."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import PutError

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Put
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.leases import stale
from chalicelib.adapters.dynamodb.listings import read_page, start_of
from chalicelib.adapters.dynamodb.verdict_items import VerdictItem
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.tallies import DAY_SECONDS
from chalicelib.domain.verdicts import Verdict

#: Thirteen months: whoever asks a year later why a version was thrown out is told.
VERDICT_DAYS = 400


class DynamoVerdicts:
    """Verdicts; the condition on each write is that there is none in its place."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(VerdictItem, "deployments")

    @translated("DynamoDB")
    def append(self, given: GivenVerdict) -> None:
        """
        Add a verdict that nothing follows from; the same again changes nothing.

        Raises:
            TransientError: The table throttles or is unreachable.
        """
        try:
            self._item(given).save(condition=VerdictItem.pk.does_not_exist())
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise

    @translated("DynamoDB")
    def page(self, deployment_id: str, request: PageRequest) -> Page[GivenVerdict]:
        """List the verdicts on a deployment, newest first, strongly consistent."""
        found = self._items.query(
            keys.verdicts_on(deployment_id),
            consistent_read=True,
            scan_index_forward=False,
            page_size=request.limit + 1,
            last_evaluated_key=start_of(request),
        )
        return read_page(found, request, _verdict_of)

    def putting(self, given: GivenVerdict) -> Put:
        """Write a verdict with what follows from it, unless that was done."""
        return Put(self._item(given), VerdictItem.pk.does_not_exist(), lambda: stale(given.deployment_id))

    def _item(self, given: GivenVerdict) -> VerdictItem:
        given_at = int(datetime.fromisoformat(given.at).timestamp())
        return self._items(
            *keys.verdict(given.deployment_id, given.place),
            deployment_id=given.deployment_id,
            attempt=given.attempt,
            step_index=given.step_index,
            step_kind=given.step_kind,
            at=given.at,
            verdict=given.verdict.to_document(),
            consequence=given.consequence.value,
            ttl=given_at + VERDICT_DAYS * DAY_SECONDS,
        )


def _verdict_of(item: VerdictItem) -> GivenVerdict:
    return GivenVerdict(
        item.deployment_id,
        int(item.attempt),
        int(item.step_index),
        item.step_kind,
        item.at,
        Verdict.from_document(item.verdict),
        Consequence(item.consequence),
    )
