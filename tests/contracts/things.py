"""Builders of what the contracts store: complete, and different only where a test says so."""

from itertools import count

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, Lease
from chalicelib.domain.installations import Installation
from chalicelib.domain.plugins import Plugin, PluginType
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.strategies import Strategy, compile_plan
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.versions import Version, VersionStatus, package_key

NOW = "2026-11-22T15:00:00.000Z"
_numbers = count()


def a_record(action: str = "test", resource: str = "tests/one", at: str = NOW) -> AuditRecord:
    return AuditRecord(
        id=f"aud_{next(_numbers):026d}",
        at=at,
        actor="ana",
        roles=("Admin",),
        action=action,
        resource=resource,
        trace_id="trace",
    )


def a_plugin(
    plugin_id: str = "stripe-gateway", *, tags: tuple[str, ...] = (), created_at: str = NOW, owner: str = "dev"
) -> Plugin:
    return Plugin(plugin_id, PluginType.PAYMENT_GATEWAY, owner, created_at, created_at, tags=tags)


def a_version(number: str = "1.0.0", plugin_id: str = "stripe-gateway", created_by: str = "dev") -> Version:
    sha256 = "ab" * 32
    return Version(
        plugin_id, number, sha256, 1024, VersionStatus.DRAFT, NOW, created_by, package_key(plugin_id, number, sha256)
    )


def a_target(number: str = "1.0.0", lambda_version: str = "1") -> Target:
    return Target(number, f"v{number.replace('.', '-')}", lambda_version, "ab" * 32)


def a_deployment(number: int = 1, *, fence: int = 1, environment: str = "Development") -> Deployment:
    return Deployment(
        id=f"dep_{number:026d}",
        plugin_id="stripe-gateway",
        environment=environment,
        target=a_target(),
        strategy=Strategy.DIRECT,
        plan=compile_plan(Strategy.DIRECT),
        initiated_by="dev",
        created_at=NOW,
        fence=fence,
    )


def a_lease(deployment: Deployment, expires_at: str = "2026-11-22T15:15:00.000Z") -> Lease:
    return Lease(deployment.plugin_id, deployment.environment, deployment.id, deployment.fence, expires_at)


def a_route(environment: str = "Development") -> Route:
    return Route("stripe-gateway", environment, "salt")


def a_tenant(tenant_id: str = "acme") -> Tenant:
    return Tenant(tenant_id, tenant_id.upper(), NOW, NOW)


def an_installation(tenant_id: str = "acme", plugin_id: str = "stripe-gateway") -> Installation:
    return Installation(tenant_id, plugin_id, NOW, NOW, config={"apiBase": "https://x.test", "rate": 0.5, "n": [1]})
