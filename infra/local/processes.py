"""
Processes that outlive the command which started them: started in a group of their own, ended as a group.

A group is known by the process id of its leader, and the leader by a random token on its command
line, so that a process id which the system has given to somebody else is never signalled.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORTS_TRIED = 50
END_SECONDS = 5.0
POLL_SECONDS = 0.02
_PROC = Path("/proc")


class ProcessStartError(RuntimeError):
    """A process ended, or did not answer in time, before it was ready."""


@dataclass(frozen=True, slots=True)
class BackgroundProcess:
    """The leader of a process group: its id, the token on its command line, and where it writes."""

    pid: int
    token: str
    log_path: Path


def start_process(
    command: Sequence[str], *, token: str, environment: dict[str, str], directory: Path, log_path: Path
) -> BackgroundProcess:
    """
    Start *command*, whose arguments must contain *token*, as leader of a new session and group.

    Its standard output and error are appended to *log_path*.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [*command],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # The process is meant to live on; without this its object would warn when it is collected.
    process.returncode = 0
    return BackgroundProcess(pid=process.pid, token=token, log_path=log_path)


def is_alive(process: BackgroundProcess) -> bool:
    """Tell whether the leader still runs, and is the process that we started."""
    _reap(process.pid)
    return process.pid in _living(process.pid) and process.token in _command_line(process.pid)


def members_of(process: BackgroundProcess) -> list[int]:
    """List the living processes of the group, the leader among them; zombies are not alive."""
    _reap(process.pid)
    return _living(process.pid)


def end_process(process: BackgroundProcess, *, patience_seconds: float = END_SECONDS) -> None:
    """
    End the whole group, gently first; do nothing if it has ended before.

    Raises:
        RuntimeError: A member survived even being killed; the message names the process ids.
    """
    if _is_taken(process):
        return
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        deadline = time.monotonic() + patience_seconds
        while members_of(process) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if not members_of(process):
            return
    raise RuntimeError(f"these processes of group {process.pid} would not end: {members_of(process)}")


def free_port(preferred: int = 0) -> int:
    """
    Find a free port on the loopback address: *preferred* or one of the next, any for 0.

    Raises:
        ProcessStartError: None of the ports tried is free.
    """
    last = preferred + (PORTS_TRIED if preferred else 1)
    for port in range(preferred, last):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A server that restarts may bind while old connections linger; so may the probe.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise ProcessStartError(f"no free port between {preferred} and {last - 1}")


def _is_taken(process: BackgroundProcess) -> bool:
    """Tell whether the leader's id belongs to somebody else by now, which means that our group is gone."""
    deadline = time.monotonic() + 1
    while process.pid in _living(process.pid):
        command_line = _command_line(process.pid)
        if command_line or time.monotonic() > deadline:
            return process.token not in command_line
        time.sleep(POLL_SECONDS)  # for a moment after its start a process has no command line yet
    return False


def _reap(pid: int) -> None:
    """Collect the exit status of a child of ours, which else stays as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _living(group: int) -> list[int]:
    """List the processes of *group* that are not zombies."""
    return [pid for pid, of_group, state in _process_table() if of_group == group and state != "Z"]


def _process_table() -> Iterator[tuple[int, int, str]]:
    """Give process id, group and state of every process: from /proc, which needs no tool, else from ps."""
    if not _PROC.is_dir():
        listing = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
        for line in listing.stdout.splitlines():
            pid, group, state = line.split()
            yield int(pid), int(group), state[0]
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended while we looked
                # pid (name) state parent group ...; the name may itself hold blanks and brackets
                state, _parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                yield int(entry.name), int(group), state


def _command_line(pid: int) -> str:
    """Give the command line of a process, empty if there is none."""
    if _PROC.is_dir():
        with contextlib.suppress(OSError):
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    listing = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip()
