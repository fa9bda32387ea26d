"""Bodies: bytes of a request to a JSON object, or what is wrong with them. Light: no model is involved."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from chalicelib.domain.errors import FieldError, PayloadTooLargeError, ValidationError

#: Lambda takes 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
MAX_BODY_BYTES = 6 * 1024 * 1024
#: Deeper than any document of ours, and far from every parser's own limit.
MAX_DEPTH = 64

_FIX = 'Send one JSON object (RFC 8259, UTF-8): {"name": "value"}.'


def read_object(raw: bytes) -> dict[str, Any]:
    """
    Parse *raw* strictly: one object, UTF-8, finite numbers, at most 64 levels; nothing at all is ``{}``.

    Raises:
        PayloadTooLargeError: It has more than 6 MB (413).
        ValidationError: It is anything else than a JSON object (400).
    """
    if len(raw) > MAX_BODY_BYTES:
        raise PayloadTooLargeError(
            f"The body has {len(raw):,} bytes; the limit is {MAX_BODY_BYTES:,}.",
            fix="Send less, or send a reference to where the data lies.",
        )
    if not raw.strip():
        return {}
    try:
        document = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise malformed(_message_of(error)) from None
    if not isinstance(document, dict):
        raise malformed(f"the body is {_kind_of(document)}, not an object")
    if b"\\ud" in raw.lower() and not _is_text(document):
        raise malformed("it holds half of a surrogate pair")
    # Depth can't exceed the number of brackets, so most bodies need no walk.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _depth_of(document) > MAX_DEPTH:
        raise malformed(f"the body is nested deeper than {MAX_DEPTH} levels")
    return document


def malformed(message: str) -> ValidationError:
    """Say that the body as a whole can't be read."""
    return ValidationError(
        f"The body can't be read: {message}.", fix=_FIX, errors=(FieldError("", message + ".", _FIX),)
    )


def _message_of(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON at line {error.lineno}, column {error.colno} ({error.msg})"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return f"it is nested deeper than {MAX_DEPTH} levels"
    return "it holds a number that JSON can't carry"


def _refuse_constant(_name: str) -> NoReturn:
    # NaN and Infinity are Python's, not JSON's.
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError
    return number


def _kind_of(document: object) -> str:
    kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(document), "a number")


def _is_text(document: dict[str, Any]) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _depth_of(document: dict[str, Any]) -> int:
    """Walk level by level, so that no input can exhaust the stack."""
    level: list[Any] = [document]
    depth = 0
    while level:
        depth += 1
        level = [child for container in level for child in _children_of(container) if isinstance(child, dict | list)]
    return depth


def _children_of(container: dict[str, Any] | list[Any]) -> Iterator[Any]:
    yield from container.values() if isinstance(container, dict) else container
