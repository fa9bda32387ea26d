"""Records that invocations add to the audit trail, by DynamoDB's own client. Light until there is one to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.domain.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib.domain.audit import AuditRecord


class DynamoRecordAppends:
    """Puts records where `DynamoAuditTrail` does, just as it does; *days* is their retention."""

    def __init__(self, client: Callable[[], DynamoDBClient], table: str, days: Mapping[str, int]) -> None:
        self._client = client
        self._table = table
        self._days = days

    @translated("DynamoDB")
    def append(self, record: AuditRecord) -> None:
        """
        Write one record; no other is ever written over.

        Raises:
            ConflictError: It is recorded already.
        """
        from chalicelib.adapters.dynamodb.audit_streams import image_of, kept_for  # noqa: PLC0415 - told above

        item = image_of(kept_for(record, self._days))
        try:
            self._client().put_item(TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except Exception as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            raise ConflictError(f"{record.id} is recorded already.") from error
