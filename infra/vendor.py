"""
The third-party code that goes into the package: what runs in Lambda and is not there already, as byte code.

Its sources and the symbols of its libraries stay behind, its licences come along (ADR 13).

For this machine it is copied from the environment that `make install` has checked by hash; for Lambda
it is installed by pip for Lambda's platform, checked by the hashes of requirements.txt.
"""

import compileall
import hashlib
import os
import py_compile
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.native import without_symbols

PROJECT_DIRECTORY = Path(__file__).resolve().parents[1]
# AWS Lambda's Python brings boto3 with all that it needs; 31 MB that a package need not carry.
IN_LAMBDA = frozenset({"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"})
# Chalice packs the two of its files that run; the rest of it, with click, pip and others, is for developing.
PACKED_BY_CHALICE = frozenset({"chalice"})
# Found at run time by entry point, so what describes the package must stay.
READ_AT_RUN_TIME = frozenset({"opentelemetry-api", "opentelemetry-sdk"})
# What no function of ours imports. A test imports everything of ours without them.
UNREAD = (
    *("annotated_types/test_cases.py", "jsonschema_specifications/tests", "referencing/tests"),
    *(f"jsonschema/{name}" for name in ("__main__.py", "benchmarks", "cli.py", "tests")),
    *(f"pydantic/{name}" for name in ("color.py", "experimental", "mypy.py", "v1")),
    *("aws_lambda_powertools/event_handler", "aws_lambda_powertools/metrics/provider/datadog"),
    *(
        f"aws_lambda_powertools/utilities/{name}"
        for name in (
            *("auth_alpha", "batch", "circuit_breaker", "data_classes", "data_masking", "feature_flags"),
            *("idempotency/persistence/redis.py", "kafka", "parameters", "parser", "streaming", "validation"),
        )
    ),
    # Of cffi, cryptography needs the compiled half only.
    *("cffi", "pycparser"),
    *("cryptography/fernet.py", "cryptography/hazmat/asn1", "cryptography/hazmat/primitives/twofactor"),
    *(f"cryptography/hazmat/primitives/serialization/{name}" for name in ("pkcs7.py", "pkcs12.py")),
    # Tables for people and for other programs: zoneinfo opens a zone by its name.
    *(f"tzdata/zoneinfo/{name}" for name in ("iso3166.tab", "leapseconds", "tzdata.zi")),
    *(f"tzdata/zoneinfo/{name}" for name in ("zone.tab", "zone1970.tab", "zonenow.tab")),
)
LICENCES = ("AUTHORS", "COPYING", "LICENCE", "LICENSE", "NOTICE")
# The oldest C library among Lambda's Pythons is that of Amazon Linux 2.
LAMBDA_PLATFORM = "manylinux2014_x86_64"
# Raise it when this module makes something else from the same requirements.
FORMAT = "6"


