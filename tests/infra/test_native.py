import ctypes
import struct
from importlib import metadata
from pathlib import Path

import pytest

from infra.native import without_symbols

LOADED = 1
#: Where the head of an ELF file tells of its sections.
OF_SECTIONS = {*range(40, 48), *range(60, 64)}


@pytest.fixture(scope="module")
def library() -> bytes:
    (found,) = (entry for entry in metadata.files("cryptography") or () if entry.suffix == ".so")
    return Path(str(found.locate())).read_bytes()


def loaded_segments(library: bytes) -> list[bytes]:
    (at,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    segments = [struct.unpack_from("<IIQQQQ", library, at + number * size) for number in range(count)]

    return [library[offset:][:in_file] for kind, _, offset, _, _, in_file in segments if kind == LOADED]


def test_library_loses_its_symbols_and_nothing_that_is_loaded(library: bytes) -> None:
    cut = without_symbols(library)

    assert len(cut) < 0.9 * len(library)
    assert [len(segment) for segment in loaded_segments(cut)] == [len(segment) for segment in loaded_segments(library)]
    assert {at for at, (new, old) in enumerate(zip(cut, library, strict=False)) if new != old} <= OF_SECTIONS
    assert without_symbols(cut) == cut


def test_library_without_its_symbols_can_be_loaded(library: bytes, tmp_path: Path) -> None:
    cut = tmp_path / "cut.so"
    cut.write_bytes(without_symbols(library))

    assert hasattr(ctypes.PyDLL(str(cut)), "PyInit__rust")


@pytest.mark.parametrize("content", [b"", b"\xcf\xfa\xed\xfe a library of macOS", b"\x7fELF\x01\x01 of 32 bits"])
def test_what_is_no_library_for_lambda_stays_as_it_is(content: bytes) -> None:
    assert without_symbols(content) == content
