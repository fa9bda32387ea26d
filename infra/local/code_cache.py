"""
What makes cold starts slow here and not on AWS: MiniStack unpacks a function's zip anew for every process.

Our package has some 2,000 files, half a second to unpack, for each of two dozen functions that share it.
So each zip is unpacked once and linked into the folder of each process. A file that a handler adds is its
own; on AWS it could add none. What is wrapped is pinned in `infra.local.pins`.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.core import lambda_runtime

    lambda_runtime.zipfile = SimpleNamespace(ZipFile=LinkingZipFile, BadZipFile=zipfile.BadZipFile)


class LinkingZipFile(zipfile.ZipFile):
    """A zip whose `extractall` links files which were unpacked before, if it was unpacked before."""

    #: Not `_lock`: each ZipFile has a lock of its own under that name, which would hide this one.
    _unpacking = threading.Lock()

    def extractall(self, path: object = None, members: object = None, pwd: bytes | None = None) -> None:
        """Unpack everything into the folder *path*; MiniStack asks for nothing else."""
        if members is not None or pwd is not None:
            raise NotImplementedError("a whole zip without a password is linked, nothing else")
        unpacked = self._unpacked()
        shutil.copytree(unpacked, str(path), copy_function=os.link, dirs_exist_ok=True)

    def _unpacked(self) -> Path:
        """Give the folder where this zip is unpacked, once for each content."""
        digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        folder = Path(tempfile.gettempdir()) / "code" / digest
        with self._unpacking:
            if not folder.exists():
                draft = folder.with_suffix(".draft")
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
                super().extractall(draft)
                draft.rename(folder)
        return folder
