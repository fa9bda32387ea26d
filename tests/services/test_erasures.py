"""Erasures: whatever moment they are cut off at, a repeat finishes them, and nothing new slips in between."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import ConflictError, NotFoundError, TransientError
from chalicelib.domain.installations import ConfigRevision, Installation
from chalicelib.domain.plugins import PluginType
from chalicelib.domain.tenants import Erased, Tenant, TenantStatus
from chalicelib.domain.times import rfc3339
from chalicelib.services.erasures import MAX_RECORDS_AT_ONCE, EraseTenant, erase_tenant
from chalicelib.services.installations import EnablePlugin, enable_plugin
from chalicelib.services.machine_keys import CreateKey, create_key
from chalicelib.services.plugins import RegisterPlugin, register_plugin
from chalicelib.services.records import record_of
from chalicelib.services.seals import VerifyAudit, seal_records, verify_audit
from chalicelib.services.tenants import UpdateTenant, update_tenant
from tests.fakes import FakeWorld
from tests.fakes.tenants import FakeTenants

ADMIN = Caller("root", frozenset({Role.ADMIN}))
ERASE = EraseTenant(ADMIN, "acme")
NOW = "2026-11-22T15:00:00.000Z"


@dataclass
class DyingTenants(FakeTenants):
    """Dies once, after it has erased so many items."""

    erases_first: int = 0
    has_died: bool = False

    def erase(self, tenant_id: str, *, limit: int) -> Erased:
        if self.has_died:
            return super().erase(tenant_id, limit=limit)
        self.has_died = True
        super().erase(tenant_id, limit=self.erases_first)
        raise TransientError("The process died.")


@pytest.fixture
def world() -> FakeWorld:
    """Make a world in which acme has two plugins, one with a secret, one with state."""
    world = FakeWorld()
    register_plugin(RegisterPlugin(ADMIN, "echo", PluginType.OTHER), world.ports)
    world.tables.tenants["acme"] = Tenant("acme", "Acme", NOW, NOW)
    echo = Installation("acme", "echo", NOW, NOW, sealed_secrets={"key": "sealed"}, config_revision=1, revision=1)
    world.tables.installations["acme", "echo"] = echo
    world.tables.installations["acme", "other"] = echo._replace(plugin_id="other", sealed_secrets={})
    world.tables.revisions["acme", "echo", 1] = ConfigRevision(1, {}, "olga", NOW)
    world.tables.states["acme", "other"] = {"count": 1}, 1
    return world


def left(world: FakeWorld) -> int:
    tables = world.tables
    return len(tables.tenants) + len(tables.installations) + len(tables.revisions) + len(tables.states)


@pytest.mark.parametrize("erases_first", [0, 1, 100])
def test_an_erasure_that_died_is_finished_by_a_repeat(world: FakeWorld, erases_first: int) -> None:
    ports = replace(world.ports, tenants=DyingTenants(world.tables, erases_first))
    with pytest.raises(TransientError):
        erase_tenant(ERASE, ports)
    marked = world.tables.tenants["acme"]

    finished = erase_tenant(ERASE, ports)

    assert (marked.status, marked.erasing_since) == (TenantStatus.SUSPENDED, finished.began_at)
    assert finished.is_complete
    assert left(world) == 0
    assert world.tables.actions[-2:] == ["BeginErasure", "EraseTenant"]


def test_an_erasure_that_died_before_its_last_write_is_finished_by_a_repeat(world: FakeWorld) -> None:
    world.tables.tenants["acme"] = world.tables.tenants["acme"]._replace(erasing_since=NOW)
    world.tables.fail_next(TransientError("The process died."))
    with pytest.raises(TransientError):
        erase_tenant(ERASE, world.ports)

    finished = erase_tenant(ERASE, world.ports)

    assert (finished.is_complete, finished.counts) == (True, {})
    assert left(world) == 0


def test_nothing_is_written_for_a_tenant_whose_erasure_has_begun(world: FakeWorld) -> None:
    ports = replace(world.ports, tenants=DyingTenants(world.tables))
    with pytest.raises(TransientError):
        erase_tenant(ERASE, ports)
    del world.tables.installations["acme", "echo"]

    with pytest.raises(NotFoundError):
        enable_plugin(EnablePlugin(ADMIN, "acme", "echo"), world.ports)
    with pytest.raises(ConflictError) as refused:
        update_tenant(UpdateTenant(ADMIN, "acme", status=TenantStatus.ACTIVE), world.ports)

    assert "DELETE" in refused.value.fix
    assert ("acme", "echo") not in world.tables.installations


def test_more_than_one_request_can_take_goes_by_repeats(world: FakeWorld) -> None:
    in_parts = ERASE._replace(max_items=3)

    first = erase_tenant(in_parts, world.ports)
    second = erase_tenant(in_parts, world.ports)

    assert (first.is_complete, second.is_complete) == (False, True)
    assert sum(first.counts.values()) + sum(second.counts.values()) == 4 + 1  # the secret is in an installation
    assert left(world) == 0


def test_a_dry_run_tells_what_would_go(world: FakeWorld) -> None:
    before = left(world)

    preview = erase_tenant(ERASE._replace(validate_only=True), world.ports)

    assert preview.counts == {"configRevisions": 2, "installations": 2, "secrets": 1, "states": 1}
    assert (left(world), world.tables.tenants["acme"].erasing_since) == (before, None)


def test_no_key_of_a_program_opens_the_next_tenant_of_that_name(world: FakeWorld) -> None:
    of_acme, of_both, of_all = (
        create_key(CreateKey(ADMIN, "shop", tenants=tenants), world.ports).key
        for tenants in (("acme",), ("acme", "globex"), None)
    )
    would_go = erase_tenant(ERASE._replace(validate_only=True), world.ports).counts["keysNarrowed"]

    erased = erase_tenant(ERASE, world.ports)

    kept = world.ports.machine_keys
    assert (would_go, erased.counts["keysNarrowed"]) == (2, 2)
    assert (kept.get(of_acme.id).tenants, kept.get(of_acme.id).revoked_at) == ((), rfc3339(world.clock.now()))
    assert (kept.get(of_both.id).tenants, kept.get(of_both.id).revoked_at) == (("globex",), None)
    assert kept.get(of_all.id) == of_all
    assert [one.action for one in world.tables.records if one.resource.startswith("keys/")][-2:] == [
        "RevokeKey",
        "NarrowKey",
    ]


OWNER = Caller("olga", frozenset({Role.TENANT_OWNER}), "acme", ip="203.0.113.7", user_agent="curl")


def recorded(world: FakeWorld, caller: Caller, tenant_id: str = "acme", times: int = 1) -> None:
    """Let something be recorded that tells of people, and sealed."""
    for _ in range(times):
        told = record_of(
            caller, "PutPin", f"tenants/{tenant_id}", world.ports, tenant_id=tenant_id, reason="Olga asked"
        )
        world.ports.audit.append(told)


def test_an_erasure_leaves_records_pseudonymous_and_their_chain_valid(world: FakeWorld) -> None:
    recorded(world, OWNER, times=2)
    recorded(world, ADMIN)
    recorded(world, OWNER._replace(tenant_id="globex"), "globex")
    seal_records(world.tables.records, world.ports)

    erased = erase_tenant(ERASE, world.ports)

    ours = [record for record in world.tables.records if record.tenant_id == "acme" and record.action == "PutPin"]
    (others,) = [record for record in world.tables.records if record.tenant_id == "globex"]
    assert erased.counts["emptiedAuditRecords"] == 3
    assert [(record.reason, record.ip) for record in ours] == [("", "")] * 3
    assert len({record.actor for record in ours}) == 2
    assert ours[0].actor == ours[1].actor
    assert ours[0].actor.startswith("erased-")
    assert ours[2].actor == "root"
    assert (others.actor, others.reason) == ("olga", "Olga asked")
    proof = verify_audit(VerifyAudit(NOW[:10]), world.ports)
    assert (proof.erased, proof.finding) == (3, None)


def test_an_erasure_that_dies_among_the_records_is_finished_by_a_repeat(world: FakeWorld) -> None:
    recorded(world, OWNER, times=MAX_RECORDS_AT_ONCE + 1)
    seal_records(world.tables.records, world.ports)

    first = erase_tenant(ERASE, world.ports)
    second = erase_tenant(ERASE, world.ports)

    assert (first.is_complete, first.counts["emptiedAuditRecords"]) == (False, MAX_RECORDS_AT_ONCE)
    assert (second.is_complete, second.counts) == (True, {"emptiedAuditRecords": 1})
    assert not any("olga" in repr(record).lower() for record in world.tables.records)
    assert verify_audit(VerifyAudit(NOW[:10]), world.ports).finding is None
