"""What Lambda calls: loads the plugin while the container starts, then answers one event at a time."""

import os
import time

_STARTED = time.perf_counter()

from .isolation import seal_imports  # noqa: E402

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# First of all: already the plugin's imports must see only what they may.
seal_imports(_PACKAGE)

from .runtime import Runtime  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class LambdaContext(Protocol):
        """The part of Lambda's context that is used here."""

        def get_remaining_time_in_millis(self) -> int:
            """Return how long the call may still take."""


_RUNTIME = Runtime(_PACKAGE, started=_STARTED)


def handle(event: object, context: "LambdaContext") -> "dict[str, Any]":
    """Answer one event; *context* is Lambda's."""
    return _RUNTIME.answer(event, context.get_remaining_time_in_millis)
