"""
Keys: where each thing lies; no listing ever scans.

Collections that are listed whole (plugins, deployments) share a partition key and are told apart by the
sort key; what grows with tenants or is read per request has a partition of its own.
"""

from __future__ import annotations

#: (pk, sk)
Key = tuple[str, str]

PLUGINS = "plugin"
PUBLISH_LEASES = "publish-lease"
OPEN_BLOCKS = "open-block"
STARTED_CONTAINERS = "started-containers"
MACHINE_KEYS = "machine-key"
DEPLOYMENTS = "deployment"

#: What many containers count at once lies in so many partitions, each container adding to one of them.
SHARDS = 4

#: Listings of the deployments that have not ended, and of those that are looked after (gsi2 of deployments).
LIVE_DEPLOYMENTS = "live"
WATCHED_DEPLOYMENTS = "watched"
#: Listings of approvals: all, newest last (gsi1 of deployments), and those that nobody has decided (gsi2).
APPROVALS = "approvals"
PENDING_APPROVALS = "approvals#pending"

#: Listing of all routes, by plugin (gsi1 of routing).
ALL_ROUTES = "routes"

#: Listing of all tenants (gsi1 of tenants).
ALL_TENANTS = "tenants"


def plugin(plugin_id: str) -> Key:
    """Place a plugin (registry)."""
    return PLUGINS, plugin_id


def versions(plugin_id: str) -> str:
    """Name the partition of a plugin's versions (registry)."""
    return f"version#{plugin_id}"


def version(plugin_id: str, number: str) -> Key:
    """Place a version so that the byte order of keys is SemVer precedence (registry)."""
    from chalicelib.domain.versions import SemVer  # noqa: PLC0415 - an invocation reads no version, and starts without it

    return versions(plugin_id), SemVer.parse(number).sort_key


def publish_lease(plugin_id: str) -> Key:
    """Place the right to publish (registry)."""
    return PUBLISH_LEASES, plugin_id


def open_block(plugin_id: str, number: str) -> Key:
    """Place the note that aliases may still show a blocked version (registry)."""
    return OPEN_BLOCKS, f"{plugin_id}#{number}"


def started_containers(plugin_id: str, number: str) -> Key:
    """Place the note that a version has containers kept started (registry)."""
    return STARTED_CONTAINERS, f"{plugin_id}#{number}"


def machine_key(key_id: str) -> Key:
    """Place a machine's key; ids sort by time (credentials)."""
    return MACHINE_KEYS, key_id


def sealed_key(name: str) -> Key:
    """Place an encrypted data key: that of cursors (registry), that of overrides (routing)."""
    return "key", name


def routes(plugin_id: str) -> str:
    """Name the partition of a plugin's routes (routing)."""
    return f"route#{plugin_id}"


def route(plugin_id: str, environment: str) -> Key:
    """Place a route (routing)."""
    return routes(plugin_id), environment


def deployment(deployment_id: str) -> Key:
    """Place a deployment; ids sort by time (deployments)."""
    return DEPLOYMENTS, deployment_id


def deployments_of(plugin_id: str) -> str:
    """Name the listing of a plugin's deployments, by time (gsi1 of deployments)."""
    return f"plugin#{plugin_id}"


def lease(plugin_id: str, environment: str) -> Key:
    """Place the lease of a (plugin, environment) (deployments)."""
    return f"lease#{plugin_id}", environment


def approvals_of(deployment_id: str) -> str:
    """Name the partition of a deployment's approvals (deployments)."""
    return f"approval#{deployment_id}"


def approval(approval_id: str) -> Key:
    """Place an approval; its id tells its deployment's: ``apr_<ULID>-<attempt>-<step>`` (deployments)."""
    ulid = approval_id.removeprefix("apr_").split("-", 1)[0]
    return approvals_of(f"dep_{ulid}"), approval_id


def verdicts_on(deployment_id: str) -> str:
    """Name the partition of the verdicts on a deployment (deployments)."""
    return f"verdict#{deployment_id}"


def verdict(deployment_id: str, place: str) -> Key:
    """Place a verdict; places sort by time (deployments)."""
    return verdicts_on(deployment_id), place


def policy(environment: str) -> Key:
    """Place the policy of an environment (deployments)."""
    return "policy", environment


def of_tenant(tenant_id: str) -> str:
    """Name the partition of everything that a tenant has set (tenants)."""
    return f"tenant#{tenant_id}"


def tenant(tenant_id: str) -> Key:
    """Place a tenant (tenants)."""
    return of_tenant(tenant_id), "tenant"


def rings() -> Key:
    """Place the list of rings (tenants)."""
    return "rings", "rings"


def installation(tenant_id: str, plugin_id: str) -> Key:
    """Place an installation (tenants)."""
    return of_tenant(tenant_id), f"plugin#{plugin_id}"


def installed(plugin_id: str) -> str:
    """Name the listing of a plugin's enabled installations, by tenant (gsi1 of tenants)."""
    return f"installed#{plugin_id}"


def config_revisions(plugin_id: str) -> str:
    """Begin the sort keys of an installation's past configurations (tenants)."""
    return f"config#{plugin_id}#"


def config_revision(tenant_id: str, plugin_id: str, number: int) -> Key:
    """Place one past configuration, so that they sort by number (tenants)."""
    return of_tenant(tenant_id), f"{config_revisions(plugin_id)}{number:010d}"


