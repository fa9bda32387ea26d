"""What a plugin can import: its own files, Python, and the AWS SDK of the platform."""

import sys
from pathlib import Path

from tests.packages import a_package
from tests.plugin_runtime.containers import Container, an_event

IMPORTING = """
import importlib

def handle(operation, input, context):
    try:
        module = importlib.import_module(input["module"])
    except ModuleNotFoundError as error:
        return {"missing": error.name}
    return {"file": module.__file__}
"""


def imported(name: str, folder: Path, files: dict[str, str] | None = None) -> dict[str, str]:
    with Container(a_package(IMPORTING, files=files), folder / "package") as container:
        return container.result(an_event(input={"module": name}))


def test_a_library_that_was_not_packed_is_not_found_though_the_machine_has_it(tmp_path: Path) -> None:
    assert "rich" not in sys.stdlib_module_names

    assert imported("rich", tmp_path) == {"missing": "rich"}


def test_the_control_plane_is_not_found(tmp_path: Path) -> None:
    assert imported("chalicelib", tmp_path) == {"missing": "chalicelib"}


def test_the_aws_sdk_of_the_platform_is_found(tmp_path: Path) -> None:
    assert "site-packages" in imported("boto3", tmp_path)["file"]


def test_a_packed_library_comes_before_the_platforms(tmp_path: Path) -> None:
    found = imported("six", tmp_path, {"six.py": "MINE = True\n"})

    assert found["file"] == str(tmp_path / "package/six.py")


def test_the_standard_library_is_found(tmp_path: Path) -> None:
    assert "file" in imported("sqlite3", tmp_path)
