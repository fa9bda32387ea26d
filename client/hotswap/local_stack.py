"""The stack on this machine, as the command sees it; `infra.local.stack` of a checkout does the work."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from hotswap.errors import HotSwapError

Report = Callable[[str], None]
_ENTRY = Path("infra") / "local" / "stack.py"


class StackStatus(Protocol):
    """How the pieces of the stack are."""

    @property
    def emulator_running(self) -> bool:
        """Whether the emulator answers."""
        ...

    @property
    def stack_deployed(self) -> bool:
        """Whether CloudFormation finished."""
        ...


class LocalStack(Protocol):
    """Starts and stops the stack; what it did stands in `.hotswap/stack.json`."""

    def up(self, *, emulator: str, strict_limits: bool, report: Report) -> object:
        """Start what does not run yet and deploy into it."""
        ...

    def down(self, *, report: Report) -> object:
        """Stop what runs."""
        ...

    def status(self) -> StackStatus:
        """Look at what runs."""
        ...


def find_local_stack(folder: Path) -> LocalStack:
    """
    Load the stack of the checkout that *folder* lies in, or that this command was installed from.

    Raises:
        HotSwapError: There is no checkout here.
    """
    places = (folder, *folder.parents, *Path(__file__).resolve().parents)
    checkout = next((place for place in places if (place / _ENTRY).is_file()), None)
    if checkout is None:
        raise HotSwapError(
            "The local stack needs a checkout of HotSwap, and there is none here.",
            fix="clone the repository and run the command inside it",
        )
    if str(checkout) not in sys.path:
        sys.path.insert(0, str(checkout))

    return cast("LocalStack", importlib.import_module("infra.local.stack"))
