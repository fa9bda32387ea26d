"""
A start without garbage collection: what is imported stays, so to look for garbage among it is lost time.

Import this module before anything large, and call `finish` when all is imported.
"""

import gc

gc.disable()


def finish() -> None:
    """Collect garbage from now on, but never look again at what was imported."""
    gc.freeze()
    gc.enable()
