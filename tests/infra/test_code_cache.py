"""Code is unpacked once, however many processes start at the same moment."""

import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.code_cache import LinkingZipFile

FILES = 300
STARTS = 8


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Zip a package, beside an empty cache of its own."""
    cache = tmp_path / "tmp"
    cache.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(cache))
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(FILES):
            archive.writestr(f"package/part_{number}/module.py", f"NUMBER = {number}")
    return path


def test_processes_that_start_at_once_each_get_all_files_of_one_unpacking(package: Path, tmp_path: Path) -> None:
    def start(number: int) -> Path:
        folder = tmp_path / f"process-{number}"
        with LinkingZipFile(package) as archive:
            archive.extractall(folder)
        return folder

    with ThreadPoolExecutor(STARTS) as pool:
        folders = list(pool.map(start, range(STARTS)))

    modules = [sorted(folder.rglob("module.py")) for folder in folders]
    assert {len(found) for found in modules} == {FILES}
    assert {found[0].stat().st_ino for found in modules} == {modules[0][0].stat().st_ino}
    # One link for each process, and the one that they were made from.
    assert modules[0][0].stat().st_nlink == STARTS + 1
