"""What the fake repositories share: everything stored, behind one lock."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import Any, TypeVar

from chalicelib.domain.approvals import Approval
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, Lease
from chalicelib.domain.errors import ConflictError, StaleRevisionError
from chalicelib.domain.given_verdicts import GivenVerdict
from chalicelib.domain.installations import ConfigRevision, Installation
from chalicelib.domain.machine_keys import MachineKey
from chalicelib.domain.pages import Page, PageRequest
from chalicelib.domain.plugins import Plugin
from chalicelib.domain.policies import EnvironmentPolicy
from chalicelib.domain.retention import expiry_of
from chalicelib.domain.rings import Rings
from chalicelib.domain.routes import Route
from chalicelib.domain.started_containers import StartedContainers
from chalicelib.domain.tenants import Tenant
from chalicelib.domain.versions import Version
from chalicelib.ports import OpenBlock

Item = TypeVar("Item")


class FakeTables:
    """
    The tables in memory.

    A change and its record are written under one lock, conditions first: both or neither.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.plugins: dict[str, Plugin] = {}
        self.versions: dict[tuple[str, str], Version] = {}
        self.open_blocks: dict[tuple[str, str], OpenBlock] = {}
        self.started_containers: dict[tuple[str, str], StartedContainers] = {}
        self.publish_leases: dict[str, tuple[str, datetime]] = {}
        self.routes: dict[tuple[str, str], Route] = {}
        self.deployments: dict[str, Deployment] = {}
        self.leases: dict[tuple[str, str], Lease] = {}
        self.approvals: dict[str, Approval] = {}
        self.verdicts: dict[tuple[str, str], GivenVerdict] = {}
        self.policies: dict[str, EnvironmentPolicy] = {}
        self.machine_keys: dict[str, MachineKey] = {}
        self.tenants: dict[str, Tenant] = {}
        self.rings = Rings()
        self.installations: dict[tuple[str, str], Installation] = {}
        self.revisions: dict[tuple[str, str, int], ConfigRevision] = {}
        self.states: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
        self.records: list[AuditRecord] = []
        self._failures: list[Exception] = []

    def fail_next(self, error: Exception) -> None:
        """Let the next transaction fail before it writes anything."""
        self._failures.append(error)

    @contextmanager
    def transaction(self, record: AuditRecord) -> Iterator[None]:
        """Run a change whose checks raise before it writes; its record is kept only if it ran through."""
        with self.lock:
            if self._failures:
                raise self._failures.pop(0)
            if any(known.id == record.id for known in self.records):
                raise ConflictError(f"{record.id} is recorded already.")
            yield
            self.records.append(replace(record, salt=f"salt of {record.id}", expires_at=expiry_of(record, {})))

    @property
    def actions(self) -> list[str]:
        """What was recorded, in order."""
        return [record.action for record in self.records]


def require_revision(stored: object | None, revision: int) -> None:
    """Raise unless what is stored still has *revision*."""
    if getattr(stored, "revision", None) != revision:
        raise StaleRevisionError("Somebody else changed it in between.", fix="Read it again, then repeat your change.")


def page_of(items: Iterable[tuple[str, Item]], request: PageRequest) -> Page[Item]:
    """Cut a page out of *items*, given as (key, item) in the order of the listing."""
    ordered = list(items)
    if request.position is not None:
        after = request.position["sk"]
        keys = [key for key, _ in ordered]
        ordered = ordered[keys.index(after) + 1 :] if after in keys else []
    kept = ordered[: request.limit]
    has_more = len(ordered) > request.limit
    return Page(tuple(item for _, item in kept), {"sk": kept[-1][0]} if has_more else None)
