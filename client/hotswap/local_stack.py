"""The stack on this machine, as the command sees it; `infra.local.stack` of the checkout does the work."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hotswap.errors import HotSwapError
from hotswap.stack_file import LOCATION, StackFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

Report = Callable[[str], None]
_ENTRY = Path("infra") / "local" / "stack.py"


@dataclass(frozen=True, slots=True)
class StackStatus:
    """How the pieces of the stack are."""

    is_emulator_running: bool
    is_deployed: bool
    is_payment_network_running: bool
    is_healthy: bool


class LocalStack(Protocol):
    """Starts and stops the stack."""

    def up(self, *, emulator: str, strict_limits: bool, report: Report) -> StackFile:
        """Start what does not run yet, deploy into it, and tell where everything is."""
        ...

    def down(self, *, report: Report) -> None:
        """Stop what runs."""
        ...

    def status(self) -> StackStatus:
        """Look at what runs."""
        ...


class CheckoutStack:
    """The stack of one checkout; what goes wrong in it becomes an error that says how to fix it."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout

    def up(self, *, emulator: str, strict_limits: bool, report: Report) -> StackFile:
        """Start what does not run yet, deploy into it, and tell where everything is."""
        with _explained("The local stack could not be started"):
            self._module().up(emulator=emulator, strict_limits=strict_limits, report=report)

        return StackFile.read(self._checkout / LOCATION)

    def down(self, *, report: Report) -> None:
        """Stop what runs."""
        with _explained("The local stack could not be stopped"):
            self._module().down(report=report)

    def status(self) -> StackStatus:
        """Look at what runs."""
        seen = self._module().status()

        return StackStatus(
            is_emulator_running=seen.emulator_running,
            is_deployed=seen.stack_deployed,
            is_payment_network_running=seen.payments_running,
            is_healthy=seen.healthy,
        )

    def _module(self) -> ModuleType:
        if str(self._checkout) not in sys.path:
            sys.path.insert(0, str(self._checkout))
        try:
            return importlib.import_module("infra.local.stack")
        except ModuleNotFoundError as error:
            raise HotSwapError(
                f"The local stack needs {error.name}, which is not installed.",
                fix="install what the checkout asks for: `make install`",
            ) from error


def find_checkout(folder: Path) -> Path | None:
    """Find the checkout of HotSwap that *folder* lies in, or that this command was installed from."""
    places = (folder, *folder.parents, *Path(__file__).resolve().parents)

    return next((place for place in places if (place / _ENTRY).is_file()), None)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise HotSwapError(
            f"{what}: {error}", fix="see what runs with `hotswap status`; `hotswap down` and `hotswap up` begin anew"
        ) from error
