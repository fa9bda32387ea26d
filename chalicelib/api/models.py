"""Models: what bodies, queries and resources have in common, and what is wrong with a body in our words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from chalicelib.domain import errors
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.ports.identity import CursorCodec

ItemT = TypeVar("ItemT", bound="Resource")
DomainT = TypeVar("DomainT")

#: Text that people write: no control characters but line ends and tabs.
Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Text = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class Body(BaseModel):
    """What a request says; unknown fields are refused, and nothing is converted silently."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
    )


class Query(BaseModel):
    """What stands behind the ``?``; unknown names are refused, since a misspelt filter would filter nothing."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
    )


class Listing(Query):
    """Which page of a listing; subclasses add filters."""

    limit: Annotated[int, Field(ge=1, le=100, description="Ask for 1 to 100 items a page.")] = 50
    cursor: Annotated[
        str | None, Field(max_length=2048, description="`nextCursor` of the page before, with the same filters.")
    ] = None

    def scope(self, path: str) -> str:
        """Name this listing: a cursor is good for its path and its filters only."""
        filters = self.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        return "&".join([path, *(f"{name}={filters[name]}" for name in sorted(filters))])

    def request(self, path: str, cursors: CursorCodec) -> PageRequest:
        """
        Say what to read.

        Raises:
            ValidationError: The cursor is forged, or of another listing (400).
        """
        position = cursors.decode(self.cursor, self.scope(path)) if self.cursor else None
        return PageRequest(self.limit, position)


class Resource(BaseModel):
    """What an answer holds; written in camelCase, every field always there."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
        defer_build=True,
        json_schema_serialization_defaults_required=True,
    )


class PageResource(Resource, Generic[ItemT]):
    """One page of a listing."""

    items: list[ItemT]
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` to go on; null at the end.")] = None
    has_more: bool

    @classmethod
    def of(
        cls, page: Page[DomainT], item: Callable[[DomainT], ItemT], *, cursors: CursorCodec, scope: str
    ) -> PageResource[ItemT]:
        """Present a page whose cursor opens only *scope*."""
        position = page.next_position
        return cls(
            items=[item(each) for each in page.items],
            next_cursor=cursors.encode(position, scope) if position else None,
            has_more=position is not None,
        )


def refusal_of(error: ValidationError, model: type[BaseModel], *, what: str) -> errors.ValidationError:
    """Say in our words what pydantic found in *what* (``body``, ``query``); no value that was sent is repeated."""
    found = tuple(_field_error(each, model) for each in error.errors(include_url=False, include_input=False))
    named = ", ".join(each.field or "/" for each in found[:5])
    return errors.ValidationError(f"The {what} is not what this takes: {named}.", fix=found[0].fix, errors=found)


def _field_error(found: ErrorDetails, model: type[BaseModel]) -> errors.FieldError:
    where = _pointer(found["loc"])
    match found["type"]:
        case "missing":
            return errors.FieldError(where, "It is missing.", _expected(found["loc"], model) or "Add it.")
        case "extra_forbidden":
            known = ", ".join(sorted(field.alias or name for name, field in model.model_fields.items()))
            fix = f"Remove it. Known here: {known}." if len(found["loc"]) == 1 else "Remove it."
            return errors.FieldError(where, "There is no such field.", fix)
        case "enum" | "literal_error":
            return errors.FieldError(where, "It is none of the values allowed.", f"Use {found['ctx']['expected']}.")
        case "string_pattern_mismatch" if not _expected(found["loc"], model):
            fix = "Send text without control characters; only longer texts may have line ends and tabs."
            return errors.FieldError(where, "It holds characters that are not allowed.", fix)
        case _:
            message = str(found["msg"]).replace("Input", "It", 1)
            message = message.replace("String should", "It should", 1)
            return errors.FieldError(where, message + ".", _fix_of(found, _expected(found["loc"], model)))


def _fix_of(found: ErrorDetails, description: str) -> str:
    """Say what to send: as the rule itself says, else as the field's *description* does."""
    match found["type"]:
        case "bool_parsing" | "bool_type":
            return "Send true or false."
        case "string_too_long":
            return f"Send at most {found['ctx']['max_length']:,} characters."
        case "string_type" if not description:
            return "Send a text."
        case _:
            return description or "Correct it."


def _pointer(location: Sequence[int | str]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _expected(location: Sequence[int | str], model: type[BaseModel]) -> str:
    """Take the fix from the description of the field, which says what to send."""
    for name, field in model.model_fields.items():
        if location and location[0] in (field.alias, name):
            return field.description or ""
    return ""
