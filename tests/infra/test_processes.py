import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local.emulator import Emulator
from infra.local.payments import Payments
from infra.local.processes import BackgroundProcess, end_process, is_alive, members_of, start_process
from infra.local.stack_state import StackFiles, StackInfo
from infra.local.users import PASSWORD_LENGTH, random_password

# Starts a child that ignores a polite end, says so, then waits.
STUBBORN = """
import signal, subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", child])
time.sleep(60)
"""


@pytest.fixture
def stubborn(tmp_path: Path) -> BackgroundProcess:
    process = start_process(
        [sys.executable, "-c", STUBBORN, "token-of-this-test"],
        token="token-of-this-test",
        environment={**os.environ},
        directory=tmp_path,
        log_path=tmp_path / "log",
    )
    deadline = time.monotonic() + 20
    while "ready" not in process.log_path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


def test_ending_a_process_ends_its_whole_group_also_what_ignores_it(stubborn: BackgroundProcess) -> None:
    before = members_of(stubborn)

    end_process(stubborn, patience_seconds=0.3)

    assert len(before) == 2
    assert members_of(stubborn) == []
    assert not is_alive(stubborn)


def test_ending_twice_is_fine(stubborn: BackgroundProcess) -> None:
    end_process(stubborn, patience_seconds=0.3)

    end_process(stubborn)

    assert members_of(stubborn) == []


def test_process_id_that_belongs_to_somebody_else_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True) as stranger:
        mistaken = BackgroundProcess(stranger.pid, "a-token-of-ours", Path(os.devnull))

        end_process(mistaken)

        assert stranger.poll() is None
        assert not is_alive(mistaken)
        stranger.communicate(b"\n")


def test_what_was_written_down_is_read_again(tmp_path: Path) -> None:
    files = StackFiles(tmp_path)
    process = BackgroundProcess(7, "token", tmp_path / "log")
    emulator, payments = Emulator(process, 4566, tmp_path / "work"), Payments(process, 8420)
    info = StackInfo(
        "api", "console", "emulator", "us-east-1", "payments", strict_limits=True, users={"admin": {}}, outputs={}
    )

    files.write_emulator(emulator)
    files.write_payments(payments)
    files.write_info(info)

    assert (files.read_emulator(), files.read_payments(), files.read_info()) == (emulator, payments, info)


def test_file_that_cannot_be_read_counts_as_no_stack(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{")

    assert StackFiles(tmp_path).read_info() is None
    assert StackFiles(tmp_path / "elsewhere").read_info() is None


def test_passwords_meet_the_policy_of_the_pool_and_differ() -> None:
    drawn = {random_password() for _ in range(50)}

    assert len(drawn) == 50
    for password in drawn:
        assert len(password) == PASSWORD_LENGTH
        assert any(letter.islower() for letter in password)
        assert any(letter.isupper() for letter in password)
        assert any(letter.isdigit() for letter in password)
        assert not password.isalnum()


def test_payments_forgotten_leave_the_emulator_remembered(tmp_path: Path) -> None:
    files = StackFiles(tmp_path)
    process = BackgroundProcess(7, "token", tmp_path / "log")
    emulator = Emulator(process, 4566, tmp_path / "work")
    files.write_emulator(emulator)
    files.write_payments(replace(Payments(process, 8420), port=1))

    files.write_payments(None)

    assert files.read_payments() is None
    assert files.read_emulator() == emulator
