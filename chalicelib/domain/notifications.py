"""Notifications: which audit records people want to hear of, in which words, and who hears them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.audit import AuditRecord


class Severity(StrEnum):
    """How soon somebody should look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Audience(StrEnum):
    """Who hears of it: operators alone, the tenant of the record too, or each tenant pinned to the version too."""

    OPERATORS = "operators"
    TENANT = "tenant"
    PINNED_TENANTS = "pinned tenants"


class Notable(NamedTuple):
    """
    A row of the table: what a record is called, and told in.

    *subject* and *text* are templates over `values_of`; *tenant_text* is what a tenant reads. A row with *status*
    is for records whose ``after`` says this status; the others do not concern it.
    """

    kind: str
    severity: Severity
    subject: str
    text: str
    audience: Audience = Audience.OPERATORS
    tenant_text: str = ""
    status: str | None = None


class Notification(NamedTuple):
    """
    One message. *id* is the audit record's, so with *tenant_id* it tells messages apart.

    *tenant_id* is whom it is for; ``""`` means operators. *text* is for people, everything else for programs.
    """

    id: str
    at: str
    kind: str
    severity: Severity
    subject: str
    text: str
    tenant_id: str
    plugin_id: str
    details: Mapping[str, str]

    @property
    def key(self) -> str:
        """Name it among all that are ever sent."""
        return f"{self.id}/{self.tenant_id}"


_ENDED = "Deployment {deployment} of {plugin} {version} to {environment}"

#: Action of an audit record → its rows. To tell of something more, add a row: nothing else has to be changed.
NOTABLES: Mapping[str, tuple[Notable, ...]] = {
    "DeprecatePlugin": (
        Notable("plugin.deprecated", Severity.INFO, "{plugin} is deprecated", "{actor} deprecated {plugin}: {reason}"),
    ),
    "DeprecateVersion": (
        Notable(
            "version.deprecated",
            Severity.INFO,
            "{plugin} {version} is deprecated",
            "{actor} deprecated {plugin} {version}: {reason} It works as before; {pinned} tenant(s) are pinned to it.",
            Audience.PINNED_TENANTS,
            "{plugin} {version}, which you are pinned to, is deprecated: {reason} It works as before; "
            "move the pin to a newer version when you can.",
        ),
    ),
    "YankVersion": (
        Notable(
            "version.yanked",
            Severity.WARNING,
            "{plugin} {version} is yanked",
            "{actor} yanked {plugin} {version}: {reason} It serves where it does, but can't be chosen any more.",
            Audience.PINNED_TENANTS,
            "{plugin} {version}, which you are pinned to, was taken back: {reason} Your pin holds, but can't be "
            "renewed: move it to another version.",
        ),
    ),
    "BlockVersion": (
        Notable(
            "version.blocked",
            Severity.CRITICAL,
            "{plugin} {version} is blocked",
            "{actor} blocked {plugin} {version}: {reason} It is out of every route, and {pinned} pin(s) to it hold no "
            "more.",
            Audience.PINNED_TENANTS,
            "{plugin} {version}, which you were pinned to, is blocked: {reason} Your pin holds no more; the version "
            "that is deployed serves you.",
        ),
    ),
    "RollBack": (
        Notable(
            "deployment.rolled_back",
            Severity.CRITICAL,
            "{plugin} {version} is rolled back in {environment}",
            _ENDED + " is rolled back: {reason} The last known good version serves again.",
        ),
    ),
    # That its books are closed a moment later is no news: one roll-back is one alert.
    "EndDeployment": (
        Notable(
            "deployment.failed",
            Severity.WARNING,
            "{plugin} {version} was not deployed to {environment}",
            _ENDED + " failed before it moved anything: {reason}",
            status="Failed",
        ),
    ),
    "RequestApproval": (
        Notable(
            "approval.requested",
            Severity.INFO,
            "{plugin} {version} needs {needed} approval(s) for {environment}",
            "{deployment} would move {plugin} {version} to {environment} and waits for {needed} of {roles} until "
            "{expires}. hotswap deploy approve {deployment}",
            status="Pending",
        ),
    ),
    "RemindApprovers": (
        Notable(
            "approval.expiring",
            Severity.WARNING,
            "{plugin} {version} still needs approval for {environment}",
            "{deployment} has {agreed} of {needed} approvals, and time runs out at {expires}. "
            "hotswap deploy approve {deployment}",
        ),
    ),
    "EscalateApproval": (
        Notable(
            "approval.escalated",
            Severity.WARNING,
            "Nobody has answered about {plugin} {version} for {environment}",
            "{deployment} has {agreed} of {needed} approvals, and its time has run out. It waits on for {roles}. "
            "hotswap deploy approve {deployment}",
        ),
    ),
    "ExpireApproval": (
        Notable(
            "approval.expired",
            Severity.WARNING,
            "Approval of {plugin} {version} for {environment} timed out",
            "{deployment} got {agreed} of {needed} approvals in its time, so it ends as Rejected.",
        ),
    ),
    "Reject": (
        Notable(
            "approval.rejected",
            Severity.INFO,
            "{plugin} {version} was rejected for {environment}",
            "{actor} rejected {deployment}: {reason}",
            status="Rejected",
        ),
    ),
    "RollbackDeployment": (
        Notable(
            "deployment.rolled_back",
            Severity.CRITICAL,
            "{plugin} {version} was rolled back in {environment}",
            _ENDED + " had Completed and was rolled back by {actor}: {reason} An older version serves again.",
        ),
    ),
    "SendBack": (
        Notable(
            "tenant.sent_back",
            Severity.WARNING,
            "{tenant} went back to the stable version of {plugin}",
            "{tenant} went back to the stable version of {plugin}, alone: {reason}",
            Audience.TENANT,
            "A new version of {plugin} failed for you, so the version of before serves you again: {reason}",
        ),
    ),
    "KeepBack": (
        Notable(
            "tenant.kept_back",
            Severity.WARNING,
            "{tenant} stays on the version of {plugin} of before until {expires}",
            "{tenant} stays on the version of {plugin} of before until {expires}: {reason} "
            "hotswap unpin {plugin} --tenant {tenant}",
            Audience.TENANT,
            "You stay on the version of {plugin} of before until {expires}: {reason} Unpin it to try the new one.",
        ),
    ),
    "NoteRegression": (
        Notable(
            "version.regressed",
            Severity.CRITICAL,
            "{plugin} {version} fails more than before in {environment}",
            "What {deployment} brought to {environment}, {plugin} {version}, fails more than before: {reason} "
            "hotswap deploy rollback {deployment}",
        ),
    ),
    "SettleRoute": (
        Notable(
            "route.settled",
            Severity.CRITICAL,
            "The route of {plugin} in {environment} was put right",
            "{reason} Something else than the product has written it: find out what, and take its right away.",
        ),
    ),
    "FailDeployment": (
        Notable(
            "deployment.failed",
            Severity.WARNING,
            "{plugin} {version} was not deployed to {environment}",
            _ENDED + " failed: {reason}",
        ),
    ),
    "AbandonDeployment": (
        Notable(
            "deployment.failed",
            Severity.WARNING,
            "{plugin} {version} was given up in {environment}",
            _ENDED + " was abandoned: its lease ran out. What served before serves again.",
        ),
    ),
}