def pin(tenant_id: str, plugin_id: str) -> Key:
    """Place the entry of a pin in the listing of pins (tenants)."""
    return of_tenant(tenant_id), f"pin#{plugin_id}"


def pinned(plugin_id: str, version: str) -> str:
    """Name the listing of the pins to a version, by tenant (gsi1 of tenants)."""
    return f"pinned#{plugin_id}#{version}"


def states(tenant_id: str) -> str:
    """Name the partition of what plugins keep for a tenant (tenants)."""
    return f"state#{tenant_id}"


def serving(tenant_id: str, plugin_id: str, environment: str) -> Key:
    """Place the note of who answered last; it goes with the tenant (tenants)."""
    return of_tenant(tenant_id), f"served#{plugin_id}#{environment}"


def state(tenant_id: str, plugin_id: str) -> Key:
    """Place a plugin's state; its own partition, the only one that the invoke role may write (tenants)."""
    return states(tenant_id), plugin_id


def usages(window: int) -> str:
    """Begin the sort keys of what a tenant uses in a minute (tenants)."""
    return f"usage#{window}#"


def usage(tenant_id: str, plugin_id: str, window: int) -> Key:
    """Place what a tenant uses of a plugin in a minute; it goes with the tenant, and after an hour (tenants)."""
    return of_tenant(tenant_id), f"{usages(window)}{plugin_id}"


def slots(tenant_id: str, plugin_id: str) -> Key:
    """Place the slots of a tenant's plugin that containers hold (tenants)."""
    return of_tenant(tenant_id), f"slots#{plugin_id}"


def audit(resource: str, at: str, record_id: str) -> Key:
    """Place an audit record: a resource's history in order (audit)."""
    return resource, f"{at}#{record_id}"


def phases(deployment_id: str, shard: int) -> str:
    """Name the partition of what was counted of a deployment, one of `SHARDS` (measurements)."""
    return f"phase#{deployment_id}#{shard}"


def phase(deployment_id: str, shard: int, epoch: int, piece: int, version: str) -> Key:
    """Place what was counted of a version in a phase, so that phases sort by time (measurements)."""
    return phases(deployment_id, shard), f"{epoch:010d}#{piece:010d}#{version}"


def exposed_to(deployment_id: str) -> str:
    """Name the partition of whom a deployment has served (measurements)."""
    return f"exposed#{deployment_id}"


def exposed(deployment_id: str, version: str, part: int) -> Key:
    """Place a part of the tenants that a version has served (measurements)."""
    return exposed_to(deployment_id), f"{version}#{part:02d}"


def arms(deployment_id: str, version: str) -> str:
    """Name the partition of the tenants of a variant (measurements)."""
    return f"arm#{deployment_id}#{version}"


def arm(deployment_id: str, version: str, tenant_mark: str) -> Key:
    """Place what was counted of a tenant in an experiment (measurements)."""
    return arms(deployment_id, version), tenant_mark


def tried(deployment_id: str, shard: int) -> str:
    """Name the partition of single tenants that have failed in a deployment, one of `SHARDS` (measurements)."""
    return f"tried#{deployment_id}#{shard}"


def tried_by(deployment_id: str, shard: int, epoch: int, version: str, tenant_mark: str) -> Key:
    """Place what was counted of a tenant on a version, so that epochs sort (measurements)."""
    return tried(deployment_id, shard), f"{epoch:010d}#{version}#{tenant_mark}"


def pasts(plugin_id: str, environment: str, tenant_mark: str) -> str:
    """Name the partition of what stable did for a tenant (measurements)."""
    return f"past#{plugin_id}#{environment}#{tenant_mark}"


def past(plugin_id: str, environment: str, tenant_mark: str, day: int) -> Key:
    """Place what stable did for a tenant on a day (measurements)."""
    return pasts(plugin_id, environment, tenant_mark), f"{day:06d}"


def traffics(plugin_id: str, environment: str, shard: int) -> str:
    """Name the partition of a plugin's traffic, one of `SHARDS` (measurements)."""
    return f"traffic#{plugin_id}#{environment}#{shard}"


def traffic(plugin_id: str, environment: str, shard: int, start: int, version: str) -> Key:
    """Place the traffic of a version from *start* (seconds since 1970) on (measurements)."""
    return traffics(plugin_id, environment, shard), f"{start:012d}#{version}"


def histories(plugin_id: str, environment: str, shard: int) -> str:
    """Name the partition of what was usual, one of `SHARDS` (measurements)."""
    return f"history#{plugin_id}#{environment}#{shard}"


def history(plugin_id: str, environment: str, shard: int, day: int, ring: str) -> Key:
    """Place what tenants of a ring did on a day (measurements)."""
    return histories(plugin_id, environment, shard), f"{day:06d}#{ring}"


def observations(deployment_id: str, metric: str) -> str:
    """Name the partition of what was observed of a metric (measurements)."""
    return f"observed#{deployment_id}#{metric}"


def audit_day(day: str) -> str:
    """Name the listing of a day's records, in order (gsi1 of audit)."""
    return f"day#{day}"


def audit_actor(actor: str) -> str:
    """Name the listing of what somebody did, in order (gsi2 of audit)."""
    return f"actor#{actor}"


def audit_tenant(tenant_id: str) -> str:
    """Name the listing of what is about a tenant, in order (gsi3 of audit)."""
    return f"tenant#{tenant_id}"
