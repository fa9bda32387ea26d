"""Tell what a tenant uses of each plugin that it has installed, and what it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.pages import Page
from chalicelib.domain.quotas import Used, effective_limits, window_end, window_of
from chalicelib.domain.times import rfc3339

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.pages import PageRequest
    from chalicelib.domain.quotas import Limits
    from chalicelib.ports import Ports


class ListUsage(NamedTuple):
    """Ask for a page of a tenant's plugins with their use."""

    caller: Caller
    tenant_id: str
    page: PageRequest


class PluginUsage(NamedTuple):
    """One plugin: its *limits*, what is *used* of them in this minute, and when the counts begin anew."""

    plugin_id: str
    limits: Limits
    used: Used
    reset_at: str


def list_usage(command: ListUsage, ports: Ports) -> Page[PluginUsage]:
    """
    Tell the use of each plugin that a tenant has installed, by plugin.

    What containers have set aside for calls to come counts as used: at most a tenth of a limit.

    Raises:
        NotFoundError: There is no such tenant (for this caller) (404).
    """
    require_tenant(command.caller, command.tenant_id)
    tenant = ports.tenants.get(command.tenant_id)
    installed = ports.installations.page(tenant.id, command.page)
    now = ports.clock.now()
    window = window_of(now)
    used = ports.ledger.used(tenant.id, window=window, now=now)
    reset_at = rfc3339(window_end(window))
    items = tuple(
        PluginUsage(
            each.plugin_id,
            effective_limits(tenant.tier, each.quotas, factor=ports.limit_factor),
            used.get(each.plugin_id, Used()),
            reset_at,
        )
        for each in installed.items
    )
    return Page(items, installed.next_position)
