"""Processes of functions: how many start at once, who takes which, and which go when there are too many."""

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock
from typing import Any

import pytest

from infra.local.function_processes import KEPT_VARIABLE, Pool, most_kept

PATIENCE_SECONDS = 30


class Process:
    """A process as MiniStack keeps it."""

    def __init__(self, name: str, used_at: float) -> None:
        self.name = name
        self.in_use = True
        self.last_used = used_at


class Runtime:
    """MiniStack's pool, as far as the wrapper asks it."""

    def __init__(self) -> None:
        self._workers: dict[str, list[Process]] = {}
        self._lock = Lock()
        self.made = 0
        self.killed: list[str] = []

    def _worker_key(self, name: str, config: object, qualifier: str) -> str:
        return f"{name}:{qualifier}"

    def acquire_worker(
        self, name: str, config: object, code: bytes, qualifier: str, most: int | None
    ) -> tuple[Process, str]:
        with self._lock:
            kept = self._workers.setdefault(f"{name}:{qualifier}", [])
            self.made += 1
            for process in kept:
                if not process.in_use:
                    process.in_use, process.last_used = True, self.made
                    return process, "reused"
            kept.append(Process(name, self.made))
            return kept[-1], "spawn"

    def release_worker(self, process: Process) -> None:
        process.in_use = False

    def kill_workers(self, processes: list[Process]) -> None:
        self.killed += [process.name for process in processes]


def a_pool(runtime: Any, *, starts_at_once: int = 1, most_kept: int = 100) -> Pool:
    return Pool(runtime, starts_at_once=starts_at_once, most_kept=most_kept)


def acquire(pool: Pool, name: str = "echo") -> tuple[Any, str]:
    return pool.acquire(name, {}, b"")


def start(pool: Pool, process: Any) -> None:
    pool.telling_when_started(lambda _: None)(process)


def is_waiting(call: "Future[Any]", pool: Pool) -> bool:
    """Tell, once the call has come to the door, whether it stands there."""
    while not (call.done() or pool._changed._waiters):  # type: ignore[attr-defined]
        Event().wait(0.001)
    return not call.done()


def test_a_start_waits_until_another_is_over() -> None:
    pool = a_pool(Runtime())
    first, _ = acquire(pool)

    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(acquire, pool)
        assert is_waiting(second, pool)
        start(pool, first)

        process, how = second.result(PATIENCE_SECONDS)

    assert how == "spawn"
    assert process is not first


def test_who_waits_for_a_start_takes_a_process_that_becomes_free() -> None:
    pool = a_pool(Runtime())
    free, _ = acquire(pool, "echo")
    start(pool, free)
    acquire(pool, "other")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(acquire, pool, "echo")
        assert is_waiting(waiting, pool)
        pool.release(free)

        assert waiting.result(PATIENCE_SECONDS) == (free, "reused")


def test_a_start_that_fails_or_never_happens_lets_the_next_one_in() -> None:
    runtime = Runtime()
    pool = a_pool(runtime)
    failing, _ = acquire(pool, "failing")

    def fail(_: object) -> None:
        raise OSError("no such file")

    with pytest.raises(OSError, match="no such file"):
        pool.telling_when_started(fail)(failing)
    given_up, _ = acquire(pool, "given-up")
    pool.release(given_up)

    assert acquire(pool, "next")[1] == "spawn"


def test_as_many_as_are_allowed_start_side_by_side() -> None:
    pool = a_pool(Runtime(), starts_at_once=3)

    assert [acquire(pool)[1] for _ in range(3)] == ["spawn"] * 3


def test_beyond_what_is_kept_the_longest_unused_process_ends_and_no_busy_one() -> None:
    runtime = Runtime()
    pool = a_pool(runtime, starts_at_once=10, most_kept=2)
    oldest, busy, newest, last = (acquire(pool, name)[0] for name in ("oldest", "busy", "newest", "last"))

    for process in (oldest, newest, last):
        pool.release(process)

    assert runtime.killed == ["oldest", "newest"]
    assert {process.name for kept in runtime._workers.values() for process in kept} == {"busy", "last"}
    assert busy.in_use


def test_how_many_are_kept_is_told_or_what_half_of_the_memory_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEPT_VARIABLE, raising=False)
    assert most_kept() >= 32

    monkeypatch.setenv(KEPT_VARIABLE, "7")
    assert most_kept() == 7
