"""Compiled libraries without what only a debugger reads."""

import struct

# The head of an ELF file of 64 bits, little-endian (System V ABI, "ELF Header"), and its table of segments.
_ELF_64 = b"\x7fELF\x02\x01"
_SEGMENTS_AT = struct.Struct("<32xQ")
_SEGMENT_COUNT = struct.Struct("<54xHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_LOADED = 1
_SECTIONS_AT, _SECTION_COUNTS = slice(40, 48), slice(58, 64)


def without_symbols(library: bytes) -> bytes:
    """
    Cut off what no loader maps: tables of symbols, a tenth of a zip of ours, and the list of sections.

    `strip` would do the same, but is not on every machine that packages. What is no ELF file stays as it is.
    """
    if not library.startswith(_ELF_64):
        return library
    (at,) = _SEGMENTS_AT.unpack_from(library)
    size, count = _SEGMENT_COUNT.unpack_from(library)
    segments = [_SEGMENT.unpack_from(library, at + number * size) for number in range(count)]
    end = max(offset + in_file for kind, _, offset, _, _, in_file, _, _ in segments if kind == _LOADED)
    kept = bytearray(library[: max(end, at + count * size)])
    kept[_SECTIONS_AT] = bytes(8)
    # The size of an entry stays: readers refuse a head without it.
    kept[_SECTION_COUNTS] = library[_SECTION_COUNTS][:2] + bytes(4)
    return bytes(kept)
