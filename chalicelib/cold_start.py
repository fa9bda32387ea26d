"""
A start without garbage collection: what is imported stays, so to look for garbage among it is lost time.

Import this module before anything large, and call `finish` when all is imported.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

gc.disable()


def finish() -> None:
    """Collect garbage from now on, but never look again at what was imported."""
    gc.freeze()
    gc.enable()


@contextmanager
def continued() -> Iterator[None]:
    """Go on with the start for as long as it takes: something is imported later, when it is first needed."""
    gc.disable()
    try:
        yield
    finally:
        finish()
