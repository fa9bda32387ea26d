"""Arguments that several commands read the same way: JSON given in place, from a file, or from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from hotswap.errors import UsageError

ENVIRONMENTS = click.Choice(["Development", "QA", "Staging", "Production"], case_sensitive=False)
STRATEGIES = click.Choice(["Direct", "Canary", "BlueGreen", "Rolling", "ABTesting"], case_sensitive=False)
PLUGIN_TYPES = click.Choice(
    [
        "PaymentGateway",
        "AuthProvider",
        "NotificationChannel",
        "DataProcessor",
        "ReportingEngine",
        "WorkflowAutomation",
        "ApiIntegration",
        "BusinessLogic",
        "Other",
    ],
    case_sensitive=False,
)


def json_object(given: str, *, option: str) -> dict[str, Any]:
    """
    Read a JSON object: in place, ``@file``, or ``-`` for stdin.

    Raises:
        UsageError: It cannot be read, or is no object.
    """
    text = _text(given, option=option)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{option} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            fix=f"""write {option} '{{"name": "value"}}', {option} @file.json, or {option} - for stdin""",
        ) from error
    if not isinstance(document, dict):
        raise UsageError(f"{option} must be a JSON object.", fix=f"""write {option} '{{"name": "value"}}'""")

    return document


def limits(given: Sequence[str], *, option: str) -> dict[str, int]:
    """
    Read limits, each as ``NAME=LIMIT``.

    Raises:
        UsageError: One is written otherwise, its limit is no whole number, or a name is there twice.
    """
    found: dict[str, int] = {}
    for each in given:
        name, sign, number = each.partition("=")
        if not (name and sign and number.isascii() and number.isdigit()) or name in found:
            raise UsageError(
                f"{option} {each} can't be read.", fix=f"write {option} requestsPerMinute=600, each name once"
            )
        found[name] = int(number)

    return found


def read_file(path: Path, *, option: str) -> str:
    """
    Read a text file that an option names.

    Raises:
        UsageError: It cannot be read as UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no UTF-8 text"
        raise UsageError(f"{option}: {path} cannot be read: {reason}.", fix="name a text file that exists") from error


def _text(given: str, *, option: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if given.startswith("@"):
        return read_file(Path(given[1:]), option=option)

    return given
