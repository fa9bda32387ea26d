"""
Zip archives that nobody vouches for: read without writing a file and without believing a header.

Two readers of one zip can see different files, and that is what an attacker builds on: we check one,
Lambda unpacks another. So whatever leaves room for two readings is refused, even where it is harmless.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from chalicelib.domain.findings import Finding

#: Limits of CONTRACT §2, in bytes; 250 MB is also what Lambda unpacks at most.
MAX_PACKAGE_BYTES: Final = 100 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 250 * 1024 * 1024
MAX_ENTRIES: Final = 10_000
#: Real code packs 3 to 20 times smaller; deflate can reach 1,032. Below the floor no ratio is dangerous.
MAX_RATIO: Final = 200
RATIO_FLOOR_BYTES: Final = 5 * 1000 * 1000

_SHOWN = 200
_CHUNK_BYTES = 1 << 18
_MAX_DIRECTORY_BYTES = MAX_ENTRIES * 512
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_EXTRA = struct.Struct("<2H")
_END_MAGIC, _LOCAL_MAGIC, _ZIP64_MAGIC = b"PK\x05\x06", b"PK\x03\x04", b"PK\x06\x07"
#: Info-ZIP's second name of an entry (APPNOTE 4.6.9), which some readers prefer and others don't know.
_UNICODE_NAME = 0x7075
_ENCRYPTED, _PATCHED, _STRONGLY_ENCRYPTED = 0x1, 0x20, 0x40

_REPACK = "Pack the folder again with `hotswap plugin pack`."
_WHOLE = "the archive"


class ArchiveError(Exception):
    """Nothing more can be said about this archive than its *finding*."""

    def __init__(self, code: str, message: str, fix: str, *, where: str = _WHOLE) -> None:
        super().__init__(message)
        self.finding = Finding(code, where, message, fix)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the central directory describes it; *raw_name* still has what follows a NUL."""

    raw_name: str
    unix_mode: int
    method: int
    flags: int
    crc: int
    packed_bytes: int
    declared_bytes: int
    header_at: int
    extra: bytes = b""

    @property
    def is_folder(self) -> bool:
        """Tell whether it only makes a folder."""
        return self.raw_name.endswith("/")


def list_entries(file: BinaryIO, size: int) -> tuple[Entry, ...]:
    """
    Read the central directory of *file*, which has *size* bytes.

    Raises:
        ArchiveError: It is no zip, too large, or can be read in more than one way.
    """
    if size > MAX_PACKAGE_BYTES:
        message = f"The package has {size:,} bytes; {MAX_PACKAGE_BYTES:,} are allowed."
        raise ArchiveError("PACKAGE_TOO_LARGE", message, "Leave out what the plugin does not need (.hotswapignore).")
    count = _check_end(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    # The standard reader answers a broken archive with almost any error there is.
    except Exception as error:
        raise ArchiveError("NOT_A_ZIP", "The zip's directory can't be read.", _REPACK) from error
    if len(infos) != count:
        raise ArchiveError("ZIP_AMBIGUOUS", f"It announces {count} entries and lists {len(infos)}.", _REPACK)
    return tuple(
        Entry(
            info.orig_filename,
            info.external_attr >> 16,
            info.compress_type,
            info.flag_bits,
            info.CRC,
            info.compress_size,
            info.file_size,
            info.header_offset,
            info.extra,
        )
        for info in infos
    )


def _check_end(file: BinaryIO, size: int) -> int:
    """Find the end record before the standard reader trusts its sizes; return the number of entries."""
    reach = min(size, _END.size + 0xFFFF)
    file.seek(size - reach)
    tail = file.read(reach)
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveError("NOT_A_ZIP", "The package is not a zip archive.", _REPACK)
    _, disk, first_disk, here, count, directory_bytes, directory_at, comment_bytes = _END.unpack_from(tail, at)
    if tail[at - 20 : at - 16] == _ZIP64_MAGIC or count > MAX_ENTRIES or directory_bytes > _MAX_DIRECTORY_BYTES:
        message = f"It has more than {MAX_ENTRIES:,} entries, or a directory as if it had."
        raise ArchiveError("TOO_MANY_ENTRIES", message, "Leave out what the plugin does not need (.hotswapignore).")
    end_at = size - reach + at
    is_whole = disk == first_disk == 0 and here == count and at + _END.size + comment_bytes == len(tail)
    if not is_whole or directory_at + directory_bytes != end_at:
        message = "There are bytes around the archive, or parts of it are missing."
        raise ArchiveError("ZIP_AMBIGUOUS", message, _REPACK)
    return int(count)


def check_contents(file: BinaryIO, entries: Sequence[Entry]) -> tuple[Finding, ...]:
    """
    Unpack every entry to nowhere, counting the bytes that really come out.

    A finding about the whole archive ends the reading; after one about an entry the others are still read.
    """
    findings: list[Finding] = []
    unpacked = 0
    free_from = 0
    for entry in sorted(entries, key=lambda each: each.header_at):
        try:
            data_at = _check_header(file, entry, free_from)
            free_from = data_at + entry.packed_bytes
            for chunk in _content(file, entry, data_at, MAX_UNPACKED_BYTES - unpacked):
                unpacked += len(chunk)
        except ArchiveError as error:
            findings.append(error.finding)
            if error.finding.where == _WHOLE:
                break
    return tuple(findings)


def read_entry(file: BinaryIO, entry: Entry) -> bytes:
    """
    Return the content of one entry of an archive that `check_contents` found nothing wrong with.

    Raises:
        ArchiveError: The archive was not checked, and this entry is not sound.
    """
    return b"".join(_content(file, entry, _check_header(file, entry, 0), entry.declared_bytes))


def _check_header(file: BinaryIO, entry: Entry, free_from: int) -> int:
    """Hold the entry's own header against the directory; return where its data begins."""
    where = shown(entry.raw_name)
    if entry.flags & (_ENCRYPTED | _STRONGLY_ENCRYPTED):
        raise ArchiveError("ENTRY_ENCRYPTED", "It is encrypted.", "Pack it without a password.", where=where)
    if entry.method not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or entry.flags & _PATCHED:
        message = "It is compressed in a way that Lambda does not read."
        raise ArchiveError("ENTRY_COMPRESSION", message, "Use deflate, or no compression.", where=where)
    file.seek(entry.header_at)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MAGIC):
        raise ArchiveError("ZIP_AMBIGUOUS", "Its header is not where the directory says.", _REPACK, where=where)
    *_, name_bytes, extra_bytes = _LOCAL.unpack(header)
    name = file.read(name_bytes)
    encoding = "utf-8" if entry.flags & 0x800 else "cp437"
    if name != entry.raw_name.encode(encoding, "replace") or _UNICODE_NAME in _extra_ids(entry.extra):
        raise ArchiveError(
            "ZIP_AMBIGUOUS", "It has two names, and readers disagree about which one counts.", _REPACK, where=where
        )
    if entry.header_at < free_from:
        raise ArchiveError("ENTRY_OVERLAPS", "It shares bytes with another entry.", _REPACK)
    return entry.header_at + _LOCAL.size + int(name_bytes) + int(extra_bytes)


