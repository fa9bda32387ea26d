"""Retirements: why a version should not, may not newly, or may never serve, and whom that concerns."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Text
from chalicelib.api.resources.versions import VersionResource, fields_of
from chalicelib.domain.authorization import Caller
from chalicelib.domain.retirements import Retirement
from chalicelib.services.retirements import NAMED_TENANTS, Retired, RetireVersion


class RetireVersionBody(Body):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Charges twice when the card is declined."}]})

    reason: Annotated[Text, Field(min_length=1, description="Say why; whoever meets the version reads it.")]

    def to_command(
        self, caller: Caller, plugin_id: str, version: str, retirement: Retirement, *, validate_only: bool
    ) -> RetireVersion:
        """Make the command of the use case."""
        return RetireVersion(caller, plugin_id, version, retirement, self.reason, validate_only=validate_only)


class RetiredVersionResource(VersionResource):
    """A version as it is now, and the tenants that are pinned to it."""

    tenants: Annotated[
        list[str], Field(description=f"The tenants that are pinned to it, by id; the first {NAMED_TENANTS:,}.")
    ]

    @classmethod
    def said(cls, retired: Retired) -> RetiredVersionResource:
        """Present it."""
        fields = {**fields_of(retired.version), "pinned_tenants": retired.pinned}
        return cls(**fields, tenants=list(retired.tenants))
