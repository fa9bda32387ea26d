"""What of a plugin's folder becomes its package, and that it is the same on any day and machine."""

import io
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.domain.packages import inspect_package
from hotswap.errors import UsageError
from hotswap.packing import pack
from tests.packages import a_package

WHEEL = "greeting-1.0-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay out a plugin's folder as an author has it."""
    folder = tmp_path / "echo"
    with zipfile.ZipFile(io.BytesIO(a_package())) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a library that pip finds without a network; return the line that requires it."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    with zipfile.ZipFile(shelf / WHEEL, "w") as archive:
        archive.writestr("greeting/__init__.py", "HELLO = 'hello'\n")
        archive.writestr("greeting/types.py", "\n")
        archive.writestr("greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n")
        archive.writestr(
            "greeting-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("greeting-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return f"greeting==1.0 --hash=sha256:{sha256((shelf / WHEEL).read_bytes()).hexdigest()}\n"


def names(package: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return set(archive.namelist())


def write(folder: Path, *files: str, text: str = "x") -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


def test_a_folder_becomes_a_package_that_passes_its_inspection(folder: Path) -> None:
    package = pack(folder)

    assert inspect_package(io.BytesIO(package), len(package)).is_accepted
    assert names(package) == {"plugin.json", "echo.py"}


def test_the_same_folder_gives_the_same_bytes_whenever_and_in_whatever_order_it_was_written(folder: Path) -> None:
    before = pack(folder)
    for path in sorted(folder.iterdir(), reverse=True):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, (time.time() + 1_000, time.time() + 1_000))

    assert pack(folder) == before


def test_what_is_private_or_made_by_tools_never_ships(folder: Path) -> None:
    write(folder, ".git/config", ".env", ".env.local", "lib/.cache/x", "__pycache__/echo.cpython-311.pyc", "old.pyc")
    write(folder, "environment/pyvenv.cfg", "environment/lib/site.py", "node_modules/x.js", "echo-1.0.0.zip")

    assert names(pack(folder)) == {"plugin.json", "echo.py"}


def test_the_ignore_file_leaves_out_what_it_names(folder: Path) -> None:
    write(
        folder,
        "tests/test_echo.py",
        "docs/a.md",
        "lib/docs/b.md",
        "lib/deep/c.txt",
        "lib/c.txt",
        "data/docs",
        "notes.md",
    )
    write(folder, ".hotswapignore", text="# comment\n\n/tests/\ndocs/\nlib/*.txt\n*.md\n")

    assert names(pack(folder)) == {"plugin.json", "echo.py", "lib/deep/c.txt", "data/docs"}


def test_executables_stay_executable(folder: Path) -> None:
    write(folder, "bin/tool")
    (folder / "bin/tool").chmod(0o755)

    with zipfile.ZipFile(io.BytesIO(pack(folder))) as archive:
        assert archive.getinfo("bin/tool").external_attr >> 16 == 0o100755


def test_a_link_within_the_folder_ships_as_the_file_it_means(folder: Path) -> None:
    (folder / "alias.py").symlink_to("echo.py")

    with zipfile.ZipFile(io.BytesIO(pack(folder))) as archive:
        assert archive.read("alias.py") == archive.read("echo.py")


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "innocent.txt").symlink_to(tmp_path / "secret.txt")

    with pytest.raises(UsageError, match="leads out of"):
        pack(folder)


def test_a_link_to_nothing_is_told(folder: Path) -> None:
    (folder / "gone.txt").symlink_to("nowhere.txt")

    with pytest.raises(UsageError, match=r"gone\.txt can't be read"):
        pack(folder)


def test_a_folder_with_a_broken_manifest_is_packed_for_its_inspection_to_tell(folder: Path, wheel: str) -> None:
    write(folder, "plugin.json", text="{")
    write(folder, "requirements.txt", text=wheel)

    package = pack(folder)

    assert {each.code for each in inspect_package(io.BytesIO(package), len(package)).findings} == {
        "MANIFEST_UNREADABLE"
    }


def test_requirements_are_packed_beside_the_plugin(folder: Path, wheel: str) -> None:
    write(folder, "requirements.txt", text=wheel)
    write(folder, ".hotswapignore", text="greeting/types.py\n")

    package = pack(folder)

    assert {"greeting/__init__.py", "greeting-1.0.dist-info/METADATA", "requirements.txt"} <= names(package)
    assert not {"greeting/types.py", "greeting-1.0.dist-info/RECORD", "greeting-1.0.dist-info/INSTALLER"} & names(
        package
    )


def test_requirements_are_fetched_once(folder: Path, wheel: str, tmp_path: Path) -> None:
    write(folder, "requirements.txt", text=wheel)
    first = pack(folder)
    (tmp_path / "shelf" / WHEEL).unlink()

    assert pack(folder) == first


def test_two_who_pack_at_once_get_the_same_package(folder: Path, wheel: str) -> None:
    write(folder, "requirements.txt", text=wheel)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(pack, [folder, folder])

    assert first == second
    assert "greeting/__init__.py" in names(first)


def test_a_requirement_without_a_hash_is_refused_with_the_command_that_pins_it(folder: Path, wheel: str) -> None:
    write(folder, "requirements.txt", text="greeting==1.0\n")

    with pytest.raises(UsageError) as refused:
        pack(folder)

    assert "hash" in str(refused.value)
    assert "--generate-hashes --python-version 3.13" in refused.value.fix


def test_a_requirement_that_was_tampered_with_is_refused_and_nothing_is_kept(
    folder: Path, wheel: str, tmp_path: Path
) -> None:
    write(folder, "requirements.txt", text=wheel)
    with zipfile.ZipFile(tmp_path / "shelf" / WHEEL, "a") as archive:
        archive.writestr("greeting/evil.py", "import os\n")

    with pytest.raises(UsageError, match="can't be installed"):
        pack(folder)

    assert list((tmp_path / "cache").rglob("*.py")) == []


def test_an_empty_requirements_file_asks_for_nothing(folder: Path) -> None:
    write(folder, "requirements.txt", text="\n")

    assert names(pack(folder)) == {"plugin.json", "echo.py", "requirements.txt"}


def test_a_file_that_a_requirement_brings_too_is_refused(folder: Path, wheel: str) -> None:
    write(folder, "requirements.txt", text=wheel)
    write(folder, "greeting/__init__.py")

    with pytest.raises(UsageError, match=r"is in .* and in one of its requirements"):
        pack(folder)
