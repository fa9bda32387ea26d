"""The stage of the demo: acts, and for each request what was asked, what came back, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
#: Errors that a story may meet and go on; what they mean is said in words.
_EXPECTED = {404: "not there yet", 409: "there already"}


@dataclass(frozen=True, slots=True)
class Words:
    """
    What the audience reads beside the requests of a scene.

    Keyed by method (``GET``), or by method and last part of the path (``POST finalize``); *answered* is for
    the requests before the last one, whose answer the scene tells itself.
    """

    asked: Mapping[str, str] = field(default_factory=dict)
    answered: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    """One thing that is asked, in one request or a few; *answer* is what to notice in what came back."""

    words: Words
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
        head = f" {self._acts}  {title} "
        tail = f" as {by}"
        rule = "─" * max(2, self._console.width - len(head) - len(tail))
        self._console.print()
        self._console.print(Text.assemble((head, "name"), (rule + tail, "quiet")), no_wrap=True)
        try:
            yield
        except HotSwapError as error:
            error.message = f"Act {self._acts} ({title}) failed. {error.message}"
            raise

    @contextmanager
    def scene(self, words: Words | str) -> Iterator[Scene]:
        """Ask something: print it with its answer when that is there, or when it fails."""
        given = words if isinstance(words, Words) else _same_words(words)
        scene = Scene(given)
        self._exchanges.clear()
        began_seconds = self._clock.elapsed_seconds()
        waiting = Text(next(iter(given.asked.values()), "…"), style="quiet")
        try:
            with self._console.status(waiting, spinner="dots", spinner_style="busy"):
                yield scene
        finally:
            took_ms = (self._clock.elapsed_seconds() - began_seconds) * 1000
            self._print(scene, took_ms)

    def note(self, template: str, **values: object) -> None:
        """Print a line in the margin of an act."""
        self._console.print(marked("   " + template, **values))

    def draw(self, drawn: RenderableType) -> None:
        """Print something."""
        self._console.print(drawn)

    def _print(self, scene: Scene, took_ms: float) -> None:
        merged = _merged(self._exchanges)
        before_ms = sum(exchange.duration_ms for exchange in merged[:-1])
        for exchange in merged[:-1]:
            said = _said(scene.words.answered, exchange) or _EXPECTED.get(exchange.status, "")
            self._console.print(_asked_row(exchange, _said(scene.words.asked, exchange)))
            self._console.print(_answer_row(exchange.status, Text(said), exchange.duration_ms))
        for exchange in merged[-1:]:
            # Polls of one resource are one question, which took from the first to the last of them.
            is_poll = len(self._exchanges) > len(merged)
            shown_ms = took_ms - before_ms if is_poll else exchange.duration_ms
            self._console.print(_asked_row(exchange, _said(scene.words.asked, exchange)))
            self._console.print(_answer_row(exchange.status, scene.answer, shown_ms))
        for drawn in scene.lines:
            self._console.print(drawn)


def _same_words(text: str) -> Words:
    return Words(asked=dict.fromkeys(("GET", "POST", "PUT", "DELETE"), text))


def _said(words: Mapping[str, str], exchange: Exchange) -> str:
    exact = f"{exchange.method} {exchange.path.rpartition('/')[2]}"

    return words.get(exact) or words.get(exchange.method) or ""


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
    row.add_column(width=4)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1, justify="right", style="quiet", no_wrap=True, overflow="ellipsis")
    row.add_row("→", exchange.method, exchange.path, asked)

    return row


def _answer_row(status: int, answer: Text, took_ms: float) -> Table:
    row = Table.grid(padding=(0, 1, 0, 0), expand=True)
    row.add_column(width=4, justify="right", style="quiet")
    row.add_column(width=4)
    row.add_column(ratio=1, overflow="fold")
    row.add_column(width=10, justify="right", style="quiet", no_wrap=True)
    row.add_row("←", Text(str(status), style=_style_of(status)), answer, duration(took_ms))

    return row


def _style_of(status: int) -> str:
    if status < _FIRST_ERROR_STATUS:
        return "ok"

    return "held" if status in _EXPECTED else "bad"
