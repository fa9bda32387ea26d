"""What the measured programs are made of: Lambda's SDK, Chalice's runtime, the peers, unpacked packages."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import chalice

from bench.machine import CACHE_DIRECTORY
from infra.package import CHALICE_SOURCES
from infra.vendor import IN_LAMBDA, compile_tree

_PROGRAMS = Path(__file__).parent / "programs"
_PEERS_LOCK = Path(__file__).parent / "requirements.txt"
_ENGINES_LOCK = Path(__file__).parent / "engines.txt"


def lambda_sdk(*, has_byte_code: bool = True) -> Path:
    """Give a folder with what Lambda's Python brings along, boto3 first of all, in the versions of this environment."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in sorted(IN_LAMBDA)]

    def fill(folder: Path) -> None:
        copy_installed(IN_LAMBDA, folder)
        if has_byte_code:
            compile_tree(folder)

    return _made_once("sdk", [*versions, str(has_byte_code)], fill)


def bare_chalice() -> Path:
    """Give a folder with the Chalice function of one route, packed as Chalice does and compiled as we do."""

    def fill(folder: Path) -> None:
        copy_chalice_runtime(folder)
        shutil.copyfile(_PROGRAMS / "bare_chalice.py", folder / "app.py")
        compile_tree(folder)

    return _made_once("chalice", [chalice.__version__, (_PROGRAMS / "bare_chalice.py").read_text()], fill)


def answering() -> Path:
    """Give a folder with the other side of the API function's clients, compiled as everything that is timed."""
    source = (_PROGRAMS / "answering.py").read_text()

    def fill(folder: Path) -> None:
        (folder / "answering.py").write_text(source)
        compile_tree(folder, keeps_sources=False)

    return _made_once("answering", [source], fill)


def fastapi_hello() -> Path:
    """
    Give a folder with the FastAPI function and all that it needs, checked by hash, compiled as others' code in ours.

    Raises:
        subprocess.CalledProcessError: pip could not install the peers.
    """

    def fill(folder: Path) -> None:
        _install(_PEERS_LOCK, folder)
        shutil.copyfile(_PROGRAMS / "fastapi_hello.py", folder / "app.py")
        compile_tree(folder, keeps_sources=False)

    made_from = ["byte code", _PEERS_LOCK.read_text(), (_PROGRAMS / "fastapi_hello.py").read_text()]
    return _made_once("fastapi", made_from, fill)


def engines() -> Path:
    """
    Give a folder with the engines that the decision is measured against, checked by hash.

    Raises:
        subprocess.CalledProcessError: pip could not install them.
    """

    def fill(folder: Path) -> None:
        _install(_ENGINES_LOCK, folder)
        compile_tree(folder)

    return _made_once("engines", [_ENGINES_LOCK.read_text()], fill)


def unpacked(archive: Path) -> Path:
    """Unpack a package as Lambda would, and add nothing to it."""
    return _made_once("unpacked", [hashlib.sha256(archive.read_bytes()).hexdigest()], _extract(archive))


def copy_installed(names: Iterable[str], folder: Path) -> None:
    """Copy the sources and data of installed distributions, without byte code."""
    for name in sorted(names):
        for entry in importlib.metadata.files(name) or ():
            if entry.suffix != ".pyc" and ".." not in entry.parts:
                target = folder / entry
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(entry.locate()), target)


def copy_chalice_runtime(folder: Path) -> None:
    """Copy what of Chalice is deployed with an application."""
    (folder / "chalice").mkdir()
    for name in CHALICE_SOURCES:
        shutil.copyfile(Path(chalice.__file__).parent / name, folder / "chalice" / name)


def _install(lock: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--require-hashes"]
    subprocess.run([*command, "--target", str(folder), "--requirement", str(lock)], check=True)


def _extract(archive: Path) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folder)  # our own package, built a moment ago

    return fill


def _made_once(name: str, made_from: list[str], fill: Callable[[Path], None]) -> Path:
    """Return a folder that is complete as soon as it exists, filled anew when what it is made from has changed."""
    digest = hashlib.sha256("\0".join([sys.implementation.cache_tag or "", *made_from]).encode()).hexdigest()[:16]
    folder = CACHE_DIRECTORY / f"{name}-{digest}"
    if not folder.is_dir():
        draft = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        fill(draft)
        draft.rename(folder)
    return folder
