"""`.hotswap/stack.json`: where the local stack is and who may log in to it, written by `hotswap up`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hotswap.errors import HotSwapError, UsageError

LOCATION = Path(".hotswap") / "stack.json"


@dataclass(frozen=True, slots=True)
class StackUser:
    """One of the users that `hotswap up` makes."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StackFile:
    """The local stack as its file describes it."""

    path: Path
    api_url: str
    console_url: str
    emulator_url: str
    region: str
    payments_url: str
    users: Mapping[str, StackUser]

    @classmethod
    def find(cls, folder: Path) -> StackFile | None:
        """
        Look in *folder* and the folders above it.

        Raises:
            HotSwapError: There is one, but it cannot be read.
        """
        for place in (folder, *folder.parents):
            path = place / LOCATION
            if path.is_file():
                return cls.read(path)

        return None

    @classmethod
    def read(cls, path: Path) -> StackFile:
        """Read the file at *path*."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            users = {
                role: StackUser(str(user["username"]), str(user["password"]))
                for role, user in (document.get("users") or {}).items()
            }
            return cls(
                path=path,
                api_url=str(document["apiUrl"]).rstrip("/"),
                console_url=str(document.get("consoleUrl") or ""),
                emulator_url=str(document.get("emulatorUrl") or ""),
                region=str(document.get("region") or ""),
                payments_url=str(document.get("paymentsUrl") or "").rstrip("/"),
                users=users,
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HotSwapError(
                f"{path} cannot be read: {error}.", fix="write it anew with `hotswap down`, then `hotswap up`"
            ) from error

    def user(self, role: str) -> StackUser:
        """
        Give the stack's user of *role*.

        Raises:
            UsageError: The stack has no such user.
        """
        if role in self.users:
            return self.users[role]
        known = ", ".join(sorted(self.users)) or "none"
        raise UsageError(f"The local stack has no user for the role {role!r}.", fix=f"choose one of: {known}")
