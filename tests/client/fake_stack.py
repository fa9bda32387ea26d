"""The local stack without an emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hotswap.errors import HotSwapError
from hotswap.local_stack import Report, StackStatus
from hotswap.stack_file import StackFile

HEALTHY = StackStatus(is_emulator_running=True, is_deployed=True, is_payment_network_running=True, is_healthy=True)
ABSENT = StackStatus(is_emulator_running=False, is_deployed=False, is_payment_network_running=False, is_healthy=False)


@dataclass
class FakeStack:
    path: Path
    state: StackStatus = HEALTHY
    error: HotSwapError | None = None
    calls: list[tuple[str, object]] = field(default_factory=list)

    def up(self, *, emulator: str, strict_limits: bool, report: Report) -> StackFile:
        self.calls.append(("up", (emulator, strict_limits)))
        if self.error is not None:
            raise self.error
        report("starting the emulator")
        report("deploying")
        self.state = HEALTHY
        return StackFile.read(self.path)

    def down(self, *, report: Report) -> None:
        self.calls.append(("down", None))
        report("stopping the emulator")
        self.state = ABSENT

    def status(self) -> StackStatus:
        return self.state
