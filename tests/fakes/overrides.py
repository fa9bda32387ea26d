"""The key of the overrides, in memory."""

from dataclasses import dataclass


@dataclass
class FakeOverrideKey:
    """A key that is made when it is first needed; counts who looks for it."""

    key: bytes | None = None
    looked_up: int = 0

    def find(self) -> bytes | None:
        self.looked_up += 1
        return self.key

    def ensure(self) -> bytes:
        self.key = self.key or b"key of the fake overrides"
        return self.key
