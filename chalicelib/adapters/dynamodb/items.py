"""What every item has, and how a model gets its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import new_class
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from pynamodb.attributes import UnicodeAttribute
from pynamodb.connection import Connection, TableConnection
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from mypy_boto3_dynamodb import DynamoDBClient


class Item(Model):
    """Keys of every item."""

    shared_client: Callable[[], DynamoDBClient]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """Return the connection of this table, over the client that all tables share."""
        table = super()._get_connection()
        share(table.connection, cls.shared_client())
        return table


class Listing(GlobalSecondaryIndex["ListedItem"]):  # type: ignore[no-untyped-call] # PynamoDB leaves a hook untyped
    """The same items in another order; it may lag behind the table by a moment."""

    class Meta:
        """Where it is."""

        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class ListedItem(Item):
    """An item that may stand in the listing; without *gsi1pk* it does not."""

    listing = Listing()

    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)


#: Keys of an item that was found in the listing.
LISTED_KEYS = ("pk", "sk", "gsi1pk", "gsi1sk")


AnyItem = TypeVar("AnyItem", bound=Item)


class Tables(NamedTuple):
    """
    The tables of one stack, and the one client that all models share.

    PynamoDB would make a session and a client for each model, which costs an API function more than all
    of its imports.
    """

    name: Callable[[str], str]
    client: Callable[[], DynamoDBClient]

    def bind(self, model: type[AnyItem], table: str) -> type[AnyItem]:
        """Give *model* its table (``registry``); its name is known only when the stack is."""
        meta = type("Meta", (), {"table_name": self.name(table)})
        made = new_class(
            model.__name__, (model,), exec_body=lambda body: body.update(Meta=meta, shared_client=self.client)
        )
        return cast("type[AnyItem]", made)

    def connection(self) -> Connection:
        """Make a connection for transactions, over the shared client."""
        return share(Connection(), self.client())


def share(connection: Connection, client: object) -> Connection:
    """Let *connection* use *client* instead of one of its own."""
    connection._client = client  # type: ignore[assignment] # noqa: SLF001 - it has no other door
    return connection


def values_of(item: Item, thing: type[DataclassInstance | NamedTuple]) -> dict[str, Any]:
    """Return the attributes that are fields of *thing*; absent ones are left to its defaults."""
    values = {name: getattr(item, name) for name in _names_of(thing)}
    return {name: value for name, value in values.items() if value is not None}


def document_of(thing: DataclassInstance | NamedTuple) -> dict[str, Any]:
    """Write *thing* as attributes by name; what it holds becomes JSON's own kinds of values, however deep."""
    return {name: _plain(getattr(thing, name)) for name in _names_of(thing)}


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if is_dataclass(value) or hasattr(value, "_fields"):
        return document_of(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _names_of(thing: Any) -> list[str]:  # noqa: ANN401 - a class or an instance of it
    """Name the fields of a value type: a named tuple where invocations use it, else a dataclass."""
    return [field.name for field in fields(thing)] if is_dataclass(thing) else [*thing._fields]
