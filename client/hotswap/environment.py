"""Everything outside that the command touches, in one place, so that a test can bring its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hotswap.clock import Clock, SystemClock
from hotswap.local_stack import CheckoutStack, LocalStack, find_checkout

if TYPE_CHECKING:
    import httpx


def _stdin_is_terminal() -> bool:
    return sys.stdin.isatty()


@dataclass(frozen=True, slots=True)
class Environment:
    """
    The outside world of one run of the command.

    *http* replaces the network, *checkout* finds the checkout of a folder, *local_stack* makes what
    starts and stops its stack, *width* fixes how wide is printed.
    """

    folder: Path = field(default_factory=Path.cwd)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = field(default_factory=SystemClock)
    http: httpx.BaseTransport | None = None
    checkout: Callable[[Path], Path | None] = find_checkout
    local_stack: Callable[[Path], LocalStack] = CheckoutStack
    stdin_is_terminal: Callable[[], bool] = _stdin_is_terminal
    width: int | None = None
