"""Stages of a long command, a line each: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from hotswap.clock import Clock
from hotswap.views.times import duration

_NAME_WIDTH = 10


class StageLines:
    """Prints a line when a stage ends; while it runs, a terminal shows what it does."""

    def __init__(self, console: Console, clock: Clock) -> None:
        self._console = console
        self._clock = clock
        self._stage = ""
        self._began_seconds = 0.0
        self._spinner: Status | None = None

    def begin(self, stage: str, text: str = "") -> None:
        """Show that a stage has begun."""
        self._stage = stage
        self._began_seconds = self._clock.elapsed_seconds()
        if self._console.is_terminal:
            self._spinner = self._console.status(self._line(text), spinner="dots", spinner_style="busy")
            self._spinner.start()

    def update(self, text: str) -> None:
        """Show how it goes."""
        if self._spinner is not None:
            self._spinner.update(self._line(text))

    def end(self, text: str) -> None:
        """Leave a line that it is done."""
        self._close("[ok]✔[/]", text)

    def fail(self, text: str) -> None:
        """Leave a line that it failed."""
        self._close("[bad]✗[/]", text)

    def _line(self, text: str) -> str:
        return f"{self._stage:<{_NAME_WIDTH}} {text}" if self._stage else text

    def _close(self, mark: str, text: str) -> None:
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None
        took_ms = (self._clock.elapsed_seconds() - self._began_seconds) * 1000
        row = Table.grid(padding=(0, 1, 0, 0), expand=True)
        row.add_column(width=1)
        row.add_column(width=_NAME_WIDTH if self._stage else 0, style="quiet")
        row.add_column(ratio=1, overflow="fold")
        row.add_column(width=10, justify="right", style="quiet")
        row.add_row(Text.from_markup(mark), self._stage, Text.from_markup(text), duration(took_ms))
        self._console.print(row)
