"""Problems: for the document only; `chalicelib.api.problems` writes them without models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from chalicelib.api.models import Resource


class FieldErrorResource(Resource):
    """One thing that is wrong."""

    field: Annotated[str, Field(description="JSON pointer into the body, or the name of a query parameter.")]
    message: str
    fix: str


class QuotaResource(Resource):
    """The quota that is used up."""

    name: str
    limit: int
    used: int
    reset_at: Annotated[str, Field(description="When to come again.")]


def _quota_is_optional(schema: dict[str, Any]) -> None:
    schema["required"].remove("quota")


class ProblemResource(Resource):
    """Why a request was refused, or what failed (RFC 9457)."""

    model_config = ConfigDict(title="Problem", json_schema_extra=_quota_is_optional)

    type: str
    title: str
    status: int
    detail: str
    instance: Annotated[str, Field(description="The path that was asked for.")]
    code: Annotated[str, Field(description="Stable; decide by this.")]
    trace_id: str
    timestamp: str
    errors: list[FieldErrorResource]
    fix: Annotated[str, Field(description="What to do next.")]
    quota: Annotated[QuotaResource | None, Field(description="With QUOTA_EXCEEDED alone.")] = None


class HealthResource(Resource):
    """The API answers."""

    status: Literal["ok"]
    version: str
