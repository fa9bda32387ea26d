"""In-memory fakes of every port; each passes the contract tests of the real adapter."""

from dataclasses import dataclass, field, replace

from chalicelib.adapters.cursors import SignedCursors
from chalicelib.bootstrap_identity import Door
from chalicelib.ports import Ports
from chalicelib.services.admissions import Admissions
from chalicelib.services.quotas import LeasedQuotas
from chalicelib.services.refused_credentials import RefusedCredentials
from chalicelib.services.secret_reads import SecretReads
from chalicelib.services.tallies import Tallies
from chalicelib.serving_ports import ServingPorts
from tests.fakes.approvals import FakeApprovals, FakePolicies
from tests.fakes.artifacts import FakeArtifacts
from tests.fakes.blocks import FakeBlocks
from tests.fakes.clock import FakeClock, FakeIds
from tests.fakes.deployments import FakeDeployments, FakeRoutes
from tests.fakes.functions import FakePluginFunctions
from tests.fakes.identity import FakeExecutions, FakeIdentity, FakeSecretBox, FakeSecretReferences
from tests.fakes.machine_keys import FakeMachineKeys
from tests.fakes.measurements import FakeMeasurements, FakeTallyLedger
from tests.fakes.metrics import FakeMetrics
from tests.fakes.mirrors import FakeMirrors
from tests.fakes.notifications import FakeClaims, FakeNotifier
from tests.fakes.overrides import FakeOverrideKey
from tests.fakes.plugins import FakePlugins, FakePublishLeases, FakeVersions
from tests.fakes.quotas import FakeQuotaLedger
from tests.fakes.seals import FakeSealKey, FakeSeals
from tests.fakes.servings import FakeServings
from tests.fakes.started_containers import FakeStartedContainers
from tests.fakes.tables import FakeTables
from tests.fakes.tenants import FakeAuditTrail, FakeInstallations, FakeRings, FakeServingReads, FakeStates, FakeTenants
from tests.fakes.verdicts import FakeVerdicts

__all__ = ["FakeClock", "FakeTables", "FakeWorld", "fake_ports", "fake_serving_ports"]


@dataclass
class FakeWorld:
    """
    Everything outside, in memory and with its own types, so that a test can set it up and look at it.

    `ports` and `serving_ports` are two views of the same world.
    """

    clock: FakeClock = field(default_factory=FakeClock)
    ids: FakeIds = field(default_factory=FakeIds)
    tables: FakeTables = field(default_factory=FakeTables)
    identity: FakeIdentity = field(default_factory=FakeIdentity)
    executions: FakeExecutions = field(default_factory=FakeExecutions)
    secrets: FakeSecretBox = field(default_factory=FakeSecretBox)
    references: FakeSecretReferences = field(default_factory=FakeSecretReferences)
    servings: FakeServings = field(default_factory=FakeServings)
    override_key: FakeOverrideKey = field(default_factory=FakeOverrideKey)
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    claims: FakeClaims = field(default_factory=FakeClaims)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    ledger: FakeQuotaLedger = field(default_factory=FakeQuotaLedger)
    tallies: FakeTallyLedger = field(default_factory=FakeTallyLedger)
    seals: FakeSeals = field(default_factory=FakeSeals)
    seal_key: FakeSealKey = field(default_factory=FakeSealKey)
    quotas: LeasedQuotas = field(init=False)
    calls: Tallies = field(init=False)
    secret_reads: SecretReads = field(init=False)
    artifacts: FakeArtifacts = field(init=False)
    functions: FakePluginFunctions = field(init=False)

    def __post_init__(self) -> None:
        self.servings.is_installed = lambda *key: key in self.tables.installations
        self.quotas = LeasedQuotas(self.ledger, self.clock)
        self.calls = Tallies(self.tallies, self.clock)
        self.secret_reads = SecretReads(FakeAuditTrail(self.tables), self.ids, self.clock)
        self.artifacts = FakeArtifacts(self.clock)
        self.functions = FakePluginFunctions(self.artifacts)

    @property
    def door(self) -> Door:
        """What the authorizer sees."""
        admissions = Admissions(self.identity, self.identity, FakeMachineKeys(self.tables), self.clock)
        return Door(self.identity, admissions, RefusedCredentials(FakeAuditTrail(self.tables), self.ids, self.clock))

    @property
    def ports(self) -> Ports:
        """What the control plane sees."""
        return Ports(
            clock=self.clock,
            ids=self.ids,
            plugins=FakePlugins(self.tables),
            versions=FakeVersions(self.tables),
            blocks=FakeBlocks(self.tables),
            started_containers=FakeStartedContainers(self.tables),
            publish_leases=FakePublishLeases(self.tables),
            routes=FakeRoutes(self.tables),
            deployments=FakeDeployments(self.tables),
            approvals=FakeApprovals(self.tables),
            policies=FakePolicies(self.tables),
            tenants=FakeTenants(self.tables),
            rings=FakeRings(self.tables),
            installations=FakeInstallations(self.tables),
            servings=self.servings,
            states=FakeStates(self.tables),
            audit=FakeAuditTrail(self.tables),
            artifacts=self.artifacts,
            functions=self.functions,
            mirrors=FakeMirrors(self.functions),
            executions=self.executions,
            identity=self.identity,
            secrets=self.secrets,
            references=self.references,
            cursors=SignedCursors(lambda: b"key of the fake cursors"),
            ledger=self.ledger,
            limit_factor=1,
            override_key=self.override_key,
            notifier=self.notifier,
            claims=self.claims,
            machine_keys=FakeMachineKeys(self.tables),
            measurements=FakeMeasurements(self.tallies),
            seals=self.seals,
            seal_key=self.seal_key,
            verdicts=FakeVerdicts(self.tables),
            metrics=self.metrics,
        )

    @property
    def serving_ports(self) -> ServingPorts:
        """What an invocation sees."""
        return ServingPorts(
            clock=self.clock,
            ids=self.ids,
            reads=FakeServingReads(self.tables),
            states=FakeStates(self.tables),
            quotas=self.quotas,
            servings=self.servings,
            calls=self.calls,
            functions=self.functions,
            secrets=self.secrets,
            references=lambda: self.references,
            secret_reads=self.secret_reads,
            override_key=self.override_key,
        )


def fake_ports(**overrides: object) -> Ports:
    """Make the ports of a new, empty world; *overrides* replace some of them by name."""
    return replace(FakeWorld().ports, **overrides)  # type: ignore[arg-type]


def fake_serving_ports(**overrides: object) -> ServingPorts:
    """Make the serving ports of a new, empty world; *overrides* replace some of them by name."""
    return FakeWorld().serving_ports._replace(**overrides)  # type: ignore[arg-type]
