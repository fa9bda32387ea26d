"""
Cold starts: a program in a fresh interpreter, with nothing on its path but what Lambda would give it.

A start is timed from the spawn until the program has done what it says, then the process ends at once:
Lambda tears nothing down. Pages of files are warm, and a sandbox, a download and Lambda's own runtime
client come on top; those are the same for every contender.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.slices import Taken

#: Isolated from this environment: no site-packages, no variables for Python, no byte code written (on Lambda
#: the folder can't be written to).
_FLAGS = ("-I", "-S", "-B")
#: A start neither waits nor sleeps: where the clock ran this much longer than the process, something else ran.
_AWAY, _SPAWN_MS = 1.05, 2.0
_END = "import os; os._exit(0)"
_TELL = """
import json, sys
is_there = __import__("os").path.exists
told = {name: [spec.origin or "", (spec.origin or "").endswith(".pyc") or bool(spec.cached) and is_there(spec.cached)]
        for name, module in list(sys.modules.items()) if (spec := getattr(module, "__spec__", None))}
print(json.dumps(told))
"""


class StartFailedError(Exception):
    """A program that was to be timed did not do what it should; its message is what it wrote."""


@dataclass(frozen=True, slots=True)
class Program:
    """A start to be timed: what the fresh interpreter runs, and the folders on its path, first one first."""

    code: str
    path: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, *, ending: str = _END) -> list[str]:
        """Return the command line, ending as fast as a process can or as *ending* says."""
        setup = f"import sys; sys.path[:0] = {[str(folder) for folder in self.path]!r}\n"
        return [interpreter(), *_FLAGS, "-c", f"{setup}{self.code}\n{ending}"]

    def variables(self) -> dict[str, str]:
        """Return the whole environment: that of no shell, and what the program is given."""
        return {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", **self.environment}

    def start(self) -> Taken:
        """
        Run once and give the wall time in ms; disturbed is a start that the core was taken away from.

        Raises:
            StartFailedError: It did not exit with 0.
        """
        command, variables = self.command(), self.variables()
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
        started = time.perf_counter()
        process = os.posix_spawn(command[0], command, variables, file_actions=nowhere)
        _, status, usage = os.wait4(process, 0)
        elapsed_ms = (time.perf_counter() - started) * 1_000
        if status:
            self.output()
            raise StartFailedError("it failed when it was timed, and worked when it was looked at")
        on_core_ms = (usage.ru_utime + usage.ru_stime) * 1_000
        return Taken((elapsed_ms,), is_disturbed=elapsed_ms > _AWAY * on_core_ms + _SPAWN_MS)

    def output(self, *, ending: str = "") -> str:
        """
        Run once, not timed, and return what it printed.

        Raises:
            StartFailedError: It did not exit with 0.
        """
        done = subprocess.run(
            self.command(ending=ending), env=self.variables(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StartFailedError(done.stderr.strip()[-2_000:])
        return done.stdout

    def modules(self) -> "list[Module]":
        """Run once, not timed, and list every module that the program has imported by its end."""
        told = json.loads(self.output(ending=_TELL).splitlines()[-1])
        return [Module(name, Path(origin), has_byte_code) for name, (origin, has_byte_code) in sorted(told.items())]


@dataclass(frozen=True, slots=True)
class Module:
    """An imported module: where it came from, and whether it came with byte code."""

    name: str
    origin: Path
    has_byte_code: bool

    def is_source_in(self, folder: Path) -> bool:
        """Tell whether this is Python under *folder*: source, or byte code in its place."""
        return self.origin.suffix in {".py", ".pyc"} and folder in self.origin.parents


def interpreter() -> str:
    """Return the interpreter behind this environment: what runs in Lambda knows of no virtual environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def imports_any(modules: list[Module], *names: str) -> list[str]:
    """List which of these top-level packages a program has imported."""
    found = {module.name.partition(".")[0] for module in modules}
    return [name for name in names if name in found]
