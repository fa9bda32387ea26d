"""From a fresh clone to a running product: `make demo`, then `hotswap up` again, warm, and with changed code."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from bench.figures import Interval
from bench.machine import PROJECT_DIRECTORY
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort

_PATIENCE_SECONDS = 600
_SERVED = "payment-processor-stripe"


class CommandFailedError(Exception):
    """A command of the product did not end well; the message has the end of what it printed."""


def measure(_effort: Effort) -> Findings:
    """Clone the last commit, run the commands that a user runs, and stop everything again."""
    with tempfile.TemporaryDirectory(prefix="hotswap-clone-") as temporary:
        clone = Path(temporary) / "hotswap"
        _run(["git", "clone", "--quiet", "--no-hardlinks", str(PROJECT_DIRECTORY), str(clone)], PROJECT_DIRECTORY)
        try:
            demo_seconds, printed = _timed(["make", "demo"], clone)
            assert _SERVED in printed, "the demo did not show its plugin"
            _timed(["make", "down"], clone)
            up = [str(clone / ".venv" / "bin" / "hotswap"), "up"]
            up_seconds, _ = _timed(up, clone)
            assert (clone / ".hotswap" / "stack.json").exists(), "there is no stack"
            _timed(["make", "down"], clone)
            _change(clone / "chalicelib" / "__init__.py")
            changed_seconds, _ = _timed(up, clone)
        finally:
            _run(["make", "down"], clone)
    return Findings(
        (
            _once("make demo, fresh clone", demo_seconds, 90.0),
            _once("hotswap up", up_seconds, 10.0),
            _once("hotswap up after a change of the code", changed_seconds, 10.0),
        ),
        ("The package cache is that of this user and warm; the clone has no environment and no build of its own.",),
    )


def _timed(command: list[str], folder: Path) -> tuple[float, str]:
    started = time.perf_counter()
    printed = _run(command, folder)
    return time.perf_counter() - started, printed


def _run(command: list[str], folder: Path) -> str:
    environment = {
        name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL"}
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
    )
    if done.returncode:
        raise CommandFailedError(
            f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr)[-1_500:]}"
        )
    return done.stdout + done.stderr


def _change(module: Path) -> None:
    """Add a comment, so that the package is another one."""
    module.write_text(module.read_text() + "# changed by the bench\n")


def _once(what: str, seconds: float, aim: float) -> Measure:
    return Measure(
        what=what,
        ours=f"{seconds:.1f} s",
        result=Interval(seconds, seconds, seconds),
        unit=Unit.SECONDS,
        aim=aim,
        n=1,
    )


CASE = Case(
    name="stack",
    title="From a fresh clone to a running product",
    method="Wall time of the commands that a user runs, in a clone of the last commit; once each.",
    measure=measure,
    is_slow=True,
)
