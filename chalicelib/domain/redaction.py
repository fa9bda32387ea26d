"""Redaction: what no log line may hold, by the name of its field or by the look of its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REDACTED = "[redacted]"

#: Fields that are secret by their name, however it is spelt: ``refreshToken``, ``refresh_token``, ``X-Api-Key``.
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|apikey|privatekey|signature|credential|ciphertext|plaintext"
)
#: What is no secret, though a word of its name is.
_OPEN_NAMES = frozenset({"tokenuse"})
#: Texts that are secret wherever they stand. The last group but the first stays, so that a reader sees what it was.
_SECRET_TEXTS = (
    # JSON Web Tokens: header, claims, signature, with what stands right before them. A word is looked through once, and
    # only if two dots follow: from each "eyJ" anew, a stranger's long text of these would take seconds.
    (re.compile(r"(?<![\w-])(?=[\w-]*\.[\w-]{5,}\.)[\w-]*eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {REDACTED}"),
    # Keys of machines (domain/machine_keys.py), but for the id that names them.
    (re.compile(r"\bhsk_[\w-]+"), REDACTED),
    # Addresses that S3 has signed, and keys of AWS.
    (re.compile(r"(?i)(x-amz-(?:signature|security-token|credential)=)[^&\s\"']+"), rf"\1{REDACTED}"),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}"), REDACTED),
    # password=…, "secret": "…" and the like within a text.
    (re.compile(r"(?i)\b(password|passwd|secret|api_?key|token)(\"?\s*[=:]\s*\"?)[^\s\"',&}]+"), rf"\1\2{REDACTED}"),
)
_DEEPEST = 8


def redact(document: Mapping[str, Any], fields: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Give *document* without what is secret, and without the values of *fields* (spelt as `spelt_alike` does)."""
    return {name: REDACTED if _is_secret(name, fields) else _clean(value, fields) for name, value in document.items()}


def spelt_alike(name: str) -> str:
    """Spell a name as all its spellings are compared: ``user_name``, ``userName`` and ``user-name`` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def fields_of(setting: str) -> frozenset[str]:
    """Read names of fields, with commas between them."""
    return frozenset(filter(None, map(spelt_alike, setting.split(","))))


def _is_secret(name: object, fields: frozenset[str]) -> bool:
    spelt = spelt_alike(str(name))
    return spelt in fields or (spelt not in _OPEN_NAMES and _SECRET_NAME.search(spelt) is not None)


def _clean(value: Any, fields: frozenset[str], depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {
            name: REDACTED if _is_secret(name, fields) else _clean(each, fields, depth + 1)
            for name, each in value.items()
        }
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, fields, depth + 1) for each in value]
    text = value if isinstance(value, str) else str(value)
    for pattern, instead in _SECRET_TEXTS:
        text = pattern.sub(instead, text)
    return text
