"""What the entries of a package may be and be called, so that they land in one folder, each in its own place."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Iterator, Sequence

from chalicelib.domain.archives import Entry, shown
from chalicelib.domain.findings import Finding

#: Lambda's file system takes 255 bytes a component; the whole stays well below PATH_MAX under /var/task.
_MAX_COMPONENT_BYTES = 255
_MAX_NAME_BYTES = 512
_MAX_DEPTH = 32
_DRIVE = re.compile(r"[A-Za-z]:")
#: What the build puts into the package itself.
_RUNTIME_FOLDER = "_hotswap"
_AUTHOR_MODULE = "hotswap_plugin"


def entry_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    """Say what is wrong with each entry's name and kind, then with all of them together."""
    for entry in entries:
        yield from _path_findings(entry.raw_name)
        yield from _kind_findings(entry)
        yield from _reserved_findings(entry.raw_name)
    yield from _clash_findings(entries)


def _path_findings(name: str) -> Iterator[Finding]:
    where = shown(name)
    fix = "Use relative paths of plain names, parted by '/'; `hotswap plugin pack` does."
    parts = name.removesuffix("/").split("/")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        yield Finding(
            "NAME_CONTROL_CHARACTER", where, "Its name holds a NUL, a control character or half a character.", fix
        )
    if "\\" in name or _DRIVE.match(name):
        yield Finding("NAME_NOT_PORTABLE", where, "Its name has a backslash or a drive letter.", fix)
    if name.startswith("/") or ".." in parts or ".." in name.replace("\\", "/").split("/"):
        yield Finding("ZIP_SLIP", where, "Its name leads out of the package.", fix)
    elif "" in parts or "." in parts:
        yield Finding("NAME_NOT_PLAIN", where, "Its name has an empty part or a '.'.", fix)
    if _is_too_long(name):
        limits = f"{_MAX_NAME_BYTES} bytes, {_MAX_DEPTH} parts, or {_MAX_COMPONENT_BYTES} bytes in one part"
        message = f"Its name has more than {limits}."
        yield Finding("NAME_TOO_LONG", where, message, "Shorten it, or nest it less deeply.")


def _is_too_long(name: str) -> bool:
    raw = name.encode("utf-8", "replace")
    parts = raw.split(b"/")
    return len(raw) > _MAX_NAME_BYTES or len(parts) > _MAX_DEPTH or max(map(len, parts)) > _MAX_COMPONENT_BYTES


def _kind_findings(entry: Entry) -> Iterator[Finding]:
    where = shown(entry.raw_name)
    kind = stat.S_IFMT(entry.unix_mode)
    if kind == stat.S_IFLNK:
        yield Finding("ENTRY_LINK", where, "It is a symbolic link.", "Put the file itself into the package.")
    elif kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        yield Finding("ENTRY_SPECIAL", where, "It is neither a file nor a folder.", "Leave it out (.hotswapignore).")
    elif (kind == stat.S_IFDIR) != entry.is_folder and kind:
        message = "Its name says folder and its mode says file, or the reverse."
        yield Finding("ENTRY_SPECIAL", where, message, "Pack the folder again with `hotswap plugin pack`.")
    if entry.is_folder and entry.declared_bytes:
        yield Finding("ENTRY_SPECIAL", where, "A folder has no content of its own.", "Give the file a file's name.")


def _reserved_findings(name: str) -> Iterator[Finding]:
    """Compare as a file system would that takes `_HotSwap` for `_hotswap`."""
    top, _, rest = name.partition("/")
    folded = unicodedata.normalize("NFKC", top).casefold()
    is_author_module = folded == _AUTHOR_MODULE or (not rest and folded.split(".")[0] == _AUTHOR_MODULE)
    if folded.split(".")[0] == _RUNTIME_FOLDER or is_author_module:
        yield Finding(
            "NAME_RESERVED",
            shown(name),
            "HotSwap puts a file of this name into the package itself.",
            "Leave it out: `hotswap_plugin` is there when the plugin runs. Rename it if it is your own.",
        )


def _clash_findings(entries: Sequence[Entry]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    files: list[tuple[str, str]] = []
    for name in (entry.raw_name for entry in entries if not _is_too_long(entry.raw_name)):
        folded = unicodedata.normalize("NFC", name.removesuffix("/")).casefold()
        if folded in seen:
            message = (
                f"Another entry has the same name, or one that a file system may take for it: {shown(seen[folded])}."
            )
            yield Finding("NAME_TAKEN", shown(name), message, "Keep one of the two.")
        seen.setdefault(folded, name)
        if not name.endswith("/"):
            files.append((folded, name))
        folder = folded.rpartition("/")[0]
        while folder and folder not in folders:
            folders[folder] = name
            folder = folder.rpartition("/")[0]
    for folded, name in files:
        if folded in folders:
            message = f"It is a file here, and a folder in {shown(folders[folded])}."
            yield Finding("NAME_TAKEN", shown(name), message, "Rename one of the two.")
