"""localstripe, the payment network of the demo, as a background process on the loopback address."""

import os
import secrets
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from infra.local.emulator import PROJECT_DIRECTORY
from infra.local.processes import (
    LOOPBACK,
    POLL_SECONDS,
    BackgroundProcess,
    ProcessStartError,
    end_process,
    free_port,
    is_alive,
    start_process,
)

DEFAULT_PORT = 8420
READY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Payments:
    """A running payment network."""

    process: BackgroundProcess
    port: int

    @property
    def url(self) -> str:
        """What goes into an installation's ``apiBase``."""
        return f"http://{LOOPBACK}:{self.port}"


def start_payments(*, log_path: Path, preferred_port: int = DEFAULT_PORT) -> Payments:
    """
    Start localstripe on *preferred_port* or the next free one (0: any), without waiting until it answers.

    Raises:
        ProcessStartError: No port is free.
    """
    token = f"hotswap-{secrets.token_hex(8)}"
    port = free_port(preferred_port)
    process = start_process(
        [sys.executable, "-m", "infra.local.payments_server", "--port", str(port), "--run", token],
        token=token,
        environment={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        directory=PROJECT_DIRECTORY,
        log_path=log_path,
    )
    return Payments(process, port)


def await_payments(payments: Payments) -> None:
    """
    Wait until it takes connections.

    Raises:
        ProcessStartError: It ended or stayed silent.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and is_alive(payments.process):
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, payments.port)) == 0:
                return
        time.sleep(POLL_SECONDS)
    raise ProcessStartError(f"localstripe did not start; see {payments.process.log_path}")


def stop_payments(payments: Payments) -> None:
    """End it; fine to repeat."""
    end_process(payments.process)
