"""What a command prints: results on stdout, progress and errors on stderr; with `--json` documents only."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Wide enough for a row of a table, narrow enough for half a screen; used where there is no terminal.
PIPED_WIDTH = 100
WIDEST = 110
_PADDING = re.compile(r" +(?=\n)")


class _WithoutPadding:
    """A stream that drops the blanks with which tables fill their lines; nobody wants them in a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write *text* without blanks at the ends of its lines."""
        self._stream.write(_PADDING.sub("", text))

        return len(text)

    def flush(self) -> None:
        """Pass on what was written."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Say that nobody looks at it."""
        return False


class Output:
    """
    Prints for people, or for programs when *is_json*.

    Colours and live drawings appear on a terminal only; NO_COLOR is respected. Rich is imported when the
    first thing for people is printed.
    """

    def __init__(self, *, is_json: bool, width: int | None = None) -> None:
        self.is_json = is_json
        self._width = width

    @cached_property
    def console(self) -> Console:
        """Where results go."""
        return self._console_of(sys.stdout)

    @cached_property
    def errors(self) -> Console:
        """Where progress and errors go."""
        return self._console_of(sys.stderr)

    @property
    def is_live(self) -> bool:
        """Tell whether drawings that change in place may be shown."""
        return not self.is_json and self.errors.is_terminal

    def show(self, document: Mapping[str, Any] | Iterable[Any], view: Callable[[], RenderableType]) -> None:
        """Print *document* for programs, or what *view* makes of it for people."""
        if self.is_json:
            self.document(document)
        else:
            self.console.print(view())

    def document(self, document: Mapping[str, Any] | Iterable[Any]) -> None:
        """Print *document* for programs; a list becomes ``{"items": […]}``, as the API has it."""
        listed = document if isinstance(document, Mapping) else {"items": list(document)}
        sys.stdout.write(json.dumps(listed, indent=2, ensure_ascii=False, default=str) + "\n")

    def line(self, document: Mapping[str, Any]) -> None:
        """Print *document* for programs in a line of its own, at once: one event of many."""
        sys.stdout.write(json.dumps(document, ensure_ascii=False, default=str) + "\n")
        sys.stdout.flush()

    def say(self, template: str, **values: object) -> None:
        """Print a line of a result to people: *template* in Rich's markup, *values* as they are."""
        if not self.is_json:
            from hotswap.views.theme import marked

            self.console.print(marked(template, **values))

    def _console_of(self, stream: TextIO) -> Console:
        from rich.console import Console

        from hotswap.views.theme import THEME

        is_piped = not stream.isatty()
        target = cast("IO[str]", _WithoutPadding(stream)) if is_piped else stream
        console = Console(file=target, theme=THEME, highlight=False)
        if self._width is not None:
            console.width = self._width
        elif not console.is_terminal:
            console.width = PIPED_WIDTH
        else:
            console.width = min(console.width, WIDEST)

        return console
