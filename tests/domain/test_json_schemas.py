"""What breaks a schema, in words that tell how to mend it."""

from typing import Any

import pytest

from chalicelib.domain.json_schemas import MAX_ERRORS, instance_errors, pointer


@pytest.mark.parametrize(
    "schema,instance,field,fix",
    [
        ({"type": "integer"}, "x", "", "Send a whole number."),
        ({"type": ["string", "null"]}, 1, "", "Send a string or null."),
        ({"required": ["a"]}, {}, "", "Add what is missing."),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"b": 1},
            "",
            "Remove what the schema does not name",
        ),
        ({"properties": {"a": {"enum": ["x", "y"]}}}, {"a": "z"}, "/a", "Use one of 'x', 'y'."),
        ({"items": {"minimum": 3}}, [3, 2], "/1", "Make it satisfy minimum: 3."),
        ({"properties": {"a/b": {"const": "x" * 500}}}, {"a/b": 1}, "/a~1b", "…"),
    ],
)
def test_an_error_has_its_place_and_a_fix(schema: dict[str, Any], instance: object, field: str, fix: str) -> None:
    (error,) = instance_errors(schema, instance)

    assert error.field == field
    assert fix in error.fix
    assert len(error.fix) < 300


def test_all_errors_are_told_at_once_under_the_place_of_the_instance() -> None:
    errors = instance_errors(
        {"properties": {"a": {"type": "null"}, "b": {"type": "null"}}}, {"a": 1, "b": 2}, field="/config"
    )

    assert [error.field for error in errors] == ["/config/a", "/config/b"]


def test_errors_are_no_more_than_a_caller_can_read() -> None:
    assert len(instance_errors({"items": {"type": "null"}}, list(range(500)))) == MAX_ERRORS


def test_what_matches_has_no_errors() -> None:
    assert instance_errors({"type": "object"}, {}) == ()


def test_a_pointer_escapes_what_would_part_it() -> None:
    assert pointer(["a/b", "~", 0]) == "/a~1b/~0/0"
