"""
The half of the composition root whose other side is a table, and what all of a stack's ports share.

An adapter is imported and made when its port is first used: a start loads what its first request needs (ADR 19).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.ports import Ports

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient

    from chalicelib import ports as outside
    from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail
    from chalicelib.adapters.dynamodb.items import Tables
    from chalicelib.settings import Settings


class StackTables(Ports):
    """The ports of a stack that are kept in tables, each of them made at its first use and then kept."""

    _settings: Settings
    _dynamodb: Lazy[DynamoDBClient]

    def __init__(self, settings: Settings, dynamodb: Callable[[], DynamoDBClient]) -> None:
        # The bundle is frozen: it takes nothing by assignment.
        vars(self).update(_settings=settings, _dynamodb=Lazy(dynamodb))

    @cached_property
    def _tables(self) -> Tables:
        from chalicelib.adapters.dynamodb.items import Tables

        return Tables(self._settings.table, self._dynamodb)

    @cached_property
    def _trail(self) -> DynamoAuditTrail:
        from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail

        return DynamoAuditTrail(self._tables, self._settings.retention_days, Lazy(aws_clients.bulk_dynamodb))

    @cached_property
    def clock(self) -> outside.Clock:
        return SystemClock()

    @cached_property
    def plugins(self) -> outside.PluginRepository:
        from chalicelib.adapters.dynamodb.plugins import DynamoPlugins

        return DynamoPlugins(self._tables, self._trail)

    @cached_property
    def versions(self) -> outside.VersionRepository:
        from chalicelib.adapters.dynamodb.versions import DynamoVersions

        return DynamoVersions(self._tables, self._trail)

    @cached_property
    def blocks(self) -> outside.BlockRepository:
        from chalicelib.adapters.dynamodb.blocks import DynamoBlocks

        return DynamoBlocks(self._tables, self._trail)

    @cached_property
    def started_containers(self) -> outside.StartedContainersRepository:
        from chalicelib.adapters.dynamodb.started_containers import DynamoStartedContainers

        return DynamoStartedContainers(self._tables)

    @cached_property
    def publish_leases(self) -> outside.PublishLeaseRepository:
        from chalicelib.adapters.dynamodb.publish_leases import DynamoPublishLeases

        return DynamoPublishLeases(self._tables)

    @cached_property
    def routes(self) -> outside.RouteRepository:
        from chalicelib.adapters.dynamodb.routes import DynamoRoutes

        return DynamoRoutes(self._tables)

    @cached_property
    def deployments(self) -> outside.DeploymentRepository:
        from chalicelib.adapters.dynamodb.deployments import DynamoDeployments

        return DynamoDeployments(self._tables, self._trail)

    @cached_property
    def approvals(self) -> outside.ApprovalRepository:
        from chalicelib.adapters.dynamodb.approvals import DynamoApprovals

        return DynamoApprovals(self._tables, self._trail)

    @cached_property
    def policies(self) -> outside.PolicyRepository:
        from chalicelib.adapters.dynamodb.policies import DynamoPolicies

        return DynamoPolicies(self._tables, self._trail)

    @cached_property
    def tenants(self) -> outside.TenantRepository:
        from chalicelib.adapters.dynamodb.tenants import DynamoTenants

        return DynamoTenants(self._tables, self._trail)

    @cached_property
    def rings(self) -> outside.RingRepository:
        from chalicelib.adapters.dynamodb.rings import DynamoRings

        return DynamoRings(self._tables, self._trail)

    @cached_property
    def installations(self) -> outside.InstallationRepository:
        from chalicelib.adapters.dynamodb.installations import DynamoInstallations

        return DynamoInstallations(self._tables, self._trail)

    @cached_property
    def servings(self) -> outside.ServingRepository:
        from chalicelib.adapters.dynamodb.servings import DynamoServings

        return DynamoServings(self._dynamodb, self._settings.table("tenants"), self.clock)

    @cached_property
    def states(self) -> outside.StateRepository:
        from chalicelib.adapters.dynamodb.serving import DynamoStates

        return DynamoStates(self._dynamodb, self._settings.table("tenants"))

    @property
    def audit(self) -> outside.AuditTrail:
        return self._trail

    @cached_property
    def ledger(self) -> outside.QuotaLedger:
        from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger

        return DynamoQuotaLedger(self._dynamodb, self._settings.table("tenants"))

    @cached_property
    def claims(self) -> outside.ClaimRepository:
        from chalicelib.adapters.dynamodb.claims import DynamoClaims

        return DynamoClaims(self._dynamodb, self._settings.table("idempotency"))

    @cached_property
    def machine_keys(self) -> outside.MachineKeyRepository:
        from chalicelib.adapters.dynamodb.machine_key_repository import DynamoMachineKeys

        return DynamoMachineKeys(self._tables, self._trail)

    @cached_property
    def measurements(self) -> outside.MeasurementRepository:
        from chalicelib.adapters.dynamodb.measurements import DynamoMeasurements

        return DynamoMeasurements(self._dynamodb, self._settings.table("measurements"), self.clock)

    @cached_property
    def verdicts(self) -> outside.VerdictRepository:
        from chalicelib.adapters.dynamodb.verdicts import DynamoVerdicts

        return DynamoVerdicts(self._tables)
