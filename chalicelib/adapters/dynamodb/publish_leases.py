"""The right to change a plugin's ``$LATEST``, in the table ``registry``."""

from __future__ import annotations

from datetime import datetime

from pynamodb.exceptions import DeleteError, PutError

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.registry_items import PublishLeaseItem
from chalicelib.domain.errors import TransientError


class DynamoPublishLeases:
    """
    One holder a plugin, until it expires.

    A holder that outlives its lease does no harm: the publish names code hash and revision, so it fails.
    """

    def __init__(self, tables: Tables) -> None:
        self._items = tables.bind(PublishLeaseItem, "registry")

    @translated("DynamoDB")
    def acquire(self, plugin_id: str, holder: str, *, now: datetime, until: datetime) -> None:
        """
        Take or renew the lease.

        Raises:
            TransientError: Another holder has it and it has not expired; a retry will get it.
        """
        is_free = PublishLeaseItem.pk.does_not_exist()
        is_ours = PublishLeaseItem.holder == holder
        has_expired = PublishLeaseItem.expires_at_ms <= _milliseconds(now)
        item = self._items(*keys.publish_lease(plugin_id), holder=holder, expires_at_ms=_milliseconds(until))
        try:
            item.save(condition=is_free | is_ours | has_expired)
        except PutError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise TransientError(f"Another version of {plugin_id} is being published.") from error

    @translated("DynamoDB")
    def release(self, plugin_id: str, holder: str) -> None:
        """Give it back; nothing happens when *holder* does not have it."""
        is_ours = PublishLeaseItem.holder == holder
        try:
            self._items(*keys.publish_lease(plugin_id)).delete(condition=is_ours)
        except DeleteError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
