"""A deployment as it goes on: drawn in place on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from hotswap.clock import Clock
from hotswap.output import Output
from hotswap.resources.deployments import Deployment
from hotswap.views.deployments import deployment_view
from hotswap.views.theme import status_style
from hotswap.views.times import lasted

if TYPE_CHECKING:
    from typing import Self


class DeploymentWatch:
    """Shows each reading of a deployment; the last drawing is taken away, for the command shows the end."""

    def __init__(self, out: Output, clock: Clock) -> None:
        self._out = out
        self._clock = clock
        self._told: set[tuple[int, str]] = set()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._out.is_live:
            self._live = Live(console=self._out.errors, transient=True, refresh_per_second=8)
            self._live.start()

        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, deployment: Deployment) -> None:
        """Show one reading."""
        if self._live is not None:
            self._live.update(deployment_view(deployment, now=self._clock.now()), refresh=True)
        elif not self._out.is_json:
            self._tell_changes(deployment)

    def _tell_changes(self, deployment: Deployment) -> None:
        for step in deployment.plan:
            if step.status == "Pending" or (step.index, step.status) in self._told:
                continue
            self._told.add((step.index, step.status))
            self._out.errors.print(
                Text.assemble(
                    f"  step {step.index + 1} {step.kind}: ",
                    (step.status, status_style(step.status)),
                    (f" in {lasted(step.started_at, step.ended_at)}" if step.ended_at else "", "quiet"),
                )
            )
