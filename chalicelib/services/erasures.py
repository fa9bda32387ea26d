"""Erase what the product keeps of a tenant, or of one of its installations, and say what went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.audit_seals import ERASURES
from chalicelib.domain.audit_seals import erased as emptied
from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.installations import KEPT_REVISIONS, Installation
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.tenants import Erased, Tenant, TenantStatus
from chalicelib.domain.times import rfc3339
from chalicelib.services.machine_keys import keys_of, take_tenant_from_keys
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

#: So many items go in one request, which then ends well within API Gateway's 29 seconds.
MAX_ITEMS_AT_ONCE = 5_000
#: So many audit records are emptied in one request: each is a write of its own.
MAX_RECORDS_AT_ONCE = 1_000


class EraseTenant(NamedTuple):
    """Ask for everything of a tenant to be erased, *max_items* at once."""

    caller: Caller
    tenant_id: str
    validate_only: bool = False
    max_items: int = MAX_ITEMS_AT_ONCE


class UninstallPlugin(NamedTuple):
    """Ask for a tenant's installation to be erased, with its config, history, secrets, pin and state."""

    caller: Caller
    tenant_id: str
    plugin_id: str
    validate_only: bool = False


class Erasure(NamedTuple):
    """What this request erased, by kind; *is_complete* is False while a repeat must take the rest."""

    tenant_id: str
    began_at: str
    counts: Mapping[str, int]
    is_complete: bool = True


def erase_tenant(command: EraseTenant, ports: Ports) -> Erasure:
    """
    Erase a tenant and everything of it, in an order that a crash can't turn into a leftover.

    First the tenant is marked and suspended: nothing of it is served or written from then on. Then no key of a program
    names it any more, everything goes, then what its audit records tell of people, and the tenant itself last. Whoever
    died in between left the mark, and a repeat goes on from it.

        erase                          enable (another request)
        ─────                          ────────────────────────
                                       reads the tenant: there
        marks the tenant
        removes what there is
                                       writes the installation if the tenant is not marked → refused
        removes the tenant

    Raises:
        NotFoundError: There is no such tenant, or it is erased already (404).
        StaleRevisionError: Somebody changed it at the same moment; repeat (409).
    """
    require_tenant(command.caller, command.tenant_id)
    tenant = ports.tenants.get(command.tenant_id)
    now = rfc3339(ports.clock.now())
    if command.validate_only:
        return Erasure(tenant.id, now, _inventory(tenant.id, ports))
    marked = tenant if tenant.erasing_since else _mark(tenant, now, command, ports)
    keys = take_tenant_from_keys(command.caller, tenant.id, ports)
    erased = ports.tenants.erase(tenant.id, limit=command.max_items)
    if keys:
        erased = Erased({**erased.counts, "keysNarrowed": keys}, is_complete=erased.is_complete)
    if erased.is_complete:
        erased = _empty_records(tenant.id, erased, ports)
    if erased.is_complete:
        _remove(marked, erased, command, ports)
    return Erasure(tenant.id, marked.erasing_since or now, erased.counts, erased.is_complete)


def uninstall_plugin(command: UninstallPlugin, ports: Ports) -> Erasure:
    """
    Erase an installation; the tenant must be asked for its config and secrets anew to install it again.

    Raises:
        NotFoundError: There is no such tenant (for this caller), or it has not installed the plugin (404).
        StaleRevisionError: Somebody changed it at the same moment; repeat (409).
    """
    require_tenant(command.caller, command.tenant_id)
    installation = ports.installations.get(command.tenant_id, command.plugin_id)
    now = rfc3339(ports.clock.now())
    counts = {kind: count for kind, count in sorted(_counts_of(installation, ports).items()) if count}
    if not command.validate_only:
        resource = f"tenants/{command.tenant_id}/plugins/{command.plugin_id}"
        record = record_of(
            command.caller, "UninstallPlugin", resource, ports, tenant_id=command.tenant_id, after={"erased": counts}
        )
        ports.installations.remove(command.tenant_id, installation, record)
    return Erasure(command.tenant_id, now, counts)


def _mark(tenant: Tenant, now: str, command: EraseTenant, ports: Ports) -> Tenant:
    marked = tenant._replace(status=TenantStatus.SUSPENDED, erasing_since=now, updated_at=now)
    record = record_of(
        command.caller,
        "BeginErasure",
        f"tenants/{tenant.id}",
        ports,
        tenant_id=tenant.id,
        before={"status": tenant.status},
        after={"status": marked.status},
    )
    return ports.tenants.save(marked, record)


def _empty_records(tenant_id: str, erased: Erased, ports: Ports) -> Erased:
    """
    Take what tells of people from the tenant's audit records, which stay and whose seals hold.

    A person has one pseudonym in all that a request empties; what it is made of is kept nowhere.
    """
    key = ports.ids.new("era")
    full = _full_records(tenant_id, ports)
    count = 0
    for record in islice(full, MAX_RECORDS_AT_ONCE):
        try:
            ports.audit.empty(emptied(record, sha256(f"{key}#{record.actor}".encode()).hexdigest()[:16]))
        except NotFoundError:  # retention was faster
            continue
        count += 1
    counts = {**erased.counts, "emptiedAuditRecords": count} if count else erased.counts
    return Erased(counts, is_complete=next(full, None) is None)


def _full_records(tenant_id: str, ports: Ports) -> Iterator[AuditRecord]:
    found = ports.audit.of_tenant(tenant_id)
    return (record for record in found if not record.erased and record.action not in ERASURES)


def _remove(tenant: Tenant, erased: Erased, command: EraseTenant, ports: Ports) -> None:
    record = record_of(
        command.caller,
        "EraseTenant",
        f"tenants/{tenant.id}",
        ports,
        tenant_id=tenant.id,
        after={"erased": dict(erased.counts)},
    )
    ports.tenants.remove(tenant, record)


def _inventory(tenant_id: str, ports: Ports) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for installation in installations_of(tenant_id, ports):
        counts.update(_counts_of(installation, ports))
    counts["keysNarrowed"] = sum(1 for _ in keys_of(tenant_id, ports))
    counts["emptiedAuditRecords"] = sum(1 for _ in _full_records(tenant_id, ports))
    return {kind: count for kind, count in sorted(counts.items()) if count}


def installations_of(tenant_id: str, ports: Ports) -> Iterator[Installation]:
    """Go through all that a tenant has installed."""
    request = PageRequest(100)
    while True:
        page = ports.installations.page(tenant_id, request)
        yield from page.items
        if page.next_position is None:
            return
        request = PageRequest(100, page.next_position)


def _counts_of(installation: Installation, ports: Ports) -> Mapping[str, int]:
    _, state_revision = ports.states.load(installation.tenant_id, installation.plugin_id)
    return {
        "installations": 1,
        "configRevisions": min(installation.config_revision, KEPT_REVISIONS),
        "secrets": len(installation.sealed_secrets),
        "pins": int(installation.pin is not None),
        "states": int(state_revision > 0),
    }
