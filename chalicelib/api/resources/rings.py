"""Rings: groups of tenants in the order in which they take a risk."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.domain.rings import MAX_RINGS, Rings

_DESCRIPTION = f"Send at most {MAX_RINGS} names in the order of risk, whoever goes first at the front."


class PutRingsBody(Body):
    """All rings, in their order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"rings": ["internal", "beta", "general", "banks"]}]})

    rings: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100, description=_DESCRIPTION)]


class RingsResource(Resource):
    """The rings of the product; a rolling deployment goes through them in this order."""

    rings: list[str]
    revision: Annotated[int, Field(description="Its ETag without quotes, for If-Match.")]
    updated_at: Annotated[str | None, Field(description="When somebody last changed them; null: nobody has.")]

    @classmethod
    def of(cls, rings: Rings) -> RingsResource:
        """Present the rings."""
        return cls(rings=list(rings.names), revision=rings.revision, updated_at=rings.updated_at)
