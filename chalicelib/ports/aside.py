"""Work that nobody waits for."""

from __future__ import annotations

from collections.abc import Callable

Work = Callable[[], None]
#: Has work done beside the caller, who goes on at once. It may be done late or never, and nobody is told if it fails.
Aside = Callable[[Work], None]
