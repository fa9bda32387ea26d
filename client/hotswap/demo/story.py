"""The acts of the demo, in order; each is safe to play again on a stack where it was played before."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotswap.clock import Clock, Deadline
from hotswap.demo.cast import (
    CHARGE,
    ENVIRONMENT,
    PING,
    PLUGIN,
    SECRET,
    TENANTS,
    TEST_CARD,
    VERSIONS,
    PlayingTenant,
)
from hotswap.demo.publisher import StagedProgress
from hotswap.demo.stage import Stage, Words
from hotswap.errors import ApiError, HotSwapError
from hotswap.packages import read_package
from hotswap.publishing import VersionTakenError, publish
from hotswap.views.plans import plan_view
from hotswap.views.times import duration
from hotswap.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hotswap.client import HotSwapClient
    from hotswap.resources.deployments import Deployment
    from hotswap.resources.invocations import Invocation
    from hotswap.transport import TokenSource

_CONFLICT = 409
#: The contract promises two seconds; a machine that is busy may need a little longer to notice.
ROUTERS_FOLLOW_SECONDS = 5.0
_ENABLING = Words(
    asked={"POST enable": "with its configuration", "POST disable": "to configure it anew"},
    answered={"POST disable": "disabled"},
)


@dataclass(frozen=True, slots=True)
class Charge:
    """A card that was charged: for whom, by which version, how long the plugin took."""

    tenant_id: str
    version: str
    price: str
    duration_ms: float | None


@dataclass(slots=True)
class Story:
    """
    What the demo needs to be played.

    *connect* makes a client for a token; *users* maps a role to its name and password; *plugins* is the
    folder that holds the example's versions; *payment_network* its address.
    """

    stage: Stage
    connect: Callable[[TokenSource | str | None], HotSwapClient]
    users: dict[str, tuple[str, str]]
    plugins: Path
    payment_network: str
    clock: Clock
    deadline: Deadline
    charges: list[Charge] = field(default_factory=list)
    _clients: dict[str, HotSwapClient] = field(default_factory=dict)

    def play(self) -> list[Charge]:
        """Play every act; tell which cards were charged."""
        self._log_in()
        self._add_tenants()
        for version in VERSIONS:
            self._publish(version)
        self._install()
        for version in VERSIONS:
            self._deploy(version)
            self._charge(version)

        return self.charges

    def _log_in(self) -> None:
        with self.stage.act("Log in the three people of this story", by="nobody yet"):
            anonymous = self.connect(None)
            for role, task in (
                ("admin", "looks after tenants"),
                ("developer", "publishes and deploys"),
                ("host", "is the SaaS product, and invokes plugins"),
            ):
                username, password = self.users[role]
                with self.stage.scene(f"{username} {task}") as scene:
                    login = anonymous.authentication.log_in(username, password)
                    scene.tell(
                        "[name]{user}[/] is {roles}", user=login.user.username, roles=", ".join(login.user.roles)
                    )
                self._clients[role] = self.connect(login.token)

    def _add_tenants(self) -> None:
        with self.stage.act("Two customers of the SaaS product", by="admin"):
            for tenant in TENANTS:
                with self.stage.scene(f"{tenant.name}, {tenant.tier}") as scene:
                    try:
                        added = self._clients["admin"].tenants.create(tenant.id, name=tenant.name, tier=tenant.tier)
                    except ApiError as error:
                        if error.status != _CONFLICT:
                            scene.tell("{why}", why=error.message)
                            raise
                        scene.tell("[name]{tenant}[/] is here from an earlier run", tenant=tenant.id)
                    else:
                        scene.tell("[name]{tenant}[/], ring {ring}", tenant=added.id, ring=added.ring)

    def _publish(self, version: str) -> None:
        with self.stage.act(f"Publish {PLUGIN} {version}", by="developer"):
            began_seconds = self.clock.elapsed_seconds()
            package = read_package(self.plugins / PLUGIN / version)
            self.stage.note(
                "[quiet]packed[/] {folder}: {size}, {files} files with the stripe SDK [quiet]({took})[/]",
                folder=f"{PLUGIN}/{version}",
                size=package.size_text,
                files=package.files,
                took=duration((self.clock.elapsed_seconds() - began_seconds) * 1000),
            )
            progress = StagedProgress(self.stage)
            try:
                published = publish(package, self._clients["developer"], progress, self.deadline)
            except VersionTakenError:
                self.stage.note(
                    "[held]‖[/] {version} was published from other bytes; versions never change.", version=version
                )
                self.stage.note("  The published one is used. [quiet]For yours: hotswap down, then make demo.[/]")
                return
            if published.version.status != "Ready":
                raise _rejected(version, published.version.findings)
            word = "is Ready" if published.is_new else "is Ready since an earlier run"
            self.stage.note("[ok]✔[/] [version]{version}[/] {word}", version=version, word=word)

    def _deploy(self, version: str) -> None:
        with self.stage.act(f"Deploy {version} to {ENVIRONMENT}, strategy Direct", by="developer"):
            client = self._clients["developer"]
            with self.stage.scene(f"{PLUGIN} {version}") as scene:
                begun = client.deployments.create(
                    PLUGIN, version, environment=ENVIRONMENT, strategy="Direct", reason="hotswap demo"
                )
                scene.tell("[name]{id}[/] [busy]{status}[/]", id=begun.id, status=begun.status)
            with self.stage.scene("until it has ended") as scene:
                ended = wait_for(
                    lambda: client.deployments.get(begun.id),
                    lambda seen: seen.is_settled or seen.is_held,
                    self.deadline,
                    seen=lambda _: None,
                    what=f"Deployment {begun.id}",
                    look_again=f"hotswap deploy show {begun.id}",
                )
                style = "ok" if ended.status == "Completed" else "bad"
                scene.tell(f"[{style}]{{status}}[/]{{before}}", status=ended.status, before=_before(ended))
                scene.show(plan_view(ended.plan, now=self.clock.now(), indent=7, is_brief=True))
            if ended.status != "Completed":
                raise HotSwapError(
                    f"{begun.id} ended as {ended.status}: {ended.status_reason or 'no reason given'}.",
                    fix=f"read it with `hotswap deploy show {begun.id}`",
                )

    def _install(self) -> None:
        with self.stage.act("Enable the plugin for both tenants", by="admin"):
            installations = self._clients["admin"].installations
            configuration = {"apiBase": self.payment_network} if self.payment_network else {}
            for tenant in TENANTS:
                with self.stage.scene(_ENABLING) as scene:
                    self._enable(tenant, configuration)
                    scene.tell(
                        "enabled for [name]{tenant}[/], apiBase {base}", tenant=tenant.id, base=self.payment_network
                    )
                with self.stage.scene("a Stripe key") as scene:
                    installations.set_secret(tenant.id, PLUGIN, SECRET, f"sk_test_{tenant.id}1234567890")
                    scene.tell("encrypted for [name]{tenant}[/]; no request gives it back", tenant=tenant.id)

    def _enable(self, tenant: PlayingTenant, configuration: dict[str, str]) -> None:
        installations = self._clients["admin"].installations
        try:
            installations.enable(tenant.id, PLUGIN, configuration=configuration)
        except ApiError as error:
            if error.status != _CONFLICT:
                raise
            # From an earlier run: enabling it anew gives it today's address of the payment network.
            installations.disable(tenant.id, PLUGIN)
            installations.enable(tenant.id, PLUGIN, configuration=configuration)

    def _charge(self, version: str) -> None:
        with self.stage.act("Charge a card for each tenant", by="host"):
            self._wait_for_routers(version)
            for tenant in TENANTS:
                with self.stage.scene(f"{tenant.id}: charge {tenant.price}") as scene:
                    payload = {"amount": tenant.amount, "currency": tenant.currency, "card": TEST_CARD}
                    answer = self._invoke(tenant, CHARGE, payload)
                    scene.tell(
                        "served by [version]{version}[/] ({reason}): {status}, {payment}",
                        version=answer.version,
                        reason=answer.reason,
                        status=answer.result.get("status"),
                        payment=answer.result.get("paymentId"),
                    )
                self.charges.append(Charge(tenant.id, answer.version, tenant.price, answer.duration_ms))
                if answer.version != version:
                    raise _served_by_another(tenant, answer.version, version)

    def _wait_for_routers(self, version: str) -> None:
        """Routers read a route once a second; charging a card to find out whether they did would cost money."""
        with self.stage.scene(f"ping, until {version} answers") as scene:
            seen = wait_for(
                lambda: self._invoke(TENANTS[0], PING, {}),
                lambda answer: answer.version == version,
                Deadline.after(ROUTERS_FOLLOW_SECONDS, self.clock),
                seen=lambda _: None,
                what=f"The change to {version}",
                look_again=f"hotswap deploy list --plugin {PLUGIN}",
            )
            scene.tell("every router follows within 2 s: [version]{version}[/] answers", version=seen.version)

    def _invoke(self, tenant: PlayingTenant, operation: str, payload: Mapping[str, object]) -> Invocation:
        return self._clients["host"].invocations.invoke(
            PLUGIN, operation, tenant_id=tenant.id, payload=payload, environment=ENVIRONMENT
        )


def _before(deployment: Deployment) -> str:
    before = deployment.previous_version

    return f", {before} is the last known good" if before and before != deployment.version else ""


def _served_by_another(tenant: PlayingTenant, served: str, expected: str) -> HotSwapError:
    return HotSwapError(
        f"{tenant.id} was served by {served}, not by {expected}.",
        fix=f"see which deployments ran: `hotswap deploy list --plugin {PLUGIN}`",
    )


def _rejected(version: str, findings: tuple[object, ...]) -> HotSwapError:
    return HotSwapError(
        f"{PLUGIN} {version} was rejected with {len(findings)} finding(s).",
        fix=f"read them with `hotswap version show {PLUGIN} {version}`",
    )
