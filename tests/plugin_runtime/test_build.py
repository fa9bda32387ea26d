"""What runs is the author's package, the runtime, and nothing that the author could have slipped in between."""

import io
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chalicelib.plugin_runtime.build import HANDLER, UncheckableSchemaError, inject_runtime
from tests.packages import a_package, a_zip
from tests.plugin_runtime.containers import Container, an_event, build


def contents(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def test_a_built_package_has_the_authors_files_and_the_runtime() -> None:
    built = contents(build(a_package(files={"data/rates.csv": "eur,1"})))

    assert built["data/rates.csv"] == b"eur,1"
    assert {"plugin.json", "echo.py", "hotswap_plugin.py", "_hotswap/runtime.py", "_hotswap/release.json"} <= set(built)
    assert HANDLER.rpartition(".")[0].replace(".", "/") + ".py" in built


def test_the_release_names_the_hash_of_the_authors_package() -> None:
    package = a_package()

    release = contents(build(package))["_hotswap/release.json"].decode()

    assert sha256(package).hexdigest() in release


def test_the_same_package_gives_the_same_bytes_in_another_process() -> None:
    script = (
        "import sys; from hashlib import sha256; from tests.packages import a_package\n"
        "from tests.plugin_runtime.containers import build\n"
        'source = \'KNOWN = {1, 2}\\ndef handle(o, i, c):\\n    return {} if o in {"handle", "b", "c"} else {}\\n\'\n'
        "sys.stdout.write(sha256(build(a_package(source))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1


def test_bytecode_is_made_here_and_an_authors_own_is_left_out(tmp_path: Path) -> None:
    cached = f"__pycache__/echo.{sys.implementation.cache_tag}.pyc"
    malicious = a_package(files={cached: b"not what the source says", "__pycache__/other.cpython-313.pyc": b"x"})

    built = contents(build(malicious))

    assert built[cached] != b"not what the source says"
    assert "__pycache__/other.cpython-313.pyc" not in built
    with Container(malicious, tmp_path / "package") as container:
        assert container.result(an_event())["operation"] == "handle"


def test_bytecode_can_be_left_out() -> None:
    built = contents(build(a_package(), with_bytecode=False))

    assert not [name for name in built if name.endswith(".pyc")]


def test_a_file_that_is_no_python_for_this_interpreter_ships_uncompiled() -> None:
    built = contents(build(a_package(files={"template.py": "{{ name }} = (", "old.py": b"print 'x'\0"})))

    assert built["template.py"] == b"{{ name }} = ("
    assert not [name for name in built if name.startswith("__pycache__/template")]


def test_executables_stay_executable() -> None:
    info = zipfile.ZipInfo("bin/tool")
    info.create_system = 3
    info.external_attr = 0o100755 << 16
    base = contents(a_package())

    built = build(a_zip([*base.items(), (info, "#!/bin/sh")]))

    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        assert archive.getinfo("bin/tool").external_attr >> 16 == 0o100755
        assert archive.getinfo("echo.py").external_attr >> 16 == 0o100644


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://169.254.169.254/latest/meta-data"},
        {"properties": {"a": {"$id": "ftp://internal/", "$ref": "#/x"}}},
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
    ],
)
def test_a_schema_that_leads_elsewhere_is_refused_and_never_fetched(schema: dict[str, Any]) -> None:
    manifest = {"name": "echo", "version": "1.0.0", "operations": {"handle": {"input": schema, "output": {}}}}

    with pytest.raises(UncheckableSchemaError) as refused:
        inject_runtime(a_package(), manifest=manifest, sha256="")

    assert refused.value.where == "plugin.json#/operations/handle/input"


def test_formats_are_annotations_and_patterns_are_checked(tmp_path: Path) -> None:
    schema = {"properties": {"mail": {"format": "email"}, "id": {"type": "string", "pattern": '^"[a-z]+\\\\"$'}}}
    package = a_package(operations={"handle": {"input": schema}})

    with Container(package, tmp_path / "package") as container:
        accepted = container.answer(an_event(input={"mail": "not a mail", "id": '"ab\\"'}))
        refused = container.failure(an_event(input={"id": "ab"}))

    assert accepted["ok"]
    assert refused["errors"][0]["field"] == "/id"


def test_the_runtime_imports_nothing_but_python_and_itself() -> None:
    source = "\n".join(
        path.read_text() for path in (Path(__file__).parents[2] / "chalicelib/plugin_runtime/injected").rglob("*.py")
    )

    assert "chalicelib" not in source
    assert "import fastjsonschema" not in source