def vendor_directory(cache: Path, *, platform: str | None = None) -> Path:
    """
    Give a folder with all that must be beside the application, made once for each state of the requirements.

    *platform* is a pip platform tag, None for this machine. The folder is complete as soon as it exists.

    Raises:
        subprocess.CalledProcessError: pip could not install for the platform.
    """
    folder = cache / f"vendor-{fingerprint(platform)}"
    if not folder.is_dir():
        draft = folder.with_suffix(f".{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        _fill(draft, platform)
        compile_tree(draft, keeps_sources=False)
        _keep_licences(draft)
        try:
            draft.rename(folder)
        except OSError:  # somebody else was faster with the same content
            shutil.rmtree(draft)
    return folder


def fingerprint(platform: str | None = None) -> str:
    """Name what a vendor folder depends on."""
    described = [FORMAT, platform or sys.platform, sys.implementation.cache_tag or ""]
    described += [(PROJECT_DIRECTORY / name).read_text() for name in ("requirements.in", "requirements.txt")]
    return hashlib.sha256("\0".join(described).encode()).hexdigest()[:16]


def compile_tree(
    folder: Path, *, root: Path | None = None, keeps_sources: bool = True, keeps_docstrings: bool = False
) -> None:
    """
    Put byte code beside every source, trusted without a look at the source: that look costs a third of a cold start.

    Tracebacks name files as Lambda sees them, under /var/task, which holds what lies in *root* (else *folder*). With
    *keeps_sources* they show each line as well; else the numbers of lines only, and the byte code takes the place of
    its source and is that of ``python -OO``: without asserts, and without docstrings unless *keeps_docstrings*.
    """
    compileall.compile_dir(
        folder,
        quiet=2,
        force=True,
        stripdir=str(root or folder),
        prependdir="/var/task",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        workers=0,
        legacy=not keeps_sources,
        optimize=0 if keeps_sources else 1 if keeps_docstrings else 2,
    )
    if not keeps_sources:
        for source in folder.rglob("*.py"):
            source.unlink()


def packaged_names() -> list[str]:
    """List the distributions that are packed."""
    return needed_names(IN_LAMBDA | PACKED_BY_CHALICE)


def needed_names(left_out: frozenset[str]) -> list[str]:
    """List what requirements.in asks for, and what that needs in turn, without *left_out* and what only that needs."""
    lines = (PROJECT_DIRECTORY / "requirements.in").read_text().splitlines()
    asked = [Requirement(line) for line in (text.partition("#")[0].strip() for text in lines) if line]
    names: set[str] = set()
    waiting = [(canonicalize_name(wanted.name), frozenset(wanted.extras)) for wanted in asked]
    while waiting:
        name, extras = waiting.pop()
        if name in left_out or name in names:
            continue
        names.add(name)
        waiting += [(canonicalize_name(need.name), frozenset(need.extras)) for need in _needs(name, extras)]
    return sorted(names)


def _needs(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Give what an installed distribution needs here."""
    for text in metadata.requires(name) or ():
        need = Requirement(text)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            yield need


def _fill(folder: Path, platform: str | None) -> None:
    """Copy or install the packed distributions, then drop what no program reads."""
    if platform is None:
        for name in packaged_names():
            _copy_installed(name, folder)
    else:
        _install_for(platform, folder)
    for found in (*folder.rglob("*.pyi"), *folder.rglob("py.typed")):
        found.unlink()
    for name in UNREAD:
        unread = folder / name
        unread.unlink() if unread.is_file() else shutil.rmtree(unread)
    for described in folder.glob("*.dist-info"):
        if canonicalize_name(described.name.split("-")[0]) not in READ_AT_RUN_TIME:
            shutil.rmtree(described)
    for leftover in ("bin", "__pycache__"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    for library in folder.rglob("*.so"):
        library.write_bytes(without_symbols(library.read_bytes()))


def _keep_licences(folder: Path) -> None:
    """Copy the licence of each distribution whose code is packed, as it asks for."""
    for name in (*packaged_names(), *PACKED_BY_CHALICE):
        for entry in metadata.files(name) or ():
            if entry.parts[0].endswith(".dist-info") and entry.name.startswith(LICENCES):
                kept = folder / "licenses" / name / entry.name
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(entry.locate()), kept)


def _copy_installed(name: str, folder: Path) -> None:
    """Copy the files of an installed distribution, as its record lists them, without its byte code."""
    for entry in metadata.files(name) or ():
        if entry.suffix != ".pyc" and ".." not in entry.parts:
            target = folder / entry
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(entry.locate()), target)


def _install_for(platform: str, folder: Path) -> None:
    """Install the packed distributions for another platform, from wheels only, checked by hash."""
    wanted = folder / "wanted.txt"
    wanted.write_text(locked(packaged_names()))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    options = ["--quiet", "--no-deps", "--no-compile", "--require-hashes", "--only-binary=:all:"]
    options += ["--platform", platform, "--python-version", version, "--implementation", "cp"]
    options += ["--target", str(folder), "--requirement", str(wanted)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options], check=True)
    wanted.unlink()


def locked(names: list[str]) -> str:
    """Cut the lines of some distributions, with their hashes, out of requirements.txt."""
    lock = (PROJECT_DIRECTORY / "requirements.txt").read_text()
    blocks = re.split(r"\n(?=[a-zA-Z0-9])", lock)
    return "\n".join(block for block in blocks if canonicalize_name(re.split(r"[=\[ ]", block)[0]) in names)
