"""Write a new plugin that works from the first minute: what `plugin init` leaves behind."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

from hotswap.errors import ExitCode, HotSwapError, UsageError

_NAME = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


def scaffold(name: str, plugin_type: str, folder: Path, *, dry_run: bool = False) -> list[Path]:
    """
    Write the plugin *name* into *folder*; tell which files, relative to it.

    Raises:
        UsageError: That cannot be a plugin's name.
        HotSwapError: The folder holds something already; nothing was written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a plugin's name.",
            fix="use 3 to 40 characters: a-z, 0-9 and '-', beginning with a letter, as in tax-engine",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HotSwapError(
            f"{folder} is there already, and not empty.",
            fix="choose another folder with --folder, or empty it",
            code="CONFLICT",
            exit_code=ExitCode.CONFLICT,
        )
    files = _files(name, plugin_type)
    if not dry_run:
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")

    return list(files)


def _files(name: str, plugin_type: str) -> dict[Path, str]:
    module = name.replace("-", "_")
    words = {"$name$": name, "$module$": module, "$type$": plugin_type}

    return {
        Path("plugin.json"): json.dumps(_manifest(name, plugin_type, module), indent=2) + "\n",
        Path(f"{module}.py"): _template("handler.txt", words),
        Path("tests") / f"test_{module}.py": _template("test.txt", words),
        Path("tests") / "hotswap_plugin.py": _plugin_library(),
        Path("README.md"): _template("readme.txt", words),
        Path(".hotswapignore"): "# Not part of the package\ntests/\nREADME.md\n",
    }


def _manifest(name: str, plugin_type: str, module: str) -> dict[str, object]:
    greeting = {"type": "object", "required": ["greeting"], "properties": {"greeting": {"type": "string"}}}

    return {
        "name": name,
        "version": "0.1.0",
        "type": plugin_type,
        "entryPoint": f"{module}:handle",
        "runtime": "python3.13",
        "operations": {
            "greet": {
                "input": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 100}},
                    "additionalProperties": False,
                },
                "output": greeting,
                "retryable": True,
            },
            "ping": {"input": {"type": "object"}, "output": {"type": "object"}, "retryable": True},
        },
        "configSchema": {
            "type": "object",
            "properties": {"salutation": {"type": "string", "default": "Hello"}},
            "additionalProperties": False,
        },
        "secrets": [],
        "resources": {"memoryMb": 256, "timeoutSeconds": 10},
        "healthCheck": {"operation": "ping", "input": {}},
    }


def _template(file: str, words: dict[str, str]) -> str:
    text = resources.files(__name__).joinpath("template", file).read_text(encoding="utf-8")
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)

    return text


def _plugin_library() -> str:
    """Give the module that plugins import, so that a test runs without HotSwap being installed."""
    injected = resources.files("chalicelib.plugin_runtime").joinpath("injected", "hotswap_plugin.py")

    return injected.read_text(encoding="utf-8")
