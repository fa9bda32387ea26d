"""Fetching what a plugin requires, for Lambda rather than for this machine, once per set of requirements."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hotswap.errors import UsageError

#: Lambda's Pythons from 3.12 on run on Amazon Linux 2023 (glibc 2.34), 3.11 on Amazon Linux 2 (glibc 2.26).
_PLATFORMS = {"python3.11": ("manylinux_2_17_x86_64", "manylinux2014_x86_64")}
_NEWER_PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIMEOUT_SECONDS = 600


def vendored_folder(requirements: Path, runtime: str) -> Path:
    """
    Return a folder with everything that *requirements* names, made for *runtime* (``python3.13``).

    It is kept in the user's cache under the hash of both: nobody may write into it.

    Raises:
        UsageError: pip can't install it; its own words are in the message.
    """
    content = requirements.read_bytes()
    key = hashlib.sha256(runtime.encode() + b"\0" + content).hexdigest()
    kept = _cache() / key
    if kept.is_dir():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="unfinished-") as unfinished:
        target = Path(unfinished) / "content"
        _install(requirements, runtime, target)
        try:
            # In one step: another process sees the whole folder or none.
            target.rename(kept)
        except OSError:
            # Another process was faster, with the same content: it is pinned by hashes.
            if not kept.is_dir():
                raise
    return kept


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "hotswap" / "vendored"


def _install(requirements: Path, runtime: str, target: Path) -> None:
    platforms = _PLATFORMS.get(runtime, _NEWER_PLATFORMS)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    # Hashes, so that what was reviewed is what is packed; wheels only, so that nothing runs while packing.
    command += ["--require-hashes", "--only-binary=:all:", "--no-compile", "--target", str(target)]
    command += ["--implementation", "cp", "--python-version", runtime.removeprefix("python")]
    command += [f"--platform={platform}" for platform in platforms]
    done = subprocess.run(
        [*command, "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_SECONDS,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        raise UsageError(
            f"What {requirements} names can't be installed: {_reason(done.stderr)}",
            fix="pin every requirement with its hashes: "
            "uv pip compile requirements.in --generate-hashes --python-version "
            f"{runtime.removeprefix('python')} -o requirements.txt",
        )


def _reason(output: str) -> str:
    """Return pip's first line that says ERROR, or what it said last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["pip gave no reason"]
    return next((line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")), lines[-1])[:400]
