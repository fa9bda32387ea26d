"""Leases of deployments: who may move a (plugin, environment), in the table ``deployments``."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import PutError

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.audit import Put
from chalicelib.adapters.dynamodb.deployment_items import LeaseItem
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.domain.deployments import DeploymentInProgressError, Lease
from chalicelib.domain.errors import FencedOffError, StaleRevisionError


class DynamoLeases:
    """Leases; they are written in the transactions of their deployments, or renewed alone."""

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(LeaseItem, "deployments")

    @translated("DynamoDB")
    def get(self, plugin_id: str, environment: str) -> Lease | None:
        """Return the lease as it stands, strongly consistent."""
        try:
            item = self._items.get(*keys.lease(plugin_id, environment), consistent_read=True)
        except self._items.DoesNotExist:
            return None
        return Lease(plugin_id, environment, item.holder, int(item.fence), item.expires_at, item.held_by or "")

    def taking(self, lease: Lease, now: datetime) -> Put:
        """
        Write a lease that is free or expired at *now*, with the next fence.

            first                          second
            ─────                          ──────
            read lease → free, fence 6
                                           read lease → free, fence 6
            write lease, fence 7
            if fence is 6 and it is free
                                           write lease, fence 7
                                           if fence is 6 → refused: it is 7
        """
        never_taken = LeaseItem.pk.does_not_exist()
        is_released = LeaseItem.holder == ""
        has_expired = LeaseItem.expires_at_ms <= _milliseconds(now)
        is_the_one_read = LeaseItem.fence == lease.fence - 1
        follows_it = is_the_one_read & (is_released | has_expired)
        may_take = follows_it | never_taken if lease.fence == 1 else follows_it
        in_progress = DeploymentInProgressError(
            f"A deployment of {lease.plugin_id} to {lease.environment} is going on.",
            fix="Wait until it has ended: GET /deployments?pluginId=… shows it.",
        )
        return Put(self._item(lease), may_take, lambda: in_progress)

    def keeping(self, lease: Lease) -> Put:
        """Write a lease whose fence is still the same; an empty holder gives it back."""
        is_still_ours = LeaseItem.fence == lease.fence
        return Put(self._item(lease), is_still_ours, lambda: fenced_off(lease.plugin_id))

    @translated("DynamoDB")
    def renew(self, lease: Lease) -> None:
        """
        Write a lease that its holder still has.

        Raises:
            FencedOffError: A newer deployment holds it, or it was given back.
        """
        is_still_ours = (LeaseItem.fence == lease.fence) & (LeaseItem.holder == lease.holder)
        try:
            self._item(lease).save(condition=is_still_ours)
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise fenced_off(lease.plugin_id) from error

    def _item(self, lease: Lease) -> LeaseItem:
        return self._items(
            *keys.lease(lease.plugin_id, lease.environment),
            holder=lease.holder,
            fence=lease.fence,
            expires_at=lease.expires_at,
            expires_at_ms=_milliseconds(datetime.fromisoformat(lease.expires_at)),
            held_by=lease.held_by or None,
        )


def stale(what: str) -> StaleRevisionError:
    """Say that somebody wrote between our read and our write."""
    return StaleRevisionError(f"Somebody else changed {what} in between.", fix="Read it again, then repeat.")


def fenced_off(plugin_id: str) -> FencedOffError:
    """Say that a newer deployment owns lease or route."""
    return FencedOffError(
        f"A newer deployment of {plugin_id} goes on.", fix="Nothing is to be done: the newer deployment goes on."
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
