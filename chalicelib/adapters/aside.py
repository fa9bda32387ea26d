"""Work that nobody waits for: a thread of its own does it while a call waits for its plugin. Light."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from queue import SimpleQueue

    from chalicelib.ports.aside import Work


class AsideThread:
    """
    Does one piece of work after the other in a thread that starts with the first.

    Lambda stops the whole process between two invocations, so work may stand still for as long in its midst. It must
    bear that, and its failure too: nobody is told of it.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Work] | None = None
        self._lock = Lock()

    def __call__(self, work: Work) -> None:
        """Have *work* done soon."""
        with self._lock:
            if self._work is None:
                self._work = _start()
        self._work.put(work)


def _start() -> SimpleQueue[Work]:
    from queue import SimpleQueue  # noqa: PLC0415 - not before there is work: the first call is no time for imports

    waiting: SimpleQueue[Work] = SimpleQueue()

    def go_on() -> None:
        while True:
            work = waiting.get()
            # Told above: whoever needs what failed meets the error himself.
            with suppress(Exception):
                work()

    Thread(target=go_on, name="aside", daemon=True).start()
    return waiting
