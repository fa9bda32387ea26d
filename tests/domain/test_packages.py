"""What a package may be, and what an archive made to harm runs into."""

import io
import json
import struct
import zipfile
import zlib
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import archives
from chalicelib.domain.archives import MAX_ENTRIES, MAX_PACKAGE_BYTES, ArchiveError, list_entries, read_entry
from chalicelib.domain.packages import PackageReport, inspect_package
from tests import packages
from tests.packages import ECHO, a_manifest, a_package, a_zip, with_entry


def inspect(package: bytes) -> PackageReport:
    return inspect_package(io.BytesIO(package), len(package))


def codes(package: bytes) -> set[str]:
    return {finding.code for finding in inspect(package).findings}


def test_a_good_package_is_accepted_with_its_manifest() -> None:
    report = inspect(a_package(files={"data/": "", "data/rates.csv": "eur,1"}))

    assert report.is_accepted
    assert report.findings == ()
    assert report.manifest
    assert report.manifest.name == "echo"
    assert report.files == 3
    assert report.unpacked_bytes > len(ECHO)


def test_names_of_any_script_are_accepted() -> None:
    assert inspect(packages.with_unicode_names()).is_accepted


@pytest.mark.parametrize(
    "package,code",
    [
        (b"", "NOT_A_ZIP"),
        (b"PK\x05\x06", "NOT_A_ZIP"),
        (b"hello" * 1_000, "NOT_A_ZIP"),
        (a_package()[:-30], "NOT_A_ZIP"),
        (b"#!/bin/sh\n" + a_package(), "ZIP_AMBIGUOUS"),
        (a_package() + b"\0", "ZIP_AMBIGUOUS"),
        (packages.zip_slip(), "ZIP_SLIP"),
        (packages.bomb(), "ZIP_BOMB"),
        (packages.lying_bomb(), "ZIP_BOMB"),
        (packages.overlapping(), "ENTRY_OVERLAPS"),
        (packages.symlink(), "ENTRY_LINK"),
        (packages.device(), "ENTRY_SPECIAL"),
        (packages.encrypted(), "ENTRY_ENCRYPTED"),
        (packages.without_manifest(), "MANIFEST_MISSING"),
        (packages.in_a_folder(), "MANIFEST_MISSING"),
        (a_zip([]), "MANIFEST_MISSING"),
        (with_entry("/etc/passwd"), "ZIP_SLIP"),
        (with_entry("a/../../b"), "ZIP_SLIP"),
        (with_entry("a/.."), "ZIP_SLIP"),
        (with_entry("..\\..\\b.py"), "ZIP_SLIP"),
        (with_entry("a\\b.py"), "NAME_NOT_PORTABLE"),
        (with_entry("C:evil.py"), "NAME_NOT_PORTABLE"),
        (with_entry("a//b"), "NAME_NOT_PLAIN"),
        (with_entry("./b"), "NAME_NOT_PLAIN"),
        (with_entry("a\nb"), "NAME_CONTROL_CHARACTER"),
        (with_entry("a\x1b[2Jb"), "NAME_CONTROL_CHARACTER"),
        (with_entry("a" * 256), "NAME_TOO_LONG"),
        (with_entry("a/" * 40 + "b"), "NAME_TOO_LONG"),
        (with_entry("_hotswap/handler.py"), "NAME_RESERVED"),
        (with_entry("_HotSwap/x"), "NAME_RESERVED"),
        (with_entry("_hotswap.py"), "NAME_RESERVED"),
        (with_entry("hotswap_plugin.py"), "NAME_RESERVED"),
        (with_entry("hotswap_plugin/__init__.py"), "NAME_RESERVED"),
        (with_entry("hotswap_plugin.cpython-313-x86_64-linux-gnu.so"), "NAME_RESERVED"),
        (with_entry("ECHO.py"), "NAME_TAKEN"),
        (with_entry("echo.py/x"), "NAME_TAKEN"),
        (a_package(files={"e\u0301.txt": "", "\u00e9.txt": ""}), "NAME_TAKEN"),
        (with_entry("lib/secret.pyc"), "BYTECODE_WITHOUT_SOURCE"),
        (a_package(version="1"), "MANIFEST_FIELD_INVALID"),
        (a_package("def handle(:\n", runtime="python3.11"), "ENTRY_POINT_SYNTAX"),
        (a_zip([("plugin.json", json.dumps(a_manifest())), ("other.py", ECHO)]), "ENTRY_POINT_MISSING"),
        (a_package("#" * 2_100_000), "ENTRY_POINT_TOO_LARGE"),
    ],
)
def test_what_harms_or_misleads_is_rejected(package: bytes, code: str) -> None:
    report = inspect(package)

    assert not report.is_accepted
    assert code in {finding.code for finding in report.findings}
    assert all(finding.where and finding.message and finding.fix for finding in report.findings)


