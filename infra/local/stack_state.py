"""
What the local stack leaves on disk, so that the next command finds it: `.hotswap/`.

`stack.json` is for users and clients (CONTRACT §6) and exists only while a whole stack stands;
`processes.json` is ours and is written the moment a process starts, so that nothing gets lost.
"""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.local.emulator import Emulator
from infra.local.payments import Payments
from infra.local.processes import BackgroundProcess

OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class StackInfo:
    """A deployed stack, as `stack.json` tells it. *users* maps a role to its ``username`` and ``password``."""

    api_url: str
    console_url: str
    emulator_url: str
    region: str
    payments_url: str
    strict_limits: bool
    users: dict[str, dict[str, str]] = field(repr=False)
    outputs: dict[str, str] = field(repr=False)

    def to_document(self) -> dict[str, Any]:
        """Give the content of stack.json."""
        words = asdict(self)
        return {_camel(name): value for name, value in words.items()}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "StackInfo":
        """Read the content of stack.json."""
        return cls(**{name: document[_camel(name)] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class StackFiles:
    """The files of one local stack, in one folder."""

    folder: Path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let one command at a time change the stack; the others wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def emulator_log(self) -> Path:
        """Where the emulator writes."""
        return self.folder / "emulator.log"

    @property
    def payments_log(self) -> Path:
        """Where the payment network writes."""
        return self.folder / "payments.log"

    def read_info(self) -> StackInfo | None:
        """Give the stack that stands, if one does and its file can be read."""
        try:
            return StackInfo.of_document(json.loads((self.folder / "stack.json").read_text()))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write_info(self, info: StackInfo) -> None:
        """Write stack.json, readable by its owner only."""
        self._write("stack.json", info.to_document())

    def forget_info(self) -> None:
        """Remove stack.json."""
        (self.folder / "stack.json").unlink(missing_ok=True)

    def read_emulator(self) -> Emulator | None:
        """Give the emulator that was started last, whether it still runs or not."""
        record = self._processes().get("emulator")
        return record and Emulator(_process(record), record["port"], Path(record["work_directory"]))

    def read_payments(self) -> Payments | None:
        """Give the payment network that was started last, whether it still runs or not."""
        record = self._processes().get("payments")
        return record and Payments(_process(record), record["port"])

    def write_emulator(self, emulator: Emulator | None) -> None:
        """Remember the emulator, or forget it."""
        record = emulator and {
            **_record(emulator.process),
            "port": emulator.port,
            "work_directory": str(emulator.work_directory),
        }
        self._write("processes.json", {**self._processes(), "emulator": record})

    def write_payments(self, payments: Payments | None) -> None:
        """Remember the payment network, or forget it."""
        record = payments and {**_record(payments.process), "port": payments.port}
        self._write("processes.json", {**self._processes(), "payments": record})

    def _processes(self) -> dict[str, Any]:
        """Read processes.json."""
        try:
            records: dict[str, Any] = json.loads((self.folder / "processes.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return records

    def _write(self, name: str, document: dict[str, Any]) -> None:
        """Write a file in one step, so that no reader sees half of it."""
        draft = self.folder / f"{name}.draft"
        draft.unlink(missing_ok=True)
        draft.touch(mode=OWNER_ONLY)
        draft.write_text(json.dumps(document, indent=2) + "\n")
        draft.rename(self.folder / name)


def _record(process: BackgroundProcess) -> dict[str, Any]:
    """Write a process down."""
    return {"pid": process.pid, "token": process.token, "log_path": str(process.log_path)}


def _process(record: dict[str, Any]) -> BackgroundProcess:
    """Read a process."""
    return BackgroundProcess(record["pid"], record["token"], Path(record["log_path"]))


def _camel(name: str) -> str:
    """Write a name as JSON has it."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
