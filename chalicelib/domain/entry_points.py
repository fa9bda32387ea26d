"""Entry points: whether a module defines the function that the manifest names, found without running it."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from typing import Final

from chalicelib.domain.findings import Finding
from chalicelib.domain.manifest import Manifest

#: ``handle(operation, input, context)``
_ARGUMENTS: Final = 3
_WRONG_ALWAYS: Final = re.compile(r"was never closed|expected ':'|does not match opening")
_SIGNATURE: Final = "def {}(operation: str, input: dict, context: PluginContext) -> dict:"


def entry_point_findings(source: bytes, path: str, manifest: Manifest) -> tuple[Finding, ...]:
    """Say what keeps the module *source*, at *path* in the package, from giving the manifest's entry point."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source, path)
    except SyntaxError as error:
        return (_syntax_finding(error, path, manifest),)
    except (ValueError, RecursionError, MemoryError):
        # A NUL, an unknown encoding, or nesting that no parser takes.
        return (
            Finding("ENTRY_POINT_UNREADABLE", path, "Python can't read the module.", "Save it as plain UTF-8 source."),
        )
    return tuple(_definition_findings(tree, path, manifest))


def _syntax_finding(error: SyntaxError, path: str, manifest: Manifest) -> Finding:
    where = f"{path}:{error.lineno}" if error.lineno else path
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # This very interpreter reads the source. What a newer Python may have learned since, only the start of
    # the plugin can tell; broken indentation and open brackets are wrong in all of them.
    is_wrong_always = isinstance(error, IndentationError) or bool(_WRONG_ALWAYS.search(error.msg))
    is_newer = _minor(manifest.runtime) > _minor(ours) and not is_wrong_always
    message = f"It is not valid {ours if is_newer else 'Python'}: {error.msg}."
    fix = f"Correct line {error.lineno}." if error.lineno else "Correct the syntax."
    return Finding("ENTRY_POINT_SYNTAX", where, message, fix, "warning" if is_newer else "error")


def _minor(runtime: str) -> int:
    return int(runtime.rpartition(".")[2])


def _definition_findings(tree: ast.Module, path: str, manifest: Manifest) -> Iterator[Finding]:
    name = manifest.function
    signature = _SIGNATURE.format(name)
    bound = list(_bound(tree.body, name))
    if not bound:
        message = f"The module does not define {name} at its top level."
        yield Finding("ENTRY_POINT_MISSING", path, message, f"Add `{signature}`, or correct entryPoint.")
        return
    last = bound[-1]
    where = f"{path}:{last.lineno}"
    if isinstance(last, ast.AsyncFunctionDef):
        message = f"{name} is asynchronous; it would return a coroutine, not a result."
        yield Finding("ENTRY_POINT_SIGNATURE", where, message, f"Write `{signature}`.")
    elif isinstance(last, ast.FunctionDef) and not last.decorator_list and not _takes_three(last.args):
        message = f"{name} can't be called with three positional arguments."
        yield Finding("ENTRY_POINT_SIGNATURE", where, message, f"Write `{signature}`.")
    elif isinstance(last, ast.ClassDef):
        yield Finding("ENTRY_POINT_SIGNATURE", where, f"{name} is a class, not a function.", f"Write `{signature}`.")


def _bound(body: list[ast.stmt], name: str) -> Iterator[ast.stmt]:
    """Yield the statements at module level that (may) give *name* a meaning, in order."""
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if statement.name == name:
                    yield statement
            case ast.Import() | ast.ImportFrom():
                if any(alias.name == "*" or (alias.asname or alias.name) == name for alias in statement.names):
                    yield statement
            case ast.Assign() | ast.AnnAssign():
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                if any(isinstance(node, ast.Name) and node.id == name for t in targets for node in ast.walk(t)):
                    yield statement
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try():
                for nested in _blocks(statement):
                    yield from _bound(nested, name)
            case _:
                pass


def _blocks(statement: ast.If | ast.For | ast.While | ast.With | ast.Try) -> Iterator[list[ast.stmt]]:
    yield statement.body
    yield getattr(statement, "orelse", [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body
    yield getattr(statement, "finalbody", [])


def _takes_three(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    required = positional - len(arguments.defaults)
    has_room = positional >= _ARGUMENTS or arguments.vararg is not None
    needs_keyword = any(default is None for default in arguments.kw_defaults)
    return required <= _ARGUMENTS and has_room and not needs_keyword
