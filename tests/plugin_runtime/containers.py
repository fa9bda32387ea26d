"""Containers: a built package in a process of its own, called as Lambda calls it."""

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from chalicelib.domain.manifest import Manifest
from chalicelib.domain.manifest_reading import parse_manifest
from chalicelib.plugin_runtime.build import inject_runtime

INJECTED = Path(__file__).parents[2] / "chalicelib/plugin_runtime/injected"

#: What Lambda's own bootstrap does: import the handler, then answer events one by one.
_BOOTSTRAP = """
import json, sys
answers, sys.stdout = sys.stdout, sys.stderr
sys.path.insert(0, sys.argv[1])
from _hotswap.handler import handle
class Context:
    def get_remaining_time_in_millis(self):
        return 1234
for line in sys.stdin:
    answers.write(json.dumps(handle(json.loads(line), Context())) + "\\n")
    answers.flush()
"""


def build(package: bytes, *, with_bytecode: bool = True) -> bytes:
    """Do what the intake does with a package that it has accepted."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        manifest = parse_manifest(archive.read("plugin.json"))
    assert isinstance(manifest, Manifest), manifest
    return inject_runtime(
        package, manifest=manifest.document(), sha256=sha256(package).hexdigest(), with_bytecode=with_bytecode
    )


def an_event(operation: str = "handle", **changes: object) -> dict[str, Any]:
    """Ask for *operation* on behalf of the tenant acme; *changes* are fields of the event."""
    return {
        "operation": operation,
        "input": {},
        "tenantId": "acme",
        "environment": "Development",
        "config": {},
        "secrets": {},
        "state": None,
        "executionId": "exe_1",
        "traceId": "1-abc",
        **changes,
    }


class Container:
    """One warm container; leave it as a context manager to end it. Then `logs` has what went to stderr."""

    def __init__(self, package: bytes, folder: Path) -> None:
        with zipfile.ZipFile(io.BytesIO(build(package))) as archive:
            archive.extractall(folder)
        # The very files of the work tree, so that what runs here counts as covered there.
        for source in (INJECTED / "_hotswap").glob("*.py"):
            (folder / "_hotswap" / source.name).unlink()
            (folder / "_hotswap" / source.name).symlink_to(source)
        self.folder = folder
        self._stderr = folder.with_suffix(".stderr")
        with self._stderr.open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _BOOTSTRAP, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def answer(self, event: object) -> dict[str, Any]:
        """Send one event and wait for its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(event) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the container died: {self._text()}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def result(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of an event that must succeed."""
        answer = self.answer(event)
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result

    def failure(self, event: object) -> dict[str, Any]:
        """Return the failure of an event that must fail."""
        answer = self.answer(event)
        assert not answer["ok"], answer
        failure: dict[str, Any] = answer["failure"]
        return failure

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The JSON lines on stderr so far."""
        return [json.loads(line) for line in self._text().splitlines() if line.startswith("{")]

    def _text(self) -> str:
        return self._stderr.read_text()
