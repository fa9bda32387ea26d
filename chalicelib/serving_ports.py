"""The bundle of all that an invocation needs; apart from the other ports, whose import would be half its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chalicelib.ports import (
        Clock,
        IdSource,
        OverrideKey,
        SecretBox,
        ServingNotes,
        ServingReads,
        StateRepository,
        VersionCaller,
    )
    from chalicelib.ports.quotas import QuotaGate


class ServingPorts(NamedTuple):
    """Everything that an invocation needs of the outside; nothing heavy is imported for it."""

    clock: Clock
    ids: IdSource
    reads: ServingReads
    states: StateRepository
    quotas: QuotaGate
    servings: ServingNotes
    functions: VersionCaller
    secrets: SecretBox
    override_key: OverrideKey
