"""Scenes that several tests begin with, made through the API where it can make them."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.rate_limits import buckets_of
from chalicelib.domain.routes import Route, Target
from chalicelib.domain.versions import SemVer, Version, VersionStatus
from chalicelib.ports.rate_limits import RateLedger
from chalicelib.services.rate_limits import LeasedRateLimits
from tests.api.gateway import Gateway
from tests.fakes import FakeClock, FakeWorld

PLUGIN = "payment-processor-stripe"
PACKAGE = b"a package"
SHA256 = sha256(PACKAGE).hexdigest()


def a_plugin(api: Gateway, name: str = PLUGIN, as_: str = "ana", **more: Any) -> None:
    assert api.post("/v1/plugins", {"name": name, "type": "PaymentGateway", **more}, as_).status == 201


def a_draft(api: Gateway, number: str = "1.0.0", name: str = PLUGIN) -> Any:
    answer = api.post(f"/v1/plugins/{name}/versions", {"version": number, "sha256": SHA256, "size": len(PACKAGE)})
    assert answer.status == 201
    return answer.json


def uploaded(world: FakeWorld, number: str = "1.0.0", name: str = PLUGIN) -> None:
    world.artifacts.put(world.tables.versions[name, number].package_key, PACKAGE)


def a_ready_version(world: FakeWorld, api: Gateway, number: str = "1.0.0", name: str = PLUGIN) -> Version:
    """Let the intake have taken a version in."""
    a_draft(api, number, name)
    uploaded(world, number, name)
    ready = replace(
        world.tables.versions[name, number],
        status=VersionStatus.READY,
        lambda_version="1",
        object_version="v1",
        manifest={"name": name, "version": number, "entryPoint": "stripe_gateway:handle", "secrets": ["apiKey"]},
        init_ms=12.5,
        ready_at="2026-11-22T15:00:00.000Z",
    )
    world.tables.versions[name, number] = ready
    return ready


def a_tenant(api: Gateway, tenant: str = "acme") -> None:
    assert api.post("/v1/tenants", {"id": tenant, "name": tenant.title()}, "root").status == 201


def an_installation(api: Gateway, tenant: str = "acme", name: str = PLUGIN, **body: Any) -> None:
    assert api.post(f"/v1/tenants/{tenant}/plugins/{name}/enable", body, "root").status == 201


def a_served_tenant(world: FakeWorld, api: Gateway, number: str = "1.0.0") -> None:
    """Let acme have the plugin, and a version of it serve in Development."""
    a_plugin(api)
    a_tenant(api)
    an_installation(api)
    target = Target(number, SemVer.parse(number).alias, "1", SHA256)
    route = Route(PLUGIN, "Development", "salt", stable=target, epoch=1, fence=1)
    world.tables.routes[PLUGIN, "Development"] = route
    answer = {"ok": True, "result": {"charged": True}, "version": number, "metrics": {}}
    world.functions.respond(PLUGIN, target.alias, answer)


def denials(world: FakeWorld) -> list[AuditRecord]:
    return [record for record in world.tables.records if record.action == "DenyRequest"]


def a_container(clock: FakeClock, ledger: RateLedger, *, factor: int = 1) -> LeasedRateLimits:
    """Let a container count requests by a ledger that it may share with others."""
    return LeasedRateLimits(ledger, clock, buckets_of({}, factor=factor))
