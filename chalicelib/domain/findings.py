"""What a check found: a value that says what, where and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One finding about a package or its manifest.

    *code* is stable and machine-readable (``ZIP_SLIP``), *where* a file or JSON pointer
    (``plugin.json#/entryPoint``), *fix* an instruction to the author. An ``error`` rejects the
    version, a ``warning`` does not.
    """

    code: str
    where: str
    message: str
    fix: str
    severity: Literal["error", "warning"] = "error"
