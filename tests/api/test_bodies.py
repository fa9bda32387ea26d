"""Bodies that nobody should send, and what comes back; the same in both functions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.bodies import MAX_BODY_BYTES, MAX_DEPTH, read_object
from chalicelib.domain.errors import DomainError, PayloadTooLargeError, ValidationError
from tests.api.gateway import Gateway
from tests.api.scenes import PLUGIN
from tests.fakes import FakeWorld

ROUTES = [("/v1/plugins", "ana"), (f"/v1/plugins/{PLUGIN}/invoke", "hugo"), ("/v1/authentication/login", None)]
NOT_OBJECTS = ["[]", '["a"]', '"text"', "7", "null", "true"]
NOT_JSON = ["{", "name=stripe", "{'name': 1}", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "\x00", "{}{}", "<a/>"]
DEEP = '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1)
ABYSS = '{"input":' + "[" * 200_000 + "]" * 200_000 + "}"


@pytest.mark.parametrize("path, as_", ROUTES)
@pytest.mark.parametrize("body", [*NOT_OBJECTS, *NOT_JSON, DEEP, ABYSS, '{"a": ' + "9" * 5000 + "}"])
def test_a_body_that_is_no_object_of_json_is_a_400_that_says_so(
    api: Gateway, path: str, as_: str | None, body: str
) -> None:
    answer = api.post(path, body, as_)

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")
    assert answer.json["errors"][0]["field"] == ""
    assert answer.json["fix"]


@pytest.mark.parametrize("path, as_", ROUTES)
def test_seven_megabytes_are_a_413(api: Gateway, path: str, as_: str | None) -> None:
    answer = api.post(path, json.dumps({"a": "x" * 7 * 1024 * 1024}), as_)

    assert (answer.status, answer.code) == (413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("path, as_", ROUTES[:1])
@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_another_media_type_is_a_415(api: Gateway, path: str, as_: str, media_type: str) -> None:
    answer = api.post(path, "{}", as_, headers={"Content-Type": media_type})

    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_json_may_say_its_charset(api: Gateway) -> None:
    body = {"name": PLUGIN, "type": "Other"}

    assert api.post("/v1/plugins", body, headers={"Content-Type": "application/json; charset=utf-8"}).status == 201


def test_a_method_that_a_path_does_not_take_is_a_405_that_says_which_it_takes(api: Gateway) -> None:
    answer = api.put("/v1/plugins", {})

    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "POST, GET"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("as_", ["ana", "vera"])
def test_a_name_longer_than_any_key_is_a_404_for_who_may_and_for_who_may_not(api: Gateway, as_: str) -> None:
    name = "a" * 5000

    answers = [
        api.get(f"/v1/plugins/{name}", as_),
        api.get(f"/v1/deployments/{name}", as_),
        api.post(f"/v1/plugins/{name}/deprecate", {"reason": "old", "migrationGuide": "none"}, as_),
    ]

    assert {(answer.status, answer.code) for answer in answers} == {(404, "NOT_FOUND")}


@pytest.mark.parametrize(
    "field, value, fix",
    [
        ("displayName", "a\r\nSet-Cookie: b", "without control characters"),
        ("description", "x" * 10_001, "at most 10,000 characters"),
        ("description", 7, "Send a text"),
        ("sandboxEnabled", "yes", "Send true or false"),
    ],
)
def test_what_is_wrong_with_a_field_says_what_to_send(api: Gateway, field: str, value: object, fix: str) -> None:
    answer = api.post("/v1/plugins", {"name": PLUGIN, "type": "Other", field: value})

    assert answer.wrong == {f"/{field}"}
    assert fix in answer.json["errors"][0]["fix"]
    assert "pattern" not in answer.json["errors"][0]["message"]


def test_unknown_fields_are_named_whatever_they_are_called(api: Gateway) -> None:
    answer = api.post("/v1/plugins", {"name": PLUGIN, "type": "Other", "a/b~c": 1, "owner": "root"})

    assert answer.wrong == {"/a~1b~0c", "/owner"}


def test_a_bug_is_a_500_that_tells_nothing_and_is_logged_whole(
    world: FakeWorld, api: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    world.tables.fail_next(RuntimeError("arn:aws:dynamodb:us-east-1:123456789012:table/secret"))

    answer = api.post("/v1/plugins", {"name": PLUGIN, "type": "Other"})

    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert "123456789012" not in answer.text
    assert "RuntimeError" not in answer.text
    bug = next(record for record in caplog.records if record.levelname == "ERROR")
    assert "RuntimeError" in caplog.text
    assert vars(bug)["trace_id"] == answer.json["traceId"]


def test_every_answer_forbids_caches_and_guesses_and_names_its_trace(api: Gateway) -> None:
    answers = [
        api.get("/v1/me"),
        api.get("/v1/plugins/unknown-one"),
        api.get("/docs", None),
        api.put("/v1/plugins", {}),
    ]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Trace-Id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_every_object_is_read_as_it_was_written(document: dict[str, Any]) -> None:
    assert read_object(json.dumps(document).encode()) == document


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_refusal(raw: bytes) -> None:
    refusal: DomainError | None = None
    read: object = None
    try:
        read = read_object(raw)
    except DomainError as error:
        refusal = error

    assert isinstance(read, dict) or (isinstance(refusal, ValidationError) and refusal.fix)


def test_the_limits_are_exact() -> None:
    at_limit = b'{"a":"' + b"x" * (MAX_BODY_BYTES - 8) + b'"}'
    deepest = '{"a":' * MAX_DEPTH + "1" + "}" * MAX_DEPTH

    assert len(read_object(at_limit)["a"]) == MAX_BODY_BYTES - 8
    assert read_object(deepest.encode())
    with pytest.raises(PayloadTooLargeError):
        read_object(at_limit + b" ")
    with pytest.raises(ValidationError, match="deeper than 64 levels"):
        read_object(DEEP.encode())
