"""Everything outside, as Protocols, and the frozen bundles that carry it to the use cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.deployments import Deployment, Lease
    from chalicelib.domain.installations import Installation
    from chalicelib.domain.manifest import Manifest
    from chalicelib.domain.pages import Page, PageRequest
    from chalicelib.domain.plugins import Plugin, PluginFilter
    from chalicelib.domain.routes import Route
    from chalicelib.domain.tenants import Tenant
    from chalicelib.domain.versions import Version


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""


class IdSource(Protocol):
    """Where new identifiers come from."""

    def new(self, prefix: str) -> str:
        """Return *prefix*, ``_`` and a ULID: unique, and sorting by time (``new("dep")`` is ``dep_01J…``)."""


class PluginRepository(Protocol):
    """Registered plugins."""

    def add(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Store a new plugin, or one whose name was freed by deletion.

        Raises:
            ConflictError: The name is taken.
        """

    def get(self, plugin_id: str) -> Plugin:
        """
        Return one plugin.

        Raises:
            NotFoundError: It is not registered, or deleted.
        """

    def page(self, wanted: PluginFilter, request: PageRequest) -> Page[Plugin]:
        """List by name; filtered pages are full unless the end is reached."""

    def save(self, plugin: Plugin, record: AuditRecord) -> Plugin:
        """
        Write a changed plugin if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """


    def remove(self, plugin: Plugin, record: AuditRecord) -> None:
        """
        Write the tombstone *plugin* if nobody changed it and none of its routes has a target.

        One transaction with condition checks on the routes of all environments: a deployment that commits
        a route checks in turn that the plugin is there, so of the two exactly one wins.

        Raises:
            StaleRevisionError: Somebody changed the plugin.
            ConflictError: It serves somewhere.
        """


class VersionRepository(Protocol):
    """Versions of plugins. None is ever removed: a deleted one stays as taken."""

    def add(self, version: Version, record: AuditRecord) -> None:
        """
        Store a new version.

        Raises:
            ConflictError: The number was used before.
        """

    def get(self, plugin_id: str, version: str) -> Version:
        """
        Return one version, strongly consistent.

        Raises:
            NotFoundError: There is none, or it is deleted.
        """

    def find(self, plugin_id: str, version: str) -> Version | None:
        """Return one version whatever its status, also a deleted one."""

    def page(self, plugin_id: str, request: PageRequest) -> Page[Version]:
        """List the versions of a plugin by SemVer precedence, newest first, without deleted ones."""

    def save(self, version: Version, record: AuditRecord) -> Version:
        """
        Write a changed version if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """


class PublishLeaseRepository(Protocol):
    """The right to change a plugin's ``$LATEST``, which its versions share."""

    def acquire(self, plugin_id: str, holder: str, *, now: datetime, until: datetime) -> None:
        """
        Take or renew the lease.

        Raises:
            TransientError: Another holder has it and it has not expired; a retry will get it.
        """

    def release(self, plugin_id: str, holder: str) -> None:
        """Give it back; nothing happens when *holder* does not have it."""


