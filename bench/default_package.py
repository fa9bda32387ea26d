"""The peer of our package step: what plain `chalice package` makes of the same application."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.machine import CACHE_DIRECTORY, PROJECT_DIRECTORY
from infra import permissions
from infra.vendor import PACKED_BY_CHALICE, locked, needed_names

#: What Chalice reads and packs. It installs requirements.txt itself.
_SOURCES = ("app.py", "chalicelib")


def default_package() -> Path:
    """
    Give the zip of `chalice package` for the application as it is now, with the same versions of the same needs.

    Chalice itself is left out of the requirements, as in any Chalice project: its runtime is packed anyway.

    Raises:
        subprocess.CalledProcessError: Chalice refused; it has written why to standard error.
    """
    archive = CACHE_DIRECTORY / f"default-{_digest()}.zip"
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="hotswap-bench-") as temporary:
            stage, made = Path(temporary) / "stage", Path(temporary) / "made"
            _stage(stage)
            _run_chalice(stage, made)
            shutil.copyfile(made / "deployment.zip", archive)
    return archive


def _stage(stage: Path) -> None:
    stage.mkdir()
    shutil.copyfile(PROJECT_DIRECTORY / "app.py", stage / "app.py")
    shutil.copytree(PROJECT_DIRECTORY / "chalicelib", stage / "chalicelib", ignore=shutil.ignore_patterns("*.pyc"))
    (stage / "requirements.txt").write_text(_requirements())
    (stage / ".chalice" / "policies").mkdir(parents=True)
    shutil.copyfile(PROJECT_DIRECTORY / ".chalice" / "config.json", stage / ".chalice" / "config.json")
    for function in permissions.FUNCTIONS:
        (stage / ".chalice" / "policies" / f"{function}.json").write_text(json.dumps(permissions.policy_of(function)))


def _run_chalice(stage: Path, made: Path) -> None:
    """Run Chalice in the staged tree; the settings of this machine's pip stay in force, since it fetches."""
    command = [
        sys.executable,
        "-c",
        "import sys; from chalice.cli import main; sys.exit(main())",
        "package",
        "--stage",
        "production",
    ]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(
        [*command, str(made)], cwd=stage, env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        sys.stderr.write(finished.stdout + finished.stderr)
        finished.check_returncode()


def _requirements() -> str:
    return locked(needed_names(PACKED_BY_CHALICE))


def _digest() -> str:
    """Hash everything that the package is made from."""
    hashed = hashlib.sha256(_requirements().encode())
    files = [path for name in _SOURCES for path in (PROJECT_DIRECTORY / name, *(PROJECT_DIRECTORY / name).rglob("*"))]
    for path in sorted(path for path in files if path.is_file() and path.suffix != ".pyc"):
        hashed.update(f"{path.relative_to(PROJECT_DIRECTORY)}\0".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]
