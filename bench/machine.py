"""The machine that a figure belongs to: its facts, one of its cores, and how fast it is at the moment."""

import contextlib
import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

PROJECT_DIRECTORY = Path(__file__).resolve().parents[1]
#: Everything that the bench builds or installs, once for each state of what it is made from.
CACHE_DIRECTORY = PROJECT_DIRECTORY / ".hotswap" / "bench"
#: Versions that a reader needs to measure the same.
_NAMED = ("chalice", "pydantic", "pynamodb", "aws-lambda-powertools", "boto3", "ministack")
_LOOP_TURNS = 60_000


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep this process, and all that it starts, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def fixed_loop_ms() -> float:
    """Time work that never changes (some 3 ms): what differs is the machine."""
    started = time.perf_counter()
    total = 0
    for number in range(_LOOP_TURNS):
        total += number * number & 255
    assert total > 0
    return (time.perf_counter() - started) * 1_000


def facts() -> dict[str, str]:
    """Say on what machine, of which state of the code, with which versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _NAMED)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    """Name the commit, and say when the sources that are measured differ from it."""
    measured = ("app.py", "chalicelib", "infra", "examples", "requirements.txt", "bench")
    told = {
        "commit": ["git", "rev-parse", "--short=12", "HEAD"],
        "changes": ["git", "status", "--porcelain", "--", *measured],
    }
    answers = {
        name: subprocess.run(command, cwd=PROJECT_DIRECTORY, capture_output=True, text=True, check=False).stdout.strip()
        for name, command in told.items()
    }
    return (answers["commit"] or "no repository") + (" with changes" if answers["changes"] else "")
