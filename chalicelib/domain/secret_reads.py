"""Reads of a tenant's secrets by invocations: what of them is put on record. Light."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.domain.authorization import Caller


class SecretsRead(NamedTuple):
    """
    Which *secrets*, by name, were opened for a call of *caller*'s, and when.

    *versions* may have got them: one, or two where a weighted alias chooses or stable may stand in.
    """

    caller: Caller
    tenant_id: str
    plugin_id: str
    environment: str
    versions: tuple[str, ...]
    secrets: tuple[str, ...]
    at: str

    @property
    def kind(self) -> tuple[object, ...]:
        """What is the same at the next call of the same caller for the same; who asks for whom, not from where."""
        who = self.caller.username, self.caller.on_behalf_of
        return *who, self.tenant_id, self.plugin_id, self.environment, self.versions, self.secrets
