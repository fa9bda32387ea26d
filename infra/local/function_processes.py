"""
What MiniStack has no need to know and two cores do: how many processes of functions start at once, and how many stay.

Each call that finds no free process gets one of its own, and the first of each version stays for ever: a hundred
deployments at once are hundreds of interpreters that start side by side, and gigabytes that nobody asks for again.
AWS has machines for that. Here so many start at a time, and who waits for a start takes a process that becomes free
meanwhile; beyond so many in all, the idle one that was used longest ago is ended, as Lambda ends idle containers.

What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401 - what is wrapped is private and has no types

import os
import threading
from collections.abc import Callable
from typing import Any

#: An interpreter that starts keeps a core busy, and waits for the disk now and then.
STARTS_PER_CORE = 2
#: A start that hangs must not keep all others from theirs.
LONGEST_WAIT_SECONDS = 10.0
#: What a process of the control plane takes, with room for what it shares with nobody.
_MEGABYTES_EACH = 100
_FEWEST_KEPT = 32
#: Says how many processes stay, instead of as many as half of the memory has room for.
KEPT_VARIABLE = "HOTSWAP_FUNCTION_PROCESSES"


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    pool = Pool(lambda_runtime, starts_at_once=STARTS_PER_CORE * (os.cpu_count() or 1), most_kept=most_kept())
    lambda_runtime.acquire_worker = lambda_svc.acquire_worker = pool.acquire
    lambda_runtime.release_worker = lambda_svc.release_worker = pool.release
    lambda_runtime.Worker._spawn = pool.telling_when_started(lambda_runtime.Worker._spawn)  # noqa: SLF001


def most_kept() -> int:
    """Say how many processes stay: as the environment says, else what half of the memory has room for."""
    told = os.environ.get(KEPT_VARIABLE, "")
    if told.isdecimal():
        return int(told)
    megabytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**20
    return max(_FEWEST_KEPT, int(megabytes / 2 / _MEGABYTES_EACH))


class Pool:
    """MiniStack's pool of processes (*runtime* is the module that has it), with a door where processes start."""

    def __init__(self, runtime: Any, *, starts_at_once: int, most_kept: int) -> None:
        self._runtime = runtime
        self._acquire, self._release = runtime.acquire_worker, runtime.release_worker
        self._starts_at_once = starts_at_once
        self._most_kept = most_kept
        self._starting: set[Any] = set()
        self._changed = threading.Condition()

    def acquire(
        self,
        func_name: str,
        config: dict[str, Any],
        code_zip: bytes,
        qualifier: str = "$LATEST",
        max_concurrency: int | None = None,
    ) -> tuple[Any, str]:
        """Give a process that is free, or one that the caller has to start, when it is its turn."""
        key = self._runtime._worker_key(func_name, config, qualifier)  # noqa: SLF001
        with self._changed:
            self._changed.wait_for(lambda: self._may_go_on(key), timeout=LONGEST_WAIT_SECONDS)
            worker, how = self._acquire(func_name, config, code_zip, qualifier, max_concurrency)
            if how == "spawn":
                self._starting.add(worker)
        return worker, how

    def release(self, worker: Any) -> None:
        """Take a process back, and let go of those that are too many."""
        self._release(worker)
        self._started(worker)
        self._runtime.kill_workers(self._too_many())

    def telling_when_started(self, spawn: Callable[[Any], None]) -> Callable[[Any], None]:
        """Let the next one start when *spawn* is over."""

        def spawn_and_tell(worker: Any) -> None:
            try:
                spawn(worker)
            finally:
                self._started(worker)

        return spawn_and_tell

    def _may_go_on(self, key: str) -> bool:
        """Tell whether a call can have a process now: one that is free, or a start."""
        is_free = any(not worker.in_use for worker in self._runtime._workers.get(key, ()))  # noqa: SLF001
        return is_free or len(self._starting) < self._starts_at_once

    def _started(self, worker: Any) -> None:
        with self._changed:
            self._starting.discard(worker)
            self._changed.notify_all()

    def _too_many(self) -> list[Any]:
        """Take the idle processes that were used longest ago out of the pool, as many as there are too many."""
        workers = self._runtime._workers  # noqa: SLF001
        with self._runtime._lock:  # noqa: SLF001
            surplus = sum(map(len, workers.values())) - self._most_kept
            if surplus <= 0:
                return []
            idle = [(worker.last_used, key, worker) for key, kept in workers.items() for worker in kept]
            idle = sorted((one for one in idle if not one[2].in_use), key=lambda one: one[:2])[:surplus]
            for _, key, worker in idle:
                workers[key].remove(worker)
        return [worker for *_, worker in idle]
