"""The artifact store in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

from chalicelib.ports import StoredObject, Upload
from tests.fakes.clock import FakeClock


@dataclass
class FakeArtifacts:
    """Objects by key, each a list of its versions, oldest first."""

    clock: FakeClock
    objects: dict[str, list[bytes]] = field(default_factory=dict)

    def put(self, key: str, content: bytes) -> str:
        """Do what a client does with the permission; return the object's version id."""
        self.objects.setdefault(key, []).append(content)
        return f"v{len(self.objects[key])}"

    def allow_upload(self, key: str, *, sha256: str, size: int, lifetime: timedelta) -> Upload:
        bound = {"x-amz-checksum-sha256": sha256, "content-length": str(size)} if sha256 else {}
        expires_at = (self.clock.now() + lifetime).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return Upload("PUT", f"https://artifacts.test/{key}", bound, expires_at)

    def allow_download(self, key: str, *, version_id: str, lifetime: timedelta) -> str:
        return f"https://artifacts.test/{key}?versionId={version_id}"

    def stat(self, key: str) -> StoredObject | None:
        if key not in self.objects:
            return None
        content = self.objects[key][-1]
        return StoredObject(len(content), sha256(content).hexdigest(), f"v{len(self.objects[key])}")

    @contextmanager
    def open(self, key: str, *, version_id: str) -> Iterator[BinaryIO]:
        yield BytesIO(self.objects[key][int(version_id.removeprefix("v")) - 1])

    def put_build(self, key: str, content: bytes) -> None:
        if key not in self.objects:
            self.put(key, content)
