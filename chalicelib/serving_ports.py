"""The bundle of all that an invocation needs; apart from the other ports, whose import would be half its start."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.ports import (
        Clock,
        IdSource,
        OverrideKey,
        SecretBox,
        SecretReferences,
        ServingNotes,
        ServingReads,
        StateRepository,
        VersionCaller,
    )
    from chalicelib.ports.measurements import CallCounter
    from chalicelib.ports.quotas import QuotaGate
    from chalicelib.ports.secret_reads import SecretReadRecorder


class ServingPorts(NamedTuple):
    """
    Everything that an invocation needs of the outside; nothing heavy is imported for it.

    *references* makes its port when it is first asked for: most tenants keep their secrets here.
    """

    clock: Clock
    ids: IdSource
    reads: ServingReads
    states: StateRepository
    quotas: QuotaGate
    servings: ServingNotes
    calls: CallCounter
    functions: VersionCaller
    secrets: SecretBox
    references: Callable[[], SecretReferences]
    secret_reads: SecretReadRecorder
    override_key: OverrideKey
