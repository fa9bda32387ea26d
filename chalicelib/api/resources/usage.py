"""Usage: what a tenant uses of its quotas."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.models import Resource
from chalicelib.services.usage import PluginUsage


class MinuteUsageResource(Resource):
    """A quota that is counted by the minute."""

    limit: int
    used: Annotated[float, Field(description="In this minute; at most a tenth of the limit is only set aside yet.")]
    reset_at: Annotated[str, Field(description="When this minute ends and the count begins anew.")]


class ConcurrentUsageResource(Resource):
    """A quota of what runs at once."""

    limit: int
    used: Annotated[int, Field(description="Now, with the slots that idle containers keep for some seconds.")]


class UsageResource(Resource):
    """What a tenant uses of one plugin."""

    plugin_id: str
    requests_per_minute: MinuteUsageResource
    concurrent_executions: ConcurrentUsageResource
    execution_seconds_per_minute: MinuteUsageResource

    @classmethod
    def of(cls, usage: PluginUsage) -> UsageResource:
        """Present the use of one plugin."""
        limits, used = usage.limits, usage.used
        return cls(
            plugin_id=usage.plugin_id,
            requests_per_minute=MinuteUsageResource(limit=limits.requests, used=used.requests, reset_at=usage.reset_at),
            concurrent_executions=ConcurrentUsageResource(limit=limits.concurrent, used=used.concurrent),
            execution_seconds_per_minute=MinuteUsageResource(
                limit=limits.seconds, used=used.milliseconds / 1000, reset_at=usage.reset_at
            ),
        )
