"""What every item has, and how a model gets its table."""

from __future__ import annotations

from dataclasses import fields
from types import new_class
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Item(Model):
    """Keys of every item."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


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

#: Seconds; an API request has 29 in all.
_CONNECT_SECONDS = 2
_READ_SECONDS = 5


def bind(model: type[AnyItem], table_name: str) -> type[AnyItem]:
    """
    Give *model* its table.

    The table's name depends on the stack, so it is known only when the ports are made.
    """
    settings = {
        "table_name": table_name,
        "connect_timeout_seconds": _CONNECT_SECONDS,
        "read_timeout_seconds": _READ_SECONDS,
    }
    meta = type("Meta", (), settings)
    bound = new_class(model.__name__, (model,), exec_body=lambda body: body.update(Meta=meta))
    return cast("type[AnyItem]", bound)


def values_of(item: Item, thing: type[DataclassInstance]) -> dict[str, Any]:
    """Return the attributes that are fields of *thing*; absent ones are left to its defaults."""
    values = {field.name: getattr(item, field.name) for field in fields(thing)}
    return {name: value for name, value in values.items() if value is not None}
