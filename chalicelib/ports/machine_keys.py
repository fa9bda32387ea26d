"""Machine keys: kept by the control plane, looked up by the authorizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.machine_keys import MachineKey
    from chalicelib.domain.pages import Page, PageRequest


class MachineKeyReads(Protocol):
    """What the authorizer may ask."""

    def find(self, key_id: str) -> MachineKey | None:
        """
        Return a key as it is now; None if there is none.

        Raises:
            TransientError: The table does not answer.
        """


class MachineKeyRepository(Protocol):
    """Keys."""

    def add(self, key: MachineKey, record: AuditRecord) -> None:
        """
        Store a new key.

        Raises:
            ConflictError: The id is taken.
        """

    def get(self, key_id: str) -> MachineKey:
        """
        Return one key.

        Raises:
            NotFoundError: There is none.
        """

    def page(self, request: PageRequest) -> Page[MachineKey]:
        """List all keys, ended ones too, the oldest first."""

    def save(self, key: MachineKey, record: AuditRecord) -> MachineKey:
        """
        Write a changed key if nobody else did since it was read; return it with its new revision.

        Raises:
            StaleRevisionError: Somebody did.
        """
