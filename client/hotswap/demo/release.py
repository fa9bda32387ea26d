"""The release: people agree, a canary serves a few tenants, is watched, and goes on to all, or back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hotswap.clock import Clock, Deadline
from hotswap.demo.cast import PLUGIN, ROUTERS_FOLLOW_SECONDS
from hotswap.demo.customers import Customers, Takings
from hotswap.errors import HotSwapError
from hotswap.reasons import reason_of
from hotswap.views.plans import plan_view
from hotswap.views.reasons import reason_view
from hotswap.waiting import wait_for

if TYPE_CHECKING:
    from hotswap.client import HotSwapClient
    from hotswap.demo.stage import Stage
    from hotswap.resources.deployments import Deployment

_APPROVERS = ("approver", "approver2")
#: Short, for nobody wants to watch for ten minutes; what a verdict needs is as strict as ever.
CANARY: Mapping[str, Any] = {
    "canaryConfig": {"stages": [10, 100], "evaluationPeriod": "PT1S"},
    # Eight calls of the first tenant are four with each card: half of what a flawed version gets then has failed, which
    # is proof enough, so it never comes to the second stage.
    # The show is about errors. Its few calls meet containers that start at that moment on a shared machine, so the
    # default limit of 500 ms would speak of the machine and not of the version.
    "health": {"minRequests": 8, "healthCheckInterval": "PT1S", "maxLatencyP99Ms": 20000, "latencyRatio": 1000},
}


@dataclass(slots=True)
class Release:
    """Takes versions where people must agree; *customers* keep charging cards while a version is tried."""

    stage: Stage
    clients: Mapping[str, HotSwapClient]
    customers: Customers
    clock: Clock
    deadline: Deadline

    def release(
        self, version: str, environment: str, *, by: str, strategy: str, wishes: Mapping[str, Any] | None = None
    ) -> Deployment:
        """Ask for a deployment, let people agree to it, and watch it until it ends; tell how."""
        title = f"Take {version} to {environment}, strategy {strategy}"
        with self.stage.act(title, by=f"{by}, then who must agree"):
            begun = self._ask(version, environment, by, strategy, wishes or {})
            self._agree(begun)
            takings = Takings()
            return self._watch(begun, takings, is_tried=strategy == "Canary")

    def tell_cost(self, ended: Deployment) -> None:
        """Say why a version was taken back, and who noticed."""
        with self.stage.act("What that version cost, and why it went", by="developer"):
            with self.stage.scene(f"why is {ended.version} gone?") as scene:
                events = self.clients["developer"].deployments.timeline(ended.id)
                scene.tell("{count} records of the audit trail", count=len(events))
            self.stage.draw(reason_view(ended, reason_of(ended, events), self.clock.now()))
            seen = ended.exposure
            if seen is not None:
                self.stage.note(
                    "[held]‖[/] {tenants} of {all} tenants met it, with {requests} requests; {failed} failed.",
                    tenants=seen.tenants,
                    all=len(self.customers.tenants),
                    requests=seen.requests,
                    failed=seen.failed_requests,
                )
            self._wait_until_all_are_served_by(ended.previous_version)

    def _ask(self, version: str, environment: str, by: str, strategy: str, wishes: Mapping[str, Any]) -> Deployment:
        with self.stage.scene(f"{PLUGIN} {version}") as scene:
            begun = self.clients[by].deployments.create(
                PLUGIN, version, environment=environment, strategy=strategy, reason="hotswap demo", **wishes
            )
            scene.tell("[name]{id}[/] [busy]{status}[/]", id=begun.id, status=begun.status)

        return begun

    def _agree(self, begun: Deployment) -> None:
        """Let one person after the other agree, as many as the environment's policy asks for."""
        deployments = self.clients["developer"].deployments
        with self.stage.scene("who must agree?") as scene:
            asked = wait_for(
                lambda: deployments.get(begun.id),
                lambda seen: _is_asked(seen) or _asks_nobody(seen),
                self.deadline,
                seen=lambda _: None,
                what=f"Deployment {begun.id}",
                look_again=f"hotswap deploy watch {begun.id}",
            )
            needed = asked.approvals[-1].needed if _is_asked(asked) else 0
            scene.tell("[held]{status}[/]: {needed} who did not ask for it", status=asked.status, needed=needed)
        for role in _APPROVERS[:needed]:
            with self.stage.scene(f"{role} agrees") as scene:
                said = self.clients[role].approvals.decide(begun.id, "approve", reason="seen in the demo")
                scene.tell("{agreed} of {needed} agreed", agreed=said.get("agreed"), needed=needed)

    def _watch(self, begun: Deployment, takings: Takings, *, is_tried: bool) -> Deployment:
        def seen(deployment: Deployment) -> None:
            # Twice a look: a verdict waits for calls, and whoever watches waits for the verdict.
            for _ in range(2 if is_tried and deployment.status == "InProgress" else 0):
                self.customers.charge(takings)

        words = f"{len(self.customers.tenants)} tenants charge cards, until it has ended"
        with self.stage.scene(words if is_tried else "until it has ended") as scene:
            ended = wait_for(
                lambda: self.clients["developer"].deployments.get(begun.id),
                lambda deployment: deployment.is_settled,
                self.deadline,
                seen=seen,
                what=f"Deployment {begun.id}",
                look_again=f"hotswap deploy watch {begun.id}",
            )
            style = "ok" if ended.status == "Completed" else "bad"
            before = ended.previous_version
            back = f", {before} is the last known good" if before and before != ended.version else ""
            scene.tell(f"[{style}]{{status}}[/]{{back}}", status=ended.status, back=back)
            scene.show(plan_view(ended.plan, now=self.clock.now(), approvals=ended.approvals, indent=7, is_brief=True))
        if takings.calls:
            counts = ", ".join(f"{count} by {version}" for version, count in sorted(takings.served.items()))
            self.stage.note(
                "{calls} charges meanwhile: {counts}; {failed} failed",
                calls=takings.calls,
                counts=counts or "none answered",
                failed=takings.failed.total(),
            )

        return ended

    def _wait_until_all_are_served_by(self, version: str) -> None:
        found = wait_for(
            self.customers.versions,
            lambda versions: versions == {version},
            Deadline.after(ROUTERS_FOLLOW_SECONDS, self.clock),
            seen=lambda _: None,
            what=f"The way back to {version}",
            look_again=f"hotswap deploy list --plugin {PLUGIN}",
        )
        self.stage.note("[ok]✔[/] Every tenant is served by [version]{version}[/] again.", version=", ".join(found))


def _is_asked(deployment: Deployment) -> bool:
    return any(approval.status == "Pending" for approval in deployment.approvals)


def _asks_nobody(deployment: Deployment) -> bool:
    """Tell whether its approvals are behind it, or it never had any."""
    return deployment.is_settled or all(
        step.kind != "approve" for step in deployment.plan if step.status in {"Pending", "Running"}
    )


def require_ended_as(ended: Deployment, status: str) -> None:
    """
    Stop the demo when a deployment ended otherwise than the story says.

    Raises:
        HotSwapError: It did.
    """
    if ended.status != status:
        raise HotSwapError(
            f"{ended.id} ended as {ended.status}, not {status}: {ended.status_reason or 'no reason given'}.",
            fix=f"see why with `hotswap deploy why {ended.id}`",
        )
