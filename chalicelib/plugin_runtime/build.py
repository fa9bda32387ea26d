"""Building what runs: the author's package, HotSwap's runtime, the checks of its schemas, and bytecode."""

from __future__ import annotations

import copy
import importlib.util
import io
import json
import marshal
import sys
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import fastjsonschema

HANDLER: Final = "_hotswap.handler.handle"

_INJECTED = Path(__file__).parent / "injected"
#: The oldest time that a zip can hold: the same input gives the same bytes, whenever it is built.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Lambda unpacks at most 250 MB; bytecode is a convenience and must never be what breaks that.
_MAX_WITH_BYTECODE_BYTES = 240 * 1024 * 1024
#: Later versions write references to whatever else the process happens to share, so two builds would differ.
#: It costs 0.04 ms a module at start (300 modules: 32 ms instead of 20).
_MARSHAL_VERSION = 2
_GENERATED_IMPORT = "from fastjsonschema import JsonSchemaValueException, JsonSchemaValuesException\n"
_RUNTIME_IMPORT = "from _hotswap.violations import JsonSchemaValueException, JsonSchemaValuesException\n"
_CHECKS_DOCSTRING = '"""Checks of inputs and outputs, written by fastjsonschema when this package was built."""\n'


class UncheckableSchemaError(ValueError):
    """A schema is valid draft-07, yet no check can be made of it; *where* is its place in ``plugin.json``."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


def inject_runtime(package: bytes, *, manifest: Mapping[str, Any], sha256: str, with_bytecode: bool = True) -> bytes:
    """
    Return the package that Lambda runs, with `HANDLER` as its handler.

    *package* must have passed its inspection; *manifest* is its ``plugin.json`` with all defaults, *sha256* its
    hash in hex, which a probe reports. The same arguments give the same bytes on the same Python.

    Bytecode is made here, at the intake, and an author's own is left out: bytecode that the author ships could
    do something else than the source that was reviewed. Unchecked-hash files are used whatever the time stamps
    of the unpacked sources; their names carry the version of this Python, so another one ignores them.

    Raises:
        UncheckableSchemaError: A schema of an operation can't be compiled.
    """
    release = {"name": manifest["name"], "version": manifest["version"], "sha256": sha256}
    # The manifest is written out in full: at start the runtime need not know any default.
    own = dict(_injected_files())
    own["plugin.json"] = _json(manifest)
    own["_hotswap/release.json"] = _json(release)
    own.update(_check_files(manifest))
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as built:
        authored = {info.filename: info for info in source.infolist() if _is_kept(info)}
        unpacked = sum(info.file_size for info in authored.values())
        for name in sorted({*authored, *own}):
            info = authored.get(name)
            content = own[name] if name in own else source.read(name)
            is_executable = info is not None and bool(info.external_attr >> 16 & 0o100)
            _write(built, name, content, is_executable=is_executable)
            if with_bytecode and name.endswith(".py") and unpacked < _MAX_WITH_BYTECODE_BYTES:
                bytecode = _bytecode(name, content)
                unpacked += len(bytecode)
                if bytecode:
                    _write(built, _bytecode_name(name), bytecode)
    return target.getvalue()


def _is_kept(info: zipfile.ZipInfo) -> bool:
    return not (info.is_dir() or info.filename.endswith((".pyc", ".pyo")))


def _injected_files() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_INJECTED.rglob("*.py")):
        yield path.relative_to(_INJECTED).as_posix(), path.read_bytes()


def _check_files(manifest: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield a module for each schema; numbered by name, since an operation's name need not be a module's."""
    yield "_hotswap/checks/__init__.py", _CHECKS_DOCSTRING.encode()
    for index, (name, operation) in enumerate(sorted(manifest["operations"].items())):
        for side in ("input", "output"):
            code = _check_source(operation[side], f"plugin.json#/operations/{name}/{side}")
            yield f"_hotswap/checks/{side}_{index}.py", code.encode()


def _check_source(schema: Mapping[str, Any], where: str) -> str:
    # The generator writes into what it is given, and takes the newest dialect unless it is told another.
    closed = {**copy.deepcopy(dict(schema)), "$schema": "http://json-schema.org/draft-07/schema#"}
    closed.pop("$id", None)
    try:
        # `format` is an annotation in draft-07: it is left to people, here as in the control plane.
        code = fastjsonschema.compile_to_code(
            closed, handlers=_NoNetwork(), use_default=False, use_formats=False, fast_fail=False
        )
    except Exception as error:
        raise UncheckableSchemaError(where, str(error)[:200]) from error
    if _GENERATED_IMPORT not in code:
        raise RuntimeError("fastjsonschema generates other code than this build knows; compare its compile_to_code.")
    return code.replace(_GENERATED_IMPORT, _RUNTIME_IMPORT) + "\n\ncheck = validate\n"


class _NoNetwork(dict[str, Any]):
    """Handlers for every scheme there is: whatever a reference names outside its schema is refused, not fetched."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Any:  # noqa: ANN401 - what the generator's type asks for
        raise ValueError("a reference leads out of the schema")


def _bytecode(name: str, source: bytes) -> bytes:
    """Return the content of an unchecked-hash ``.pyc`` (PEP 552), or nothing for what Python does not compile."""
    try:
        with warnings.catch_warnings(action="ignore"):
            code = compile(source, f"/var/task/{name}", "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Templates, or code for another Python: they ship as they are and fail where they are imported.
        return b""
    header = importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code, _MARSHAL_VERSION)


def _bytecode_name(name: str) -> str:
    folder, _, file = name.rpartition("/")
    cached = f"__pycache__/{file.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
    return f"{folder}/{cached}" if folder else cached


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _write(archive: zipfile.ZipFile, name: str, content: bytes, *, is_executable: bool = False) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3  # Unix, also where this runs on Windows
    info.external_attr = (0o100755 if is_executable else 0o100644) << 16
    archive.writestr(info, content)
