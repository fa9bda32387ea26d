"""
Package the application: one zip of code and one SAM template, both in a build folder.

The zip is made by `chalice package` from a staged copy of the tree, whose third-party code was
chosen and compiled by `infra.vendor`. Against the default package of Chalice it starts in about
two fifths of the time and has about a third of the size.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import chalice

from infra import permissions
from infra.template import TEMPLATES_DIRECTORY, merge_template
from infra.vendor import LAMBDA_PLATFORM, PROJECT_DIRECTORY, compile_tree, fingerprint, vendor_directory

STATE_DIRECTORY = PROJECT_DIRECTORY / ".hotswap"
STAGE = "production"
# What of Chalice itself runs in Lambda; chalice package adds the sources, we add their byte code.
CHALICE_SOURCES = ("__init__.py", "app.py")
SOURCES = ("app.py", "chalicelib", "statemachines", ".chalice/config.json")


@dataclass(frozen=True, slots=True)
class Package:
    """What can be deployed: the code, the template that names it, and a digest of all that it was made from."""

    code_path: Path
    template_path: Path
    digest: str


def product_version() -> str:
    """Give the version of the product, as pyproject.toml has it."""
    project = tomllib.loads((PROJECT_DIRECTORY / "pyproject.toml").read_text())
    return str(project["project"]["version"])


def build_package(project: Path = PROJECT_DIRECTORY, *, platform: str | None = None) -> Package:
    """
    Package *project* for this machine, or for a pip *platform*; unchanged sources give the package made before.

    Raises:
        subprocess.CalledProcessError: Chalice refused; it has written why to standard error.
    """
    digest = _digest(project, platform)
    folder = STATE_DIRECTORY / "build" / digest
    package = Package(folder / "deployment.zip", folder / "sam.json", digest)
    if not package.template_path.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="hotswap-package-") as temporary:
            stage, made = Path(temporary) / "stage", Path(temporary) / "made"
            _stage(project, stage, vendor_directory(STATE_DIRECTORY / "cache", platform=platform))
            _run_chalice(stage, made)
            _compress(made / "deployment.zip")
            _forget_older_builds(folder.parent)
            _keep(made, folder)
    return package


def _stage(project: Path, stage: Path, vendor: Path) -> None:
    """Copy what is packed, compile it, and write what Chalice needs to know."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    stage.mkdir()
    shutil.copytree(project / "chalicelib", stage / "chalicelib", ignore=ignored)
    shutil.copyfile(project / "app.py", stage / "app.py")
    (stage / "chalice").mkdir()
    for name in CHALICE_SOURCES:
        shutil.copyfile(Path(chalice.__file__).parent / name, stage / "chalice" / name)
    _compile(stage)
    _stage_vendor(stage, vendor)
    # Empty: what requirements.txt asks for is in vendor/ already.
    (stage / "requirements.txt").touch()
    _write_configuration(project, stage)
    merged = merge_template(project / "statemachines")
    (stage / "merge.json").write_text(json.dumps(merged, indent=1))


def _compile(stage: Path) -> None:
    """Put byte code in the place of our own sources: what is added to plugins stays as it is (ADR 13)."""
    application = stage / "chalicelib"
    added = application / "plugin_runtime" / "injected"
    kept = stage / "injected"
    shutil.move(added, kept)
    # The API document is made of their docstrings.
    for described in ("api", "domain"):
        compile_tree(application / described, root=stage, keeps_sources=False, keeps_docstrings=True)
    compile_tree(application, root=stage, keeps_sources=False)
    shutil.move(kept, added)
    compile_tree(stage)
    for cached in added.rglob("__pycache__"):
        shutil.rmtree(cached)


def _stage_vendor(stage: Path, vendor: Path) -> None:
    """Link the third-party code; Chalice packs vendor/ as it is, but of its own code no byte code: add that."""
    staged = stage / "vendor"
    staged.mkdir()
    for found in vendor.iterdir():
        (staged / found.name).symlink_to(found)
    (staged / "chalice").mkdir()
    shutil.move(stage / "chalice" / "__pycache__", staged / "chalice" / "__pycache__")
    shutil.rmtree(stage / "chalice")
    shutil.move(stage / "__pycache__", staged / "__pycache__")


def _write_configuration(project: Path, stage: Path) -> None:
    """Copy Chalice's configuration, and write the policies that it names from the table of permissions."""
    policies = stage / ".chalice" / "policies"
    policies.mkdir(parents=True)
    shutil.copyfile(project / ".chalice" / "config.json", stage / ".chalice" / "config.json")
    for function in permissions.FUNCTIONS:
        (policies / f"{function}.json").write_text(json.dumps(permissions.policy_of(function)))


def _run_chalice(stage: Path, made: Path) -> None:
    """Run `chalice package` in the staged tree, with no credentials and nothing of ours on its path."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(stage),
        "LANG": "C.UTF-8",
        "AWS_DEFAULT_REGION": "us-east-1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [
        sys.executable,
        "-c",
        "import sys; from chalice.cli import main; sys.exit(main())",
        "package",
        "--stage",
        STAGE,
        "--merge-template",
        "merge.json",
    ]
    finished = subprocess.run(
        [*command, str(made)], cwd=stage, env=environment, capture_output=True, text=True, check=False
    )
    if finished.returncode:
        sys.stderr.write(finished.stdout + finished.stderr)
        finished.check_returncode()


def _compress(archive: Path) -> None:
    """Write a zip again as small as it gets: it is downloaded at each cold start."""
    draft = archive.with_suffix(".draft")
    with zipfile.ZipFile(archive) as made, zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small:
        for entry in made.infolist():
            small.writestr(entry, made.read(entry), compresslevel=9)
    draft.replace(archive)


def _digest(project: Path, platform: str | None) -> str:
    """Hash everything that a package is made from."""
    hashed = hashlib.sha256(fingerprint(platform).encode())
    roots = [project / name for name in SOURCES]
    roots += [TEMPLATES_DIRECTORY, *(Path(__file__).parent).glob("*.py")]
    for root in roots:
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and path.suffix != ".pyc":
                hashed.update(f"{path.name}\0".encode() + path.read_bytes())
    return hashed.hexdigest()[:16]


def _keep(made: Path, folder: Path) -> None:
    """Move a build to its place in one step: whoever sees the folder sees all of it."""
    draft = folder.with_suffix(f".{os.getpid()}")
    shutil.copytree(made, draft)
    try:
        draft.rename(folder)
    except OSError:  # somebody else was faster with the same content
        shutil.rmtree(draft)


def _forget_older_builds(builds: Path, kept: int = 8) -> None:
    """Keep the last few builds only."""
    by_age = sorted(builds.iterdir(), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in by_age[kept:]:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Build a package for Lambda and say where it is: ``make package``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--platform", default=LAMBDA_PLATFORM, help="pip platform tag (default: %(default)s)")
    package = build_package(platform=parser.parse_args().platform)
    size_mb = package.code_path.stat().st_size / 1e6
    sys.stdout.write(f"{package.code_path} ({size_mb:.1f} MB)\n{package.template_path}\n")


if __name__ == "__main__":
    main()
