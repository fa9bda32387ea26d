"""Log lines as JSON on stderr, each with the tenant and the execution it belongs to, none with a secret."""

import json
import logging
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

#: Shorter values occur by chance everywhere; masking them would make logs unreadable.
MIN_SECRET_CHARACTERS = 4

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def redactor(secrets: "Mapping[str, str]") -> "Callable[[str], str]":
    """Return a function that puts ``[secret NAME]`` in the place of every secret's value in a text."""
    spellings = {
        spelling: name
        for name, value in secrets.items()
        if len(value) >= MIN_SECRET_CHARACTERS
        # Inside the `repr` of something a line break is two characters.
        for spelling in (value, repr(value)[1:-1])
    }
    # The longest first: one secret may be part of another.
    known = sorted(spellings.items(), key=lambda pair: -len(pair[0]))

    def redact(text: str) -> str:
        for value, name in known:
            text = text.replace(value, f"[secret {name}]")
        return text

    return redact


def write_line(level: str, message: str, fields: "Mapping[str, Any]", redact: "Callable[[str], str]" = str) -> None:
    """Write one line to stderr; whatever JSON does not know is written as its ``repr``."""
    document = {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "level": level,
        "message": redact(message),
        **{key: _clean(value, redact) for key, value in fields.items()},
    }
    sys.stderr.write(json.dumps(document, default=repr) + "\n")
    sys.stderr.flush()


def _clean(value: object, redact: "Callable[[str], str]", depth: int = 6) -> object:
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth and isinstance(value, dict):
        return {redact(str(key)): _clean(item, redact, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list | tuple):
        return [_clean(item, redact, depth - 1) for item in value]
    return redact(repr(value))


class ExecutionLogger(logging.Logger):
    """The logger of one call: registered nowhere, gone with the call, so no line gets another tenant's name."""

    def __init__(self, name: str, fields: "Mapping[str, Any]", redact: "Callable[[str], str]") -> None:
        super().__init__(name, logging.INFO)
        self._fields = dict(fields)
        self._redact = redact

    def handle(self, record: logging.LogRecord) -> None:
        """Write *record*, with what was given as ``extra`` and the trace of an exception."""
        extra: dict[str, Any] = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            extra["exception"] = logging.Formatter().formatException(record.exc_info)
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # A log line with the wrong number of arguments must not fail the call.
            message = f"{record.msg} {record.args!r}"
        write_line(record.levelname, message, {**extra, **self._fields}, self._redact)
