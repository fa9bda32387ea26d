"""
Everything outside, as Protocols, and the frozen bundles that carry it to the use cases.

Protocols say what types say, and nothing that runs needs them: they are imported when somebody asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.ports.approvals import ApprovalRepository, PolicyRepository
    from chalicelib.ports.artifacts import ArtifactStore, StoredObject, Upload
    from chalicelib.ports.audit import AuditTrail
    from chalicelib.ports.blocks import BlockRepository, OpenBlock
    from chalicelib.ports.clock import Clock, IdSource
    from chalicelib.ports.deployments import DeploymentRepository, RouteRepository
    from chalicelib.ports.executions import Executions
    from chalicelib.ports.functions import PluginFunctions, PublishedVersion, StagedCode, VersionCaller
    from chalicelib.ports.identity import (
        CursorCodec,
        Identity,
        Login,
        SecretBox,
        SecretReferences,
        TokenVerifier,
        UserDirectory,
    )
    from chalicelib.ports.machine_keys import MachineKeyReads, MachineKeyRepository
    from chalicelib.ports.measurements import CallCounter, MeasurementRepository, TallyLedger
    from chalicelib.ports.metrics import MetricReads
    from chalicelib.ports.mirrors import AliasMirrors
    from chalicelib.ports.notifications import Claim, ClaimRepository, Notifier
    from chalicelib.ports.overrides import OverrideKey
    from chalicelib.ports.quotas import QuotaLedger
    from chalicelib.ports.registry import PluginRepository, PublishLeaseRepository, VersionRepository
    from chalicelib.ports.seals import SealKey, SealRepository
    from chalicelib.ports.serving import ServingReads
    from chalicelib.ports.servings import ServingNotes, ServingRepository
    from chalicelib.ports.started_containers import StartedContainersRepository
    from chalicelib.ports.tenants import InstallationRepository, RingRepository, StateRepository, TenantRepository
    from chalicelib.ports.verdicts import VerdictRepository

__all__ = [
    "AliasMirrors",
    "ApprovalRepository",
    "ArtifactStore",
    "AuditTrail",
    "BlockRepository",
    "CallCounter",
    "Claim",
    "ClaimRepository",
    "Clock",
    "CursorCodec",
    "DeploymentRepository",
    "Executions",
    "IdSource",
    "Identity",
    "InstallationRepository",
    "Login",
    "MachineKeyReads",
    "MachineKeyRepository",
    "MeasurementRepository",
    "MetricReads",
    "Notifier",
    "OpenBlock",
    "OverrideKey",
    "PluginFunctions",
    "PluginRepository",
    "PolicyRepository",
    "Ports",
    "PublishLeaseRepository",
    "PublishedVersion",
    "QuotaLedger",
    "RingRepository",
    "RouteRepository",
    "SealKey",
    "SealRepository",
    "SecretBox",
    "SecretReferences",
    "ServingNotes",
    "ServingReads",
    "ServingRepository",
    "StagedCode",
    "StartedContainersRepository",
    "StateRepository",
    "StoredObject",
    "TallyLedger",
    "TenantRepository",
    "TokenVerifier",
    "Upload",
    "UserDirectory",
    "VerdictRepository",
    "VersionCaller",
    "VersionRepository",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Find what is asked for in the modules of this package."""
        from pkgutil import iter_modules  # noqa: PLC0415 - nobody asks at a start

        for found in iter_modules(__path__):
            named = vars(import_module(f"{__name__}.{found.name}"))
            if name in named:
                return named[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# Neither compared nor printed: what nobody calls is not made for 30 fields at each start.
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ports:
    """Everything that the control plane needs of the outside; *limit_factor* multiplies the limits of the tiers."""

    clock: Clock
    ids: IdSource
    plugins: PluginRepository
    versions: VersionRepository
    blocks: BlockRepository
    started_containers: StartedContainersRepository
    publish_leases: PublishLeaseRepository
    routes: RouteRepository
    deployments: DeploymentRepository
    approvals: ApprovalRepository
    policies: PolicyRepository
    tenants: TenantRepository
    rings: RingRepository
    installations: InstallationRepository
    servings: ServingRepository
    states: StateRepository
    audit: AuditTrail
    artifacts: ArtifactStore
    functions: PluginFunctions
    mirrors: AliasMirrors
    executions: Executions
    identity: Identity
    secrets: SecretBox
    references: SecretReferences
    cursors: CursorCodec
    ledger: QuotaLedger
    limit_factor: int
    override_key: OverrideKey
    notifier: Notifier
    claims: ClaimRepository
    machine_keys: MachineKeyRepository
    measurements: MeasurementRepository
    seals: SealRepository
    seal_key: SealKey
    verdicts: VerdictRepository
    metrics: MetricReads
