"""Packages: what an author uploads, and everything that keeps it from becoming a version."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from chalicelib.domain.archive_names import entry_findings
from chalicelib.domain.archives import ArchiveError, Entry, check_contents, list_entries, read_entry, shown
from chalicelib.domain.entry_points import entry_point_findings
from chalicelib.domain.findings import Finding
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.manifest_reading import MAX_FINDINGS, MAX_MANIFEST_BYTES, InvalidManifest, parse_manifest

MANIFEST_NAME: Final = "plugin.json"
#: Nobody writes a module of this size by hand, and parsing one takes memory.
MAX_MODULE_BYTES: Final = 2 * 1000 * 1000

#: What marks a compiled file as made for another machine than Lambda's (Linux, glibc).
_FOREIGN_CODE = re.compile(r"\.(pyd|dll|exe|dylib)$|darwin|win32|win_amd64|musl", re.IGNORECASE)
_ABI = re.compile(r"\.cpython-3(\d+)[a-z]*-(?P<arch>[a-z0-9_]+)-linux-gnu\.so$")


@dataclass(frozen=True, slots=True)
class PackageReport:
    """
    What an inspection saw. *manifest* is None when it is missing or wrong.

    *files* and *unpacked_bytes* are as the archive announces; without an error they are the truth.
    """

    manifest: Manifest | None
    findings: tuple[Finding, ...]
    files: int = 0
    unpacked_bytes: int = 0

    @property
    def is_accepted(self) -> bool:
        """Tell whether nothing found is an error; warnings may be there."""
        return not any(finding.severity == "error" for finding in self.findings)


def inspect_package(file: BinaryIO, size: int) -> PackageReport:
    """
    Inspect the package in *file* (seekable, *size* bytes) in memory, without running any of it.

    The report has all findings that can be had at once, errors first, at most 50.
    """
    try:
        entries = list_entries(file, size)
    except ArchiveError as error:
        return PackageReport(None, (error.finding,))
    damages = check_contents(file, entries)
    findings = [*damages, *entry_findings(entries)]
    by_name = {entry.raw_name: entry for entry in entries}
    manifest = None
    # Of a damaged archive nothing is read: what we saw might not be what Lambda unpacks.
    if not damages:
        read = _read_manifest(file, by_name)
        if isinstance(read, Manifest):
            manifest = read
            findings += _entry_point(file, by_name, manifest)
            findings += _compiled_findings(by_name, manifest)
        else:
            findings += read
    files = sum(not entry.is_folder for entry in entries)
    return PackageReport(manifest, _foremost(findings), files, sum(entry.declared_bytes for entry in entries))


def _foremost(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.severity != "error")[:MAX_FINDINGS])


def _read_manifest(file: BinaryIO, by_name: Mapping[str, Entry]) -> Manifest | tuple[Finding, ...]:
    entry = by_name.get(MANIFEST_NAME)
    if entry is None:
        return (_missing_manifest(by_name),)
    if entry.declared_bytes > MAX_MANIFEST_BYTES:
        message = f"The manifest has {entry.declared_bytes:,} bytes; {MAX_MANIFEST_BYTES:,} are allowed."
        return (Finding("MANIFEST_TOO_LARGE", MANIFEST_NAME, message, "Shorten its schemas and sandbox tests."),)
    manifest = parse_manifest(read_entry(file, entry))
    return manifest.findings if isinstance(manifest, InvalidManifest) else manifest


def _missing_manifest(by_name: Mapping[str, Entry]) -> Finding:
    elsewhere = sorted(
        (name for name in by_name if PurePosixPath(name).name.casefold() == MANIFEST_NAME),
        key=lambda name: name.count("/"),
    )
    if not elsewhere:
        fix = "Put plugin.json beside your modules and pack the folder; `hotswap plugin init` writes one."
        return Finding("MANIFEST_MISSING", MANIFEST_NAME, "There is no plugin.json in the package.", fix)
    found = elsewhere[0]
    message = f"There is no plugin.json at the root of the package, but there is {shown(found)}."
    fix = "Name it plugin.json." if "/" not in found else "Zip what is inside that folder, not the folder itself."
    return Finding("MANIFEST_MISSING", shown(found), message, fix)


def _entry_point(file: BinaryIO, by_name: Mapping[str, Entry], manifest: Manifest) -> tuple[Finding, ...]:
    path = manifest.module.replace(".", "/")
    candidates = (f"{path}/__init__.py", f"{path}.py")
    # The order in which Python itself looks: a package hides a module of the same name.
    entry = next((by_name[name] for name in candidates if name in by_name), None)
    if entry is None:
        return (
            Finding(
                "ENTRY_POINT_MISSING",
                "plugin.json#/entryPoint",
                f"The entry point is in {manifest.module}, but the package has no {candidates[1]}.",
                "Add the module at the root of the package, or correct entryPoint.",
            ),
        )
    if entry.declared_bytes > MAX_MODULE_BYTES:
        message = f"The module has {entry.declared_bytes:,} bytes; {MAX_MODULE_BYTES:,} are allowed."
        return (Finding("ENTRY_POINT_TOO_LARGE", entry.raw_name, message, "Move data out of the module."),)
    return entry_point_findings(read_entry(file, entry), entry.raw_name, manifest)


def _compiled_findings(by_name: Mapping[str, Entry], manifest: Manifest) -> Iterator[Finding]:
    for name in by_name:
        if name.endswith(".pyc") and "__pycache__/" not in f"/{name}".rpartition("/")[0] + "/":
            message = "It is bytecode without its source, which nobody can review."
            yield Finding("BYTECODE_WITHOUT_SOURCE", name, message, "Ship the .py file; HotSwap compiles it.")
        elif _FOREIGN_CODE.search(name):
            message = "It looks like native code for another system than Lambda's Linux."
            fix = "Install for Lambda: pip install --platform manylinux2014_x86_64 --only-binary=:all:"
            yield Finding("NATIVE_CODE_FOREIGN", name, message, fix, "warning")
        elif (abi := _ABI.search(name)) and f"python3.{abi[1]}" != manifest.runtime:
            message = f"It is native code for Python 3.{abi[1]}; the plugin runs on {manifest.runtime}."
            fix = f"Install with --python-version {manifest.runtime.removeprefix('python')}, or change runtime."
            yield Finding("NATIVE_CODE_FOREIGN", name, message, fix, "warning")