class RouteRepository(Protocol):
    """Routes: read here, written with the deployment that moves them."""

    def get(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, strongly consistent; None before the first deployment."""

    def of_plugin(self, plugin_id: str) -> tuple[Route, ...]:
        """Return the routes of a plugin in all environments."""


class DeploymentRepository(Protocol):
    """Deployments, their leases, and the routes they write: one transaction a change."""

    def create(self, deployment: Deployment, lease: Lease, record: AuditRecord, *, now: datetime) -> None:
        """
        Store a new deployment and take the lease for it.

        Written only if the lease is free or expired at *now*, and its stored fence is ``lease.fence - 1``.

        Raises:
            DeploymentInProgressError: Another deployment holds the lease.
        """

    def get(self, deployment_id: str) -> Deployment:
        """
        Return one deployment, strongly consistent.

        Raises:
            NotFoundError: There is none.
        """

    def page(
        self, request: PageRequest, *, plugin_id: str | None, environment: str | None, status: str | None
    ) -> Page[Deployment]:
        """List deployments, newest first; None filters nothing."""

    def lease(self, plugin_id: str, environment: str) -> Lease | None:
        """Return the lease as it stands (also an expired or released one, whose holder is then ``""``)."""

    def commit(
        self, deployment: Deployment, record: AuditRecord, *, route: Route | None = None, lease: Lease | None = None
    ) -> Deployment:
        """
        Write the deployment and what moves with it, all or nothing; return it with its new revision.

        Conditions: the deployment's revision is the one read; a given *route* follows the stored one
        (``epoch`` one less, or none stored and epoch 1) and its fence is not smaller than the stored one;
        a given *lease* still has the same fence (holder ``""`` releases it); a route with any target needs
        its plugin not to be deleted.

        Raises:
            StaleRevisionError: Somebody wrote in between.
            FencedOffError: The lease or the route has a newer fence.
            NotFoundError: The plugin was deleted.
        """

    def timeline(self, deployment_id: str) -> tuple[AuditRecord, ...]:
        """Return what happened to it, oldest first."""


class TenantRepository(Protocol):
    """Tenants."""

    def add(self, tenant: Tenant, record: AuditRecord) -> None:
        """
        Store a new tenant.

        Raises:
            ConflictError: The id is taken.
        """

    def get(self, tenant_id: str) -> Tenant:
        """
        Return one tenant.

        Raises:
            NotFoundError: There is none.
        """

    def page(self, request: PageRequest) -> Page[Tenant]:
        """List tenants by id."""


class InstallationRepository(Protocol):
    """Installations; every method takes the tenant first."""

    def get(self, tenant_id: str, plugin_id: str) -> Installation:
        """
        Return one installation.

        Raises:
            NotFoundError: The tenant has not installed the plugin.
        """

    def put(self, tenant_id: str, installation: Installation, record: AuditRecord) -> Installation:
        """
        Write an installation (revision 0: a new one) if nobody else did; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """

    def page(self, tenant_id: str, request: PageRequest) -> Page[Installation]:
        """List what a tenant has installed, by plugin."""

    def is_installed_anywhere(self, plugin_id: str) -> bool:
        """Tell whether any tenant has an enabled installation of the plugin."""


class AuditTrail(Protocol):
    """Records of what changed nothing but must be remembered: denials, logins, failures."""

    def append(self, record: AuditRecord) -> None:
        """Write one record."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the artifact store says of an object: size in bytes, SHA-256 in hex, its version id."""

    size: int
    sha256: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A permission to put one object once: send exactly these headers, before *expires_at*."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: str


class ArtifactStore(Protocol):
    """Packages and builds."""

    def allow_upload(self, key: str, *, sha256: str, size: int, lifetime: timedelta) -> Upload:
        """
        Sign a PUT that the store accepts only with these bytes: size and SHA-256 (hex) are bound.

        ``""`` and 0 bind nothing: the intake then records what it reads.
        """

    def allow_download(self, key: str, *, version_id: str, lifetime: timedelta) -> str:
        """Sign a GET of exactly that version of the object; return its URL."""

    def stat(self, key: str) -> StoredObject | None:
        """Describe the newest version of an object; None when there is none."""

    def open(self, key: str, *, version_id: str) -> AbstractContextManager[BinaryIO]:
        """Give that version of the object as a seekable file on local disk, removed on leaving."""

    def put_build(self, key: str, content: bytes) -> None:
        """Store a package with its runtime in it; the same key always has the same bytes."""


@dataclass(frozen=True, slots=True)
class StagedCode:
    """What lies in a function's ``$LATEST`` after an update: its hash and revision, both guard the publish."""

    code_sha256: str
    revision_id: str


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A published Lambda version and the hash of its code."""

    lambda_version: str
    code_sha256: str


class PluginFunctions(Protocol):
    """The Lambda functions of plugins: one each, a published version and an alias per plugin version."""

    def stage(self, plugin_id: str, build_key: str, manifest: Manifest, *, label: str) -> StagedCode:
        """
        Create the function or update its ``$LATEST`` to this build and configuration; wait until settled.

        *label* (``1.0.0 sha256:…``) goes into the description and makes the configuration unique.

        Raises:
            TransientError: An update by another is in progress, or Lambda throttles.
        """

    def publish(self, plugin_id: str, staged: StagedCode, *, label: str) -> PublishedVersion:
        """
        Publish ``$LATEST`` if it still is what was staged, and wait until the version is Active.

        Raises:
            TransientError: ``$LATEST`` changed in between, or the version is not Active yet.
        """

    def put_version_alias(self, plugin_id: str, alias: str, lambda_version: str) -> None:
        """
        Make the fixed alias of a version; the same again is fine.

        Raises:
            ConflictError: The alias exists and names another Lambda version.
        """

    def find_version_alias(self, plugin_id: str, alias: str) -> PublishedVersion | None:
        """Return what a version's alias names, if it exists."""

    def mirror(self, route: Route) -> None:
        """Make the environment's alias show the route: its primary and, in between, the candidate's weight."""

    def call(self, plugin_id: str, alias: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call a version through its alias and return the runtime's answer (see plugin_runtime).

        Raises:
            PluginTimeoutError: It did not answer in its time.
            PluginFailedError: The process died, or its answer is not the runtime's.
            TransientError: Lambda throttles or is unreachable.
        """

    def delete(self, plugin_id: str) -> None:
        """Remove the function with all versions and aliases; nothing happens when there is none."""


class Executions(Protocol):
    """Step Functions."""

    def start(self, machine: str, name: str, given: Mapping[str, Any]) -> str:
        """
        Start ``intake`` or ``deployment``; return the execution's ARN. The same name starts once.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """

    def arn_of(self, machine: str, name: str) -> str:
        """Say which ARN the execution *name* of a machine has, started or not."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a successful login gives; *refresh_token* is None after a refresh."""

    token: str
    refresh_token: str | None
    expires_in_seconds: int


class Identity(Protocol):
    """The user pool."""

    def login(self, username: str, password: str) -> Login:
        """
        Exchange a user name and password for tokens.

        Raises:
            UnauthorizedError: They do not match, in the same words for an unknown user.
        """

    def refresh(self, refresh_token: str) -> Login:
        """
        Exchange a refresh token for a new token.

        Raises:
            UnauthorizedError: It is not valid any more.
        """


class TokenVerifier(Protocol):
    """Proof of who calls."""

    def verify(self, token: str) -> Caller:
        """
        Check signature, issuer, audience, use and expiry; return who it is.

        Raises:
            UnauthorizedError: Anything is wrong with it; the reason is not told.
        """


class SecretBox(Protocol):
    """Encryption of tenants' secrets under a context that binds them."""

    def seal(self, plain: str, context: Mapping[str, str]) -> str:
        """Encrypt; return base64."""

    def unseal(self, sealed: str, context: Mapping[str, str]) -> str:
        """
        Decrypt.

        Raises:
            TransientError: The key service is unreachable.
        """


class CursorCodec(Protocol):
    """Opaque, unforgeable cursors."""

    def encode(self, position: Mapping[str, str], scope: str) -> str:
        """Seal a position of the listing *scope* (path and filters)."""

    def decode(self, cursor: str, scope: str) -> Mapping[str, str]:
        """
        Open a cursor.

        Raises:
            ValidationError: It was not made by us, or for another listing (400).
        """


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the control plane needs of the outside."""

    clock: Clock
    ids: IdSource
    plugins: PluginRepository
    versions: VersionRepository
    publish_leases: PublishLeaseRepository
    routes: RouteRepository
    deployments: DeploymentRepository
    tenants: TenantRepository
    installations: InstallationRepository
    audit: AuditTrail
    artifacts: ArtifactStore
    functions: PluginFunctions
    executions: Executions
    identity: Identity
    secrets: SecretBox
    cursors: CursorCodec


class ServingReads(Protocol):
    """What an invocation reads, cached: fresh for a second, stale for 15 minutes when the table is away."""

    def route(self, plugin_id: str, environment: str) -> Route | None:
        """Return the route, at most one second old while the table answers."""

    def tenant(self, tenant_id: str) -> Tenant | None:
        """Return the tenant, at most one second old while the table answers."""

    def installation(self, tenant_id: str, plugin_id: str) -> Installation | None:
        """Return the tenant's installation, at most one second old while the table answers."""


class StateRepository(Protocol):
    """What a plugin keeps per tenant."""

    def load(self, tenant_id: str, plugin_id: str) -> tuple[dict[str, Any], int]:
        """Return the state and its revision; ``({}, 0)`` before the first."""

    def store(self, tenant_id: str, plugin_id: str, state: Mapping[str, Any], *, revision: int) -> None:
        """
        Write the state if *revision* is still the stored one.

        Raises:
            StaleRevisionError: Another call of this tenant's plugin wrote in between.
        """


class VersionCaller(Protocol):
    """The one call of the hot path."""

    def call(self, plugin_id: str, alias: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Call a version through its alias; raises as ``PluginFunctions.call``."""


@dataclass(frozen=True, slots=True)
class ServingPorts:
    """Everything that an invocation needs of the outside; nothing heavy is imported for it."""

    clock: Clock
    ids: IdSource
    reads: ServingReads
    states: StateRepository
    functions: VersionCaller
    secrets: SecretBox
