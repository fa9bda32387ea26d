"""The stage of the demo: acts, and for each request what was asked, what came back, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from hotswap.errors import HotSwapError
from hotswap.views.theme import marked
from hotswap.views.times import duration

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from hotswap.clock import Clock
    from hotswap.transport import Exchange

WIDTH = 96
_FIRST_ERROR_STATUS = 400
_SERVER_ERROR_STATUS = 500
_EXPECTED = {404: "not there yet", 409: "there already"}


@dataclass(slots=True)
class Scene:
    """One thing that is asked; *answer*, in markup, is what the audience should notice in what came back."""

    asked: str
    answer: Text = field(default_factory=Text)
    lines: list[RenderableType] = field(default_factory=list)

    def tell(self, template: str, **values: object) -> None:
        """Say what came back."""
        self.answer = marked(template, **values)

    def show(self, drawn: RenderableType) -> None:
        """Draw something below the answer."""
        self.lines.append(drawn)


class Stage:
    """Prints acts and scenes; hears of the requests as the transport's observer."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._exchanges: list[Exchange] = []
        self._act = ""
        self._acts = 0
        console.width = min(console.width, WIDTH)

    def heard(self, exchange: Exchange) -> None:
        """Take note of a request."""
        self._exchanges.append(exchange)

    @contextmanager
    def act(self, title: str, *, by: str) -> Iterator[None]:
        """
        Play an act as the role *by*.

        Raises:
            HotSwapError: Something in it failed; the message says in which act.
        """
        self._acts += 1
        self._act = title
        rule = "─" * max(2, self._console.width - len(title) - len(by) - len(str(self._acts)) - 10)
        self._console.print(
            Text.assemble(("\n " + str(self._acts), "busy"), "  ", (title, "name"), (f" {rule} as {by}", "quiet")),
            no_wrap=True,
        )
        try:
            yield
        except HotSwapError as error:
            error.message = f"Act {self._acts} ({title}) failed. {error.message}"
            raise

    @contextmanager
    def scene(self, asked: str = "") -> Iterator[Scene]:
        """Ask something: print it with its answer when that is there, or when it fails."""
        scene = Scene(asked)
        self._exchanges.clear()
        began_seconds = self._clock.elapsed_seconds()
        try:
            with self._console.status(Text(asked or "…", style="quiet"), spinner="dots", spinner_style="busy"):
                yield scene
        finally:
            took_ms = (self._clock.elapsed_seconds() - began_seconds) * 1000
            self._print_exchanges(scene, took_ms)

    def note(self, template: str, **values: object) -> None:
        """Print a line in the margin of an act."""
        self._console.print(marked("   " + template, **values))

    def draw(self, drawn: RenderableType) -> None:
        """Print something."""
        self._console.print(drawn)

    def _print_exchanges(self, scene: Scene, took_ms: float) -> None:
        merged = _merged(self._exchanges)
        for position, exchange in enumerate(merged):
            is_last = position == len(merged) - 1
            asked = scene.asked if is_last else ""
            answer = scene.answer if is_last else Text(_EXPECTED.get(exchange.status, "done"), style="quiet")
            # Polls of one resource are one question, which took from the first to the last of them.
            shown_ms = took_ms if is_last and len(self._exchanges) > len(merged) else exchange.duration_ms
            self._console.print(_asked_row(exchange, asked))
            self._console.print(_answer_row(exchange.status, answer, shown_ms))
        for drawn in scene.lines:
            self._console.print(drawn)


def _merged(exchanges: list[Exchange]) -> list[Exchange]:
    """Keep the last of each row of equal requests."""
    kept: list[Exchange] = []
    for exchange in exchanges:
        if kept and (kept[-1].method, kept[-1].path) == (exchange.method, exchange.path):
            kept[-1] = exchange
        else:
            kept.append(exchange)

    return kept


def _asked_row(exchange: Exchange, asked: str) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0), expand=True)
    row.add_column(width=4, justify="right", style="quiet")
    row.add_column(width=5)
    row.add_column(ratio=1, overflow="fold")
    row.add_column(justify="right", style="quiet", no_wrap=True)
    row.add_row("→", exchange.method, exchange.path, asked)

    return row


def _answer_row(status: int, answer: Text, took_ms: float) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0), expand=True)
    row.add_column(width=4, justify="right", style="quiet")
    row.add_column(width=5)
    row.add_column(ratio=1, overflow="fold")
    row.add_column(width=10, justify="right", style="quiet", no_wrap=True)
    row.add_row("←", Text(str(status), style=_style_of(status)), answer, duration(took_ms))

    return row


def _style_of(status: int) -> str:
    if status < _FIRST_ERROR_STATUS:
        return "ok"

    return "held" if status in _EXPECTED else "bad"
