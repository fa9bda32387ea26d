"""The tenants of the demo: added, and each given the plugin with its own configuration and key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hotswap.demo.cast import PLUGIN, SECRET, SMALL_TENANTS, TENANTS
from hotswap.demo.stage import Stage, Words
from hotswap.errors import ApiError

if TYPE_CHECKING:
    from hotswap.client import HotSwapClient

_CONFLICT = 409
_AT_ONCE = 4
_ENABLING = Words(
    asked={"POST enable": "with its configuration", "POST disable": "to configure it anew"},
    answered={"POST disable": "disabled"},
)


@dataclass(frozen=True, slots=True)
class Tenants:
    """Looks after the tenants as the *admin*; *quiet_admin* is the same without an audience."""

    stage: Stage
    admin: HotSwapClient
    quiet_admin: HotSwapClient
    payment_network: str

    def add(self) -> None:
        """Add the two that the story is about."""
        with self.stage.act("Two customers of the SaaS product", by="admin"):
            for tenant in TENANTS:
                with self.stage.scene(f"{tenant.name}, {tenant.tier}") as scene:
                    try:
                        added = self.admin.tenants.create(tenant.id, name=tenant.name, tier=tenant.tier)
                    except ApiError as error:
                        if error.status != _CONFLICT:
                            scene.tell("{why}", why=error.message)
                            raise
                        scene.tell("[name]{tenant}[/] is here from an earlier run", tenant=tenant.id)
                    else:
                        scene.tell("[name]{tenant}[/], ring {ring}", tenant=added.id, ring=added.ring)

    def install(self) -> None:
        """Enable the plugin for both, each with its own key."""
        with self.stage.act("Enable the plugin for both tenants", by="admin"):
            for tenant in TENANTS:
                with self.stage.scene(_ENABLING) as scene:
                    self._enable(self.admin, tenant.id)
                    scene.tell(
                        "enabled for [name]{tenant}[/], apiBase {base}", tenant=tenant.id, base=self.payment_network
                    )
                with self.stage.scene("a Stripe key") as scene:
                    self._give_key(self.admin, tenant.id)
                    scene.tell("encrypted for [name]{tenant}[/]; no request gives it back", tenant=tenant.id)

    def add_more(self) -> None:
        """Add some more with the plugin, so that a share of all tenants means something."""
        with self.stage.act(f"{len(SMALL_TENANTS)} more customers, with the plugin and a key each", by="admin"):
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                for done in [threads.submit(self._add_quietly, tenant) for tenant in SMALL_TENANTS]:
                    done.result()
            self.stage.note("[ok]✔[/] {first} to {last}", first=SMALL_TENANTS[0], last=SMALL_TENANTS[-1])

    def _add_quietly(self, tenant_id: str) -> None:
        with suppress(ApiError):
            self.quiet_admin.tenants.create(tenant_id, name=tenant_id.replace("-", " ").title(), tier="Starter")
        self._enable(self.quiet_admin, tenant_id)
        self._give_key(self.quiet_admin, tenant_id)

    def _enable(self, admin: HotSwapClient, tenant_id: str) -> None:
        configuration = {"apiBase": self.payment_network} if self.payment_network else {}
        try:
            admin.installations.enable(tenant_id, PLUGIN, configuration=configuration)
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            # From an earlier run: enabling it anew gives it today's address of the payment network.
            admin.installations.disable(tenant_id, PLUGIN)
            admin.installations.enable(tenant_id, PLUGIN, configuration=configuration)

    def _give_key(self, admin: HotSwapClient, tenant_id: str) -> None:
        admin.installations.set_secret(tenant_id, PLUGIN, SECRET, f"sk_test_{tenant_id.replace('-', '')}1234567890")
