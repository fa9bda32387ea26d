"""`make audit`: ask the OSV database whether what the locks name has flaws that are known, in one request."""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_LOCK = Path(__file__).parent.parent / "requirements-dev.txt"
_PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE | re.IGNORECASE)
_URL = "https://api.osv.dev/v1/querybatch"
_TIMEOUT_SECONDS = 10

#: Flaws that are known and do not reach us: identifier to the reason why.
ACCEPTED: Mapping[str, str] = {}

Ask = Callable[[bytes], bytes]


def pinned(lock: str) -> list[tuple[str, str]]:
    """Name what a lock file pins, with its versions; everything of requirements.txt is in requirements-dev.txt."""
    return sorted(set(_PINNED.findall(lock)))


def flaws(packages: list[tuple[str, str]], ask: Ask, accepted: Mapping[str, str] = ACCEPTED) -> dict[str, list[str]]:
    """
    Ask for the known flaws of *packages*, and give those that are not *accepted*, by package.

    Raises:
        OSError: The database does not answer.
        ValueError: It answers something else than asked for.
    """
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in packages]
    answer: dict[str, Any] = json.loads(ask(json.dumps({"queries": queries}).encode()))
    results = answer.get("results", [])
    if len(results) != len(packages):
        raise ValueError(f"{len(packages)} were asked for, {len(results)} answered")
    found = {
        f"{name} {version}": [each["id"] for each in result.get("vulns", []) if each["id"] not in accepted]
        for (name, version), result in zip(packages, results, strict=True)
    }
    return {package: ids for package, ids in found.items() if ids}


def main(ask: Ask, lock: str, accepted: Mapping[str, str] = ACCEPTED) -> int:
    """Say what is known of *lock*: 0 when nothing is, or nobody could be asked, which is said; 1 when something is."""
    packages = pinned(lock)
    try:
        found = flaws(packages, ask, accepted)
    except (OSError, ValueError) as error:
        sys.stdout.write(f"  ! NOT AUDITED: {len(packages)} packages, but the OSV database can't be asked ({error})\n")
        return 0
    for package, ids in found.items():
        sys.stdout.write(
            f"  ✗ {package}: {', '.join(ids)}\n    fix: make lock UPGRADE=1, or say why it does not reach us\n"
        )
    if not found:
        sys.stdout.write(f"  ✓ {len(packages)} packages, no known flaw\n")
    return 1 if found else 0


def _ask_osv(body: bytes) -> bytes:
    request = urllib.request.Request(_URL, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 # nosec B310 - a constant
        content: bytes = answer.read()
    return content


if __name__ == "__main__":
    sys.exit(main(_ask_osv, _LOCK.read_text()))