def notable_of(record: AuditRecord) -> Notable | None:
    """Find the row of a record; most records have none."""
    rows = NOTABLES.get(record.action, ())
    return next((row for row in rows if row.status in (None, record.after.get("status"))), None)


def values_of(record: AuditRecord, deployment: Mapping[str, str]) -> dict[str, str]:
    """
    Say what the templates may name.

    *deployment* gives plugin, version and environment where the record is of a deployment, whose resource does not
    tell them.
    """
    parts = record.resource.split("/")
    named = dict(zip(parts[::2], parts[1::2], strict=False))
    reason = record.reason.strip()
    return {
        "actor": record.actor,
        "reason": reason + ("" if not reason or reason.endswith((".", "!", "?")) else "."),
        "plugin": named.get("plugins", ""),
        "version": named.get("versions", ""),
        "tenant": record.tenant_id or named.get("tenants", ""),
        "deployment": named.get("deployments", ""),
        "environment": str(record.after.get("environment", "")),
        "pinned": str(record.after.get("pinnedTenants", 0)),
        "agreed": str(record.after.get("agreed", 0)),
        "needed": str(record.after.get("needed", 0)),
        "roles": " or ".join(record.after.get("roles", ())),
        "expires": str(record.after.get("expiresAt", "")),
        **deployment,
    }


def notification_of(
    record: AuditRecord, notable: Notable, values: Mapping[str, Any], *, tenant_id: str = ""
) -> Notification:
    """Make the message for operators, or for one tenant, who does not read who did it."""
    template = notable.tenant_text if tenant_id and notable.tenant_text else notable.text
    told = ("plugin", "version", "environment", "deployment", "reason", *(() if tenant_id else ("actor",)))
    return Notification(
        id=record.id,
        at=record.at,
        kind=notable.kind,
        severity=notable.severity,
        subject=notable.subject.format_map(values),
        text=template.format_map(values),
        tenant_id=tenant_id,
        plugin_id=values["plugin"],
        details={name: values[name] for name in told if values[name]},
    )
