"""The acts of the demo, in order; each is safe to play again on a stack where it was played before."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotswap.clock import Clock, Deadline
from hotswap.demo.cast import (
    CHARGE,
    ENVIRONMENT,
    FLAWED,
    LOWER,
    PING,
    PLUGIN,
    PRODUCTION,
    ROUTERS_FOLLOW_SECONDS,
    SMALL_TENANTS,
    TENANTS,
    TEST_CARD,
    VERSIONS,
    PlayingTenant,
)
from hotswap.demo.customers import Customers
from hotswap.demo.publisher import StagedProgress
from hotswap.demo.release import CANARY, Release, require_ended_as
from hotswap.demo.stage import Stage
from hotswap.demo.tenants import Tenants
from hotswap.errors import HotSwapError
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

    *connect* makes a client for a token, *connect_quietly* one that the audience does not hear; *users* maps a
    role to its name and password; *plugins* is the folder that holds the example's versions; *payment_network*
    its address.
    """

    stage: Stage
    connect: Callable[[TokenSource | str | None], HotSwapClient]
    connect_quietly: Callable[[TokenSource | str | None], HotSwapClient]
    users: dict[str, tuple[str, str]]
    plugins: Path
    payment_network: str
    clock: Clock
    deadline: Deadline
    charges: list[Charge] = field(default_factory=list)
    _clients: dict[str, HotSwapClient] = field(default_factory=dict)
    _quiet: dict[str, HotSwapClient] = field(default_factory=dict)

    def play(self) -> list[Charge]:
        """Play every act; tell which cards were charged."""
        self._log_in()
        tenants = Tenants(self.stage, self._clients["admin"], self._quiet["admin"], self.payment_network)
        tenants.add()
        for version in VERSIONS:
            self._publish(version)
        tenants.install()
        for version in VERSIONS:
            self._deploy(version)
            self._charge(version)
        tenants.add_more()
        self._release()

        return self.charges

    def _release(self) -> None:
        """Take both versions to Production, then one whose flaw no test has found."""
        customers = Customers(self._quiet["host"], [*(tenant.id for tenant in TENANTS), *SMALL_TENANTS])
        release = Release(self.stage, self._clients, customers, self.clock, self.deadline)
        first, second = VERSIONS
        require_ended_as(release.release(first, PRODUCTION, by="admin", strategy="Direct"), "Completed")
        require_ended_as(release.release(second, PRODUCTION, by="admin", strategy="Canary", wishes=CANARY), "Completed")
        self._publish(FLAWED)
        require_ended_as(release.release(FLAWED, LOWER, by="developer", strategy="Direct"), "Completed")
        breach = release.release(FLAWED, PRODUCTION, by="admin", strategy="Canary", wishes=CANARY)
        require_ended_as(breach, "RolledBack")
        release.tell_cost(breach)

    def _log_in(self) -> None:
        with self.stage.act("Log in the people of this story", by="nobody yet"):
            anonymous = self.connect(None)
            for role, task in (
                ("admin", "looks after tenants"),
                ("developer", "publishes and deploys"),
                ("approver", "agrees to what moves in Production"),
                ("approver2", "does too: it takes two"),
                ("host", "is the SaaS product, and invokes plugins"),
            ):
                username, password = self.users[role]
                with self.stage.scene(f"{username} {task}") as scene:
                    login = anonymous.authentication.log_in(username, password)
                    scene.tell(
                        "[name]{user}[/] is {roles}", user=login.user.username, roles=", ".join(login.user.roles)
                    )
                self._clients[role] = self.connect(login.token)
                self._quiet[role] = self.connect_quietly(login.token)

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
