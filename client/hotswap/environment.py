"""Everything outside that the command touches, in one place, so that a test can bring its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotswap.clock import Clock, SystemClock
from hotswap.local_stack import LocalStack, find_local_stack

if TYPE_CHECKING:
    import httpx


def _stdin_is_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class Environment:
    """
    The outside world of one run of the command.

    *http* replaces the network, *local_stack* finds what starts and stops the stack of a folder.
    """

    folder: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = field(default_factory=SystemClock)
    http: httpx.BaseTransport | None = None
    local_stack: Callable[[Path], LocalStack] = find_local_stack
    stdin_is_terminal: Callable[[], bool] = _stdin_is_terminal
    width: int | None = None
