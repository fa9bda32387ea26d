"""Plugins: what is registered, who owns it, and what its state allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from chalicelib.domain.errors import ConflictError


class PluginType(StrEnum):
    """What a plugin extends."""

    PAYMENT_GATEWAY = "PaymentGateway"
    AUTH_PROVIDER = "AuthProvider"
    NOTIFICATION_CHANNEL = "NotificationChannel"
    DATA_PROCESSOR = "DataProcessor"
    REPORTING_ENGINE = "ReportingEngine"
    WORKFLOW_AUTOMATION = "WorkflowAutomation"
    API_INTEGRATION = "ApiIntegration"
    BUSINESS_LOGIC = "BusinessLogic"
    OTHER = "Other"


class PluginStatus(StrEnum):
    """Life of a plugin. A deleted one stays as a tombstone: its versions are never reused."""

    ACTIVE = "Active"
    DEPRECATED = "Deprecated"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Why a plugin should not be used any more, and what to use instead."""

    reason: str
    migration_guide: str
    at: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A named extension of the SaaS product; its id is its name. Times are RFC 3339 UTC."""

    id: str
    type: PluginType
    owner: str
    created_at: str
    updated_at: str
    display_name: str = ""
    description: str = ""
    author: str = ""
    documentation_url: str = ""
    tags: tuple[str, ...] = ()
    status: PluginStatus = PluginStatus.ACTIVE
    deprecation: Deprecation | None = None
    revision: int = 0

    def deprecate(self, reason: str, migration_guide: str, now: str) -> Plugin:
        """
        Advise against this plugin; it goes on serving.

        Raises:
            ConflictError: It is deprecated already (409).
        """
        if self.status is PluginStatus.DEPRECATED:
            raise ConflictError(
                f"{self.id} is deprecated already.", fix="Nothing is left to do; GET the plugin shows the reason."
            )
        return replace(
            self,
            status=PluginStatus.DEPRECATED,
            deprecation=Deprecation(reason, migration_guide, now),
            updated_at=now,
        )


@dataclass(frozen=True, slots=True)
class PluginFilter:
    """Which plugins a listing wants; None and empty mean any. All *tags* must be there."""

    type: PluginType | None = None
    status: PluginStatus | None = None
    tags: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Tell whether it wants every plugin."""
        return self.type is None and self.status is None and not self.tags

    def admits(self, plugin: Plugin) -> bool:
        """Tell whether *plugin* belongs in the listing; deleted ones never do."""
        return (
            plugin.status is not PluginStatus.DELETED
            and self.type in (None, plugin.type)
            and self.status in (None, plugin.status)
            and set(self.tags) <= set(plugin.tags)
        )
