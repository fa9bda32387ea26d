"""Change the list of rings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import ConflictError, FieldError, PreconditionFailedError, StaleRevisionError
from chalicelib.domain.rings import Rings, check_rings
from chalicelib.domain.times import rfc3339
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports


class PutRings(NamedTuple):
    """Ask for *names* to be the rings, in this order; *expected_revision* is what the caller has seen (None: any)."""

    caller: Caller
    names: Sequence[str]
    expected_revision: int | None = None
    validate_only: bool = False


def put_rings(command: PutRings, ports: Ports) -> Rings:
    """
    Replace the list of rings as a whole; a ring goes only when no tenant is in it.

    A tenant that comes into a ring while it goes is not lost: it counts with the last ring from then on.

    Raises:
        ValidationError: A name is malformed or there twice, there are too many, or the default is missing (400).
        ConflictError: A ring that is left out still has tenants (409).
        PreconditionFailedError: The rings were changed since the caller read them (412).
    """
    rings = ports.rings.get()
    if command.expected_revision not in (None, rings.revision):
        raise _changed()
    names = check_rings(command.names)
    _require_empty([ring for ring in rings.names if ring not in names], ports)
    changed = replace(rings, names=names, updated_at=rfc3339(ports.clock.now()))
    if names == rings.names or command.validate_only:
        return rings if names == rings.names else changed
    before, after = {"rings": list(rings.names)}, {"rings": list(names)}
    record = record_of(command.caller, "PutRings", "rings", ports, before=before, after=after)
    try:
        return ports.rings.save(changed, record)
    except StaleRevisionError as error:
        raise _changed() from error


def _require_empty(leaving: Sequence[str], ports: Ports) -> None:
    counts = {ring: ports.tenants.count_in_ring(ring) for ring in leaving}
    held = {ring: count for ring, count in counts.items() if count}
    if held:
        fix = "Move them first: PATCH /tenants/{tenantId} with another ring; GET /tenants?ring=… lists them."
        errors = tuple(FieldError("/rings", f"{ring} has {count:,} tenants.", fix) for ring, count in held.items())
        told = ", ".join(f"{ring} ({count:,} tenants)" for ring, count in held.items())
        raise ConflictError(f"A ring in use can't go: {told}.", fix=fix, errors=errors)


def _changed() -> PreconditionFailedError:
    return PreconditionFailedError(
        "The rings were changed since you read them.", fix="GET /rings again, and repeat with its ETag as If-Match."
    )