def _extra_ids(extra: bytes) -> Iterator[int]:
    while len(extra) >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra)
        yield kind
        extra = extra[_EXTRA.size + length :]


def _content(file: BinaryIO, entry: Entry, data_at: int, budget: int) -> Iterator[bytes]:
    """
    Yield the data of one entry to its real end.

    Raises:
        ArchiveError: More comes out than *budget* or a sane ratio allow, or not what the directory says.
    """
    where = shown(entry.raw_name)
    count = crc = 0
    try:
        for chunk in _chunks(file, entry, data_at):
            count += len(chunk)
            crc = zlib.crc32(chunk, crc)
            if count > budget:
                message = f"It unpacks to more than {MAX_UNPACKED_BYTES:,} bytes."
                raise ArchiveError("UNPACKED_TOO_LARGE", message, "Leave out what the plugin does not need.")
            if count > RATIO_FLOOR_BYTES and count > MAX_RATIO * entry.packed_bytes:
                message = f"{where} unpacks to more than {MAX_RATIO} times its size."
                raise ArchiveError("ZIP_BOMB", message, "Ship such data in a denser form, or make it at run time.")
            yield chunk
    except (zlib.error, EOFError) as error:
        raise ArchiveError("ENTRY_CORRUPT", "Its data is damaged.", _REPACK, where=where) from error
    if (count, crc) != (entry.declared_bytes, entry.crc):
        message = "What comes out is not what the directory announces (size or checksum)."
        raise ArchiveError("ENTRY_CORRUPT", message, _REPACK, where=where)


def _chunks(file: BinaryIO, entry: Entry, data_at: int) -> Iterator[bytes]:
    """
    Yield the entry's data; at most a chunk is in memory, however much it inflates.

    Raises:
        EOFError: The data ends too early, or goes on after its end.
    """
    file.seek(data_at)
    left = entry.packed_bytes
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == zipfile.ZIP_DEFLATED else None
    while left:
        packed = file.read(min(_CHUNK_BYTES, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        if inflater is None:
            yield packed
            continue
        while packed:
            yield inflater.decompress(packed, _CHUNK_BYTES)
            packed = inflater.unconsumed_tail
        if inflater.unused_data or (inflater.eof and left):
            raise EOFError
    if inflater is not None:
        yield inflater.flush()
        if not inflater.eof:
            raise EOFError


def shown(name: str) -> str:
    """Write a name so that no terminal, log or page is harmed by it."""
    safe = name.encode("unicode_escape").decode("ascii") if not name.isprintable() else name
    return safe if len(safe) <= _SHOWN else safe[: _SHOWN - 1] + "…"