def test_a_package_over_the_limit_is_rejected_before_a_byte_is_read() -> None:
    class Unread(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("read")

    report = inspect_package(Unread(), MAX_PACKAGE_BYTES + 1)

    assert [finding.code for finding in report.findings] == ["PACKAGE_TOO_LARGE"]


def test_more_than_can_be_unpacked_is_rejected_however_well_it_is_spread() -> None:
    # Each entry stays below the floor under which no ratio is dangerous; together they are too much.
    package = a_package(files={f"part{number}.bin": bytes(4_900_000) for number in range(60)})

    report = inspect(package)

    assert [finding.code for finding in report.findings] == ["UNPACKED_TOO_LARGE"]


def test_too_many_entries_are_rejected_before_they_are_listed() -> None:
    package = a_zip((f"{number}", b"") for number in range(MAX_ENTRIES + 1))

    assert codes(package) == {"TOO_MANY_ENTRIES"}


def test_an_archive_of_the_large_kind_is_rejected() -> None:
    package = bytearray(a_package())
    end = package.rindex(b"PK\x05\x06")
    package[end:end] = b"PK\x06\x07" + bytes(16)

    assert codes(bytes(package)) == {"TOO_MANY_ENTRIES"}


def test_a_directory_that_lists_fewer_entries_than_it_announces_is_rejected() -> None:
    package = bytearray(a_package())
    end = package.rindex(b"PK\x05\x06")
    package[end + 8 : end + 12] = struct.pack("<2H", 1, 1)

    assert codes(bytes(package)) == {"ZIP_AMBIGUOUS"}


def test_a_directory_full_of_rubbish_is_no_zip() -> None:
    package = bytearray(a_package())
    start = package.index(b"PK\x01\x02")
    package[start : start + 4] = b"XXXX"

    assert codes(bytes(package)) == {"NOT_A_ZIP"}


def test_a_header_that_names_another_file_than_the_directory_is_rejected() -> None:
    package = a_package().replace(b"echo.py", b"evil.py", 1)

    assert "ZIP_AMBIGUOUS" in codes(package)


def test_a_header_that_is_not_there_is_rejected() -> None:
    package = bytearray(a_package())
    package[0:4] = b"XXXX"

    assert "ZIP_AMBIGUOUS" in codes(bytes(package))


def test_an_entry_with_a_second_name_is_rejected() -> None:
    info = zipfile.ZipInfo("a.txt")
    info.extra = struct.pack("<2H", 0x9999, 0) + struct.pack("<2HBL", 0x7075, 9, 1, 0) + b"b.tx"
    package = a_zip([("plugin.json", json.dumps(a_manifest())), ("echo.py", ECHO), (info, "x")])

    assert codes(package) == {"ZIP_AMBIGUOUS"}


def test_a_name_that_goes_on_after_a_nul_is_rejected() -> None:
    package = a_package(files={"safe.txtXevil": "x"}).replace(b"safe.txtXevil", b"safe.txt\0evil")

    assert "NAME_CONTROL_CHARACTER" in codes(package)


def test_an_unusual_compression_is_rejected() -> None:
    packed = io.BytesIO(a_package())
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("a.txt", "x" * 100, zipfile.ZIP_BZIP2)

    assert codes(packed.getvalue()) == {"ENTRY_COMPRESSION"}


def test_a_flipped_bit_in_the_data_is_found() -> None:
    package = bytearray(a_package(files={"a.txt": "some text " * 50}))
    package[package.index(b"a.txt") + 8] ^= 0xFF

    assert codes(bytes(package)) == {"ENTRY_CORRUPT"}


@pytest.mark.parametrize("tail", [b"", b"hidden behind the end"])
def test_data_that_ends_too_early_or_goes_on_is_found(tail: bytes) -> None:
    # By hand: no writer makes such an entry.
    content = b"text" * 10
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    stream = compressor.compress(content) + compressor.flush()
    data = stream + tail if tail else stream[:-3]
    crc = zlib.crc32(content)
    common = struct.pack("<5H3L2H", 20, 0, 8, 0, 0, crc, len(data), len(content), 1, 0)
    header = b"PK\x03\x04" + common + b"a" + data
    directory = b"PK\x01\x02" + struct.pack("<H", 20) + common + struct.pack("<3H2L", 0, 0, 0, 0, 0) + b"a"
    end = b"PK\x05\x06" + struct.pack("<4H2LH", 0, 0, 1, 1, len(directory), len(header), 0)

    assert codes(header + directory + end) == {"ENTRY_CORRUPT"}


def test_a_folder_that_claims_to_be_a_file_is_rejected() -> None:
    info = zipfile.ZipInfo("data/")
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    package = a_zip([("plugin.json", json.dumps(a_manifest())), ("echo.py", ECHO), (info, "content")])

    assert codes(package) == {"ENTRY_SPECIAL"}


def test_a_manifest_in_a_folder_is_pointed_out() -> None:
    (finding,) = inspect(packages.in_a_folder()).findings

    assert finding.where == "echo-plugin/plugin.json"
    assert finding.fix == "Zip what is inside that folder, not the folder itself."


def test_a_manifest_with_other_letters_is_pointed_out() -> None:
    (finding,) = inspect(a_zip([("Plugin.JSON", "{}")])).findings

    assert finding.fix == "Name it plugin.json."


def test_a_manifest_too_large_is_not_read() -> None:
    assert codes(a_zip([("plugin.json", " " * 200_000)])) == {"MANIFEST_TOO_LARGE"}


def test_a_manifest_of_another_plugin_is_valid_and_disagrees() -> None:
    report = inspect(packages.disagreeing())

    assert report.is_accepted
    assert report.manifest
    assert len(report.manifest.disagreements(name="echo", version="1.0.0")) == 2


def test_what_is_wrong_with_names_and_manifest_is_told_together() -> None:
    found = codes(a_package(version="1", files={"_hotswap/x": "", "ECHO.PY": ""}))

    assert found == {"NAME_RESERVED", "NAME_TAKEN", "MANIFEST_FIELD_INVALID"}


def test_findings_are_no_more_than_an_author_can_read_errors_first() -> None:
    names = {f"lib{number}.dylib": "" for number in range(100)} | {"_hotswap/x": ""}

    found = inspect(a_package(files=names)).findings

    assert len(found) == 50
    assert found[0].code == "NAME_RESERVED"


@pytest.mark.parametrize(
    "name,fix",
    [
        ("lib/_speedups.pyd", "--platform"),
        ("lib/x.cpython-313-darwin.so", "--platform"),
        ("lib/x.cpython-312-x86_64-linux-gnu.so", "--python-version 3.13"),
    ],
)
def test_native_code_for_another_system_is_a_warning(name: str, fix: str) -> None:
    report = inspect(with_entry(name))

    assert report.is_accepted
    assert [finding.code for finding in report.findings] == ["NATIVE_CODE_FOREIGN"]
    assert fix in report.findings[0].fix


def test_native_code_for_the_plugins_own_python_is_fine() -> None:
    assert inspect(with_entry("lib/x.cpython-313-x86_64-linux-gnu.so")).findings == ()


def test_bytecode_beside_its_source_is_fine_since_it_is_made_anew() -> None:
    assert inspect(with_entry("__pycache__/echo.cpython-313.pyc")).findings == ()


def test_a_name_is_shown_so_that_it_does_no_harm() -> None:
    assert archives.shown("a\x1b[2J") == "a\\x1b[2J"
    assert archives.shown("größe.txt") == "größe.txt"
    assert len(archives.shown("a" * 1_000)) == 200


def test_a_package_hides_a_module_of_the_same_name_as_python_has_it() -> None:
    report = inspect(a_package("def handle(o, i, c): ...", files={"echo/__init__.py": "x = 1"}))

    assert [(finding.code, finding.where) for finding in report.findings] == [
        ("ENTRY_POINT_MISSING", "echo/__init__.py")
    ]


def test_data_that_would_end_behind_the_end_of_the_file_is_found() -> None:
    package = bytearray(a_package(files={"a.txt": "x"}))
    directory = package.rindex(b"PK\x01\x02")
    package[directory + 20 : directory + 24] = struct.pack("<L", 1_000_000)

    assert "ENTRY_CORRUPT" in codes(bytes(package))


def test_an_entry_that_is_stored_as_it_is_can_be_read() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", b"x" * 600_000)
    (entry,) = list_entries(packed, len(packed.getvalue()))

    assert read_entry(packed, entry) == b"x" * 600_000


@given(st.data())
def test_no_damage_to_a_package_makes_the_inspection_fail(data: st.DataObject) -> None:
    package = bytearray(a_package(files={"data/a.txt": "text " * 40}))
    for _ in range(data.draw(st.integers(1, 8))):
        package[data.draw(st.integers(0, len(package) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(package)))
    file: BinaryIO = io.BytesIO(bytes(package[:cut] if data.draw(st.booleans()) else package))

    report = inspect_package(file, len(file.read()))

    assert report.is_accepted == (not any(each.severity == "error" for each in report.findings))


@given(st.binary(max_size=400))
def test_no_bytes_make_the_inspection_fail(content: bytes) -> None:
    with pytest.raises(ArchiveError):
        list_entries(io.BytesIO(content), len(content))


@given(st.dictionaries(st.text(min_size=1, max_size=30), st.binary(max_size=50), max_size=6))
def test_an_accepted_package_unpacks_into_its_folder_and_each_name_to_a_file_of_its_own(
    files: dict[str, bytes],
) -> None:
    names = {name for name in files if not name.endswith("/")}
    package = a_package(files={name: files[name] for name in names})

    if inspect(package).is_accepted:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            listed = [info.filename for info in archive.infolist()]
        assert len({name.casefold() for name in listed}) == len(listed)
        assert not [name for name in listed if name.startswith("/") or ".." in name.split("/") or "\\" in name]
