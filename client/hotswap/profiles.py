"""Profiles: the API, the user and the tokens of the last login by name, readable by their owner only."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hotswap.errors import HotSwapError, UsageError

DEFAULT_PROFILE = "default"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700


@dataclass(frozen=True, slots=True)
class Profile:
    """A login: valid only for its own *api_url*, so that no token is ever sent to another host."""

    api_url: str
    username: str
    roles: tuple[str, ...]
    token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime | None


class ProfileStore:
    """
    Keeps profiles, a file each, in ``$XDG_CONFIG_HOME/hotswap`` (``~/.config/hotswap``).

    A file is replaced whole, so two commands at once never leave half of one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> ProfileStore:
        """Find the folder that the environment asks for."""
        base = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".config")

        return cls(Path(base) / "hotswap")

    def path(self, name: str) -> Path:
        """
        Tell where the profile *name* is kept.

        Raises:
            UsageError: That cannot be a name.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no name for a profile.", fix="use letters, digits, '.', '_' and '-', at most 64"
            )

        return self.folder / f"{name}.json"

    def read(self, name: str) -> Profile | None:
        """Read a profile; None when there is none."""
        path = self.path(name)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            expires_at = document.get("expiresAt")
            return Profile(
                api_url=document["apiUrl"],
                username=document["username"],
                roles=tuple(document["roles"]),
                token=document["token"],
                refresh_token=document["refreshToken"],
                expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HotSwapError(
                f"The profile {name!r} cannot be read ({path}).", fix="log in again: `hotswap login`"
            ) from error

    def write(self, name: str, profile: Profile) -> Path:
        """Keep a profile, in place of an older one; tell where."""
        path = self.path(name)
        self.folder.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY_FOLDER)
        document = {
            "apiUrl": profile.api_url,
            "username": profile.username,
            "roles": list(profile.roles),
            "token": profile.token,
            "refreshToken": profile.refresh_token,
            "expiresAt": profile.expires_at.isoformat() if profile.expires_at else None,
        }
        # mkstemp makes the file 0600 from its first byte on.
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=".profile-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(document, stream, indent=2)
            Path(temporary).chmod(_OWNER_ONLY)
            Path(temporary).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
            raise

        return path

    def delete(self, name: str) -> bool:
        """Forget a profile; tell whether there was one."""
        try:
            self.path(name).unlink()
        except FileNotFoundError:
            return False

        return True
