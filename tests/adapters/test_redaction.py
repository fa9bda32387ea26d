"""Redaction: no spelling of a secret's name and no secret within a text gets into a log line."""

import json
import logging
import re
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.redaction import REDACTED, fields_of, redact
from chalicelib.logs import function_logger

ROOT = Path(__file__).parents[2]
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"  # pragma: allowlist secret


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "refreshToken",
        "refresh_token",
        "X-Api-Key",
        "Authorization",
        "Set-Cookie",
        "secrets",
        "clientSecret",
    ],
)
def test_a_field_that_is_secret_by_its_name_is_left_out_however_it_is_spelt(name: str) -> None:
    assert redact({name: "value", "a": {name: ["value"]}}) == {name: REDACTED, "a": {name: REDACTED}}


@pytest.mark.parametrize(
    "text, told",
    [
        (f"refused {TOKEN} of ana", f"refused {REDACTED} of ana"),
        (f"v1.x{TOKEN} of ana", f"v1.{REDACTED} of ana"),
        ("Authorization: Bearer abcdefgh12345678", f"Authorization: Bearer {REDACTED}"),
        ("hsk_01JD9X4Q2M8W6Z3T7R5N1B0KCE_c2VjcmV0 is over", f"{REDACTED} is over"),
        ("https://s3/x?X-Amz-Signature=0a1b2c&a=1", f"https://s3/x?X-Amz-Signature={REDACTED}&a=1"),
        ('body {"password": "hunter2", "a": 1}', f'body {{"password": "{REDACTED}", "a": 1}}'),
        ("token=abc123", f"token={REDACTED}"),
        ("AKIAIOSFODNN7EXAMPLE", REDACTED),  # pragma: allowlist secret
        ("the secret was read, the token is expired", "the secret was read, the token is expired"),
    ],
)
def test_a_secret_within_a_text_is_left_out_and_the_rest_stays(text: str, told: str) -> None:
    assert redact({"message": text, "all": [text, {"a": text}]}) == {"message": told, "all": [told, {"a": told}]}


@pytest.mark.parametrize("part", ["eyJ", "eyJaaaaa.a.", "bearer ", "password ", "token=", "hsk_", "x-amz-signature="])
def test_a_long_text_that_looks_like_secrets_takes_no_time(part: str) -> None:
    began = time.process_time()

    redact({"path": part * (150_000 // len(part))})

    # A few milliseconds; where each of them is looked for to the end of the text, over ten seconds.
    assert time.process_time() - began < 2


def test_what_is_configured_is_left_out_however_it_is_spelt() -> None:
    fields = fields_of("user-name, ip,")

    assert redact({"userName": "ana", "IP": "203.0.113.7", "path": "/v1"}, fields) == {
        "userName": REDACTED,
        "IP": REDACTED,
        "path": "/v1",
    }
    assert fields_of("") == frozenset()


def test_what_is_no_secret_is_told_as_it_is() -> None:
    line: dict[str, Any] = {
        "message": "request",
        "status": 200,
        "ms": 1.5,
        "is": True,
        "none": None,
        "trace_id": "4bf9",
    }

    assert redact(line) == line


def test_what_is_very_deep_is_told_as_a_text_without_its_secrets() -> None:
    deep: dict[str, Any] = {"token": TOKEN}
    for _ in range(20):
        deep = {"a": deep}

    assert TOKEN not in json.dumps(redact(deep))


def a_line(**extra: object) -> dict[str, Any]:
    """Write a log line as a function does."""
    try:
        int(TOKEN)
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "x.py", 1, "a bug", None, (type(error), error, error.__traceback__)
        )
    vars(record).update(extra)
    line: dict[str, Any] = json.loads(function_logger().registered_formatter.format(record))
    return line


def test_a_functions_log_holds_no_secret_not_even_in_the_trace_of_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTSWAP_REDACT", "username")

    line = a_line(username="ana", password="hunter2", action="log_in")

    assert (line["username"], line["password"], line["action"]) == (REDACTED, REDACTED, "log_in")
    assert TOKEN not in json.dumps(line)
    assert f"invalid literal for int() with base 10: '{REDACTED}'" in line["exception"]


def test_every_function_writes_its_log_through_the_one_that_redacts() -> None:
    made = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "chalicelib").glob("**/*.py")
        if "injected" not in path.parts and re.search(r"\bLogger\(", path.read_text())
    }

    assert made == {"chalicelib/logs.py"}
