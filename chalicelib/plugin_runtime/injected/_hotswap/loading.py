"""Loading the plugin of this package: its manifest, its entry point, and the checks of its operations."""

import importlib
import json
import os
import time
import traceback

from .failures import Failure
from .logs import write_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    EntryPoint = Callable[[str, dict[str, Any], Any], Any]
    Check = Callable[[Any], Any]


class Plugin:
    """The plugin of one package, once its entry point is loaded; nothing in it belongs to a tenant."""

    def __init__(self, package: str) -> None:
        """
        Read the release and the manifest from the folder *package*; both were written or checked at the build.

        Raises:
            OSError, ValueError: This is no package that HotSwap built (a bug, not a failure of the plugin).
        """
        self._package = package
        self.release: dict[str, str] = self._read("_hotswap", "release.json")
        manifest = self._read("plugin.json")
        self.entry_point: str = manifest["entryPoint"]
        # Sorted, since the build numbered the checks in this order.
        self.operations: tuple[str, ...] = tuple(sorted(manifest["operations"]))
        self.init_ms = 0.0
        self._handle: EntryPoint | None = None
        self._checks: dict[tuple[str, str], Check] = {}

    def _read(self, *path: str) -> "Any":  # noqa: ANN401 - JSON is anything
        with open(os.path.join(self._package, *path), "rb") as file:
            return json.load(file)

    def load(self) -> "EntryPoint":
        """
        Return the entry point, imported on the first call that succeeds.

        A failed import is tried again with the next call: what failed for a moment (a name not resolved, a
        file not there yet) must not spoil a container for as long as it lives.

        Raises:
            Failure: The module can't be imported, or has no such function (EntryPointFailed). Its
                ``__cause__`` is what the plugin raised.
        """
        if self._handle is not None:
            return self._handle
        started = time.perf_counter()
        module_name, _, function_name = self.entry_point.partition(":")
        try:
            handle: EntryPoint = getattr(importlib.import_module(module_name), function_name)
            if not callable(handle):
                raise TypeError(f"{self.entry_point} is not a function")  # noqa: TRY301 - told like any other failure
        # Also SystemExit: a module that exits while it is imported must not end the container.
        except BaseException as error:
            self.init_ms = elapsed_ms(started)
            fields = {**self.release, "exception": "".join(traceback.format_exception(error))}
            write_line("ERROR", "entry point failed", fields)
            raise Failure("EntryPointFailed", "The plugin could not be started.") from error
        self.init_ms = elapsed_ms(started)
        self._handle = handle
        return handle

    def check(self, operation: str, side: str) -> "Check":
        """Return the check of an operation's ``input`` or ``output``, imported when it is first needed."""
        key = (operation, side)
        if key not in self._checks:
            index = self.operations.index(operation)
            module = importlib.import_module(f"{__package__}.checks.{side}_{index}")
            self._checks[key] = module.check
        return self._checks[key]

    def diagnosis(self, error: BaseException) -> str:
        """Say for the plugin's developers why its start failed: type, message, and their own file and line."""
        # A syntax error names its place itself; of everything else the last frame inside the package counts.
        place = ""
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{self._relative(error.filename)}:{error.lineno}"
        for frame in traceback.extract_tb(error.__traceback__):
            relative = self._relative(frame.filename)
            if relative and not relative.startswith("_hotswap"):
                place = f"{relative}:{frame.lineno}"
        where = f" ({place})" if place else ""
        return f"{type(error).__name__}: {error}{where}"[:500]

    def _relative(self, filename: str) -> str:
        """Return *filename* as seen from the package, "" for files outside it."""
        inside = os.path.abspath(filename).startswith(os.path.abspath(self._package) + os.sep)
        return os.path.relpath(filename, self._package).replace(os.sep, "/") if inside else ""


def elapsed_ms(started: float) -> float:
    """Return the milliseconds since *started* (of ``time.perf_counter``), to 0.001."""
    return round((time.perf_counter() - started) * 1_000, 3)
