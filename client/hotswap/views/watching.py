"""A deployment as it goes on: drawn in place on a terminal, a line for each change elsewhere, or an event each."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from hotswap.changes import Change, Changes
from hotswap.clock import Clock
from hotswap.output import Output
from hotswap.resources.deployments import Deployment
from hotswap.views.deployments import deployment_view
from hotswap.views.theme import status_style
from hotswap.views.times import lasted
from hotswap.views.verdicts import verdict_text

if TYPE_CHECKING:
    from typing import Self

    from rich.console import Console, RenderableType

_STYLES = {"approved": "ok", "rejected": "bad", "expired": "bad", "void": "held"}


class DeploymentWatch:
    """
    Shows each reading of a deployment; the last drawing is taken away, for the command shows the end.

    Lines go to *lines* (None: where progress goes); with *tells_events* programs get an event each.
    """

    def __init__(self, out: Output, clock: Clock, *, lines: Console | None = None, tells_events: bool = False) -> None:
        self._out = out
        self._clock = clock
        self._lines = lines
        self._tells_events = tells_events
        self._changes = Changes()
        self._live: Live | None = None
        self._seen: Deployment | None = None
        self._trouble = ""

    def __enter__(self) -> Self:
        if self._out.is_live:
            # Drawn anew four times a second, whether or not anything was read: countdowns go on.
            self._live = Live(
                console=self._out.errors, get_renderable=self._drawn, transient=True, refresh_per_second=4
            )
            self._live.start()

        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, deployment: Deployment) -> None:
        """Show one reading."""
        self._seen, self._trouble = deployment, ""
        if self._live is not None:
            self._live.refresh()
            return
        for change in self._changes.since(deployment, self._clock.now()):
            self._tell(change, deployment)

    def miss(self, trouble: str) -> None:
        """Say that a reading failed; the watch goes on."""
        is_new = trouble != self._trouble
        self._trouble = trouble
        if self._live is None and is_new and not self._out.is_json:
            self._out.errors.print(Text.assemble(("  ‖ ", "held"), f"{trouble} Still trying."))

    def _drawn(self) -> RenderableType:
        if self._seen is None:
            return Text(self._trouble)
        drawn = deployment_view(self._seen, now=self._clock.now(), is_watched=True)
        if self._trouble:
            drawn.renderables.append(Text.assemble(("  ‖ ", "held"), f"{self._trouble} Still trying."))

        return drawn

    def _tell(self, change: Change, deployment: Deployment) -> None:
        if self._tells_events and self._out.is_json:
            self._out.line(change.to_document(deployment))
        elif not self._out.is_json:
            (self._lines or self._out.errors).print(change_line(change, deployment), soft_wrap=True)


def change_line(change: Change, deployment: Deployment) -> Text:
    """Say one change in a line that needs no line before it."""
    state = (change.state, "held" if change.event == "held" else _STYLES.get(change.state, status_style(change.state)))
    at = (f"{change.at:%H:%M:%S}  ", "quiet")
    step = change.step
    if step is None:
        told = f": {change.told}" if change.told else ""
        subject = {"status": f"{deployment.version} is ", "approval": "approval "}.get(change.event, "")

        return Text.assemble(at, subject, state, told)
    took = f" in {lasted(step.started_at, step.ended_at)}" if step.ended_at else ""
    judged = Text.assemble("  ", verdict_text(step.verdict)) if step.verdict is not None else Text()

    return Text.assemble(
        at,
        f"step {step.index + 1}/{len(deployment.plan)} {step.kind} ",
        state,
        (took, "quiet"),
        (f"  {step.detail}" if step.status == "Running" else "", "quiet"),
        judged,
    )
