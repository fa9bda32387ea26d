"""
MiniStack as a background process: AWS on one port of this machine, with IAM enforced.

Nothing of it is shared with another run: port, folder for its files and signing keys are its own,
so any number of test sessions may run beside a stack that somebody is working with.

IAM is enforced for every Lambda function by its role. The emulator does not check signatures, and
whoever names the key `ROOT_KEY` is its root, which is why it answers on the loopback address only.
"""

import contextlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from infra.local.function_processes import KEPT_VARIABLE
from infra.local.processes import (
    LOOPBACK,
    POLL_SECONDS,
    BackgroundProcess,
    ProcessStartError,
    end_process,
    free_port,
    is_alive,
    members_of,
    start_process,
)

PROJECT_DIRECTORY = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 4566
REGION = "us-east-1"
ROOT_KEY = "test"
ACCOUNT_ID = "000000000000"
HEALTHY_SECONDS = 30.0
STARTS_TRIED = 5
LOG_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator: its process, where it answers, where it keeps its files."""

    process: BackgroundProcess
    port: int
    work_directory: Path

    @property
    def url(self) -> str:
        """The address of every service."""
        return f"http://{LOOPBACK}:{self.port}"


def start_emulator(*, log_path: Path, preferred_port: int = DEFAULT_PORT) -> Emulator:
    """
    Start MiniStack on *preferred_port* or the next free one (0: any) and wait until it answers.

    Raises:
        ProcessStartError: It ended or stayed silent; the message has the last lines of its log.
    """
    for _attempt in range(STARTS_TRIED):
        emulator = _launch(free_port(preferred_port), log_path)
        if _becomes_healthy(emulator):
            return emulator
        stop_emulator(emulator)
    tail = "\n".join(log_path.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])
    raise ProcessStartError(f"the emulator did not start; the end of {log_path}:\n{tail}")


def stop_emulator(emulator: Emulator) -> None:
    """
    End the emulator with the Lambda processes that it started, and remove its files; fine to repeat.

    Raises:
        RuntimeError: A process survived.
    """
    end_process(emulator.process)
    shutil.rmtree(emulator.work_directory, ignore_errors=True)


def is_running(emulator: Emulator) -> bool:
    """Tell whether this very emulator still answers."""
    return is_alive(emulator.process) and _identity(emulator) == emulator.process.token


def processes_left(emulator: Emulator) -> list[int]:
    """List what still runs of an emulator; empty after it was stopped."""
    return members_of(emulator.process)


def _launch(port: int, log_path: Path) -> Emulator:
    """Start the process, without waiting for it."""
    token = f"hotswap-{secrets.token_hex(8)}"
    work_directory = Path(tempfile.mkdtemp(prefix="hotswap-emulator-"))
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TMPDIR": str(work_directory),
        "HOME": str(work_directory),
        "STATE_DIR": str(work_directory / "state"),
        "S3_DATA_DIR": str(work_directory / "s3"),
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "INFO",
        # Services with ports of their own, which we do not use.
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "false",
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "MINISTACK_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # Its health page repeats the edition: that is how we know that it is ours which answers.
        "MINISTACK_EDITION": token,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
    }
    if kept := os.environ.get(KEPT_VARIABLE):
        environment[KEPT_VARIABLE] = kept
    process = start_process(
        [sys.executable, "-m", "infra.local.ministack_server", "--run", token],
        token=token,
        environment=environment,
        directory=PROJECT_DIRECTORY,
        log_path=log_path,
    )
    return Emulator(process, port, work_directory)


def _becomes_healthy(emulator: Emulator) -> bool:
    """Wait until the emulator answers as itself; false if it ends or the time is over."""
    deadline = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < deadline:
        if _identity(emulator) == emulator.process.token:
            return True
        if not members_of(emulator.process):
            return False
        time.sleep(POLL_SECONDS)
    return False


def _identity(emulator: Emulator) -> str:
    """Ask who answers at the emulator's port; empty if nobody does."""
    with (
        contextlib.suppress(urllib.error.URLError, OSError, ValueError),
        urllib.request.urlopen(f"{emulator.url}/_ministack/health", timeout=2) as answer,  # noqa: S310 # nosec B310 - loopback
    ):
        return str(json.load(answer).get("edition", ""))
    return ""
