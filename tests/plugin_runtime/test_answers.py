"""What a caller gets from a plugin, and what it never learns."""

from pathlib import Path
from typing import Any

import pytest

from tests.packages import ECHO, EXITS_AT_IMPORT, LEAKING, RAISES_AT_IMPORT, a_package
from tests.plugin_runtime.containers import Container, an_event

COUNTING = """
def handle(operation, input, context):
    context.state["count"] = context.state.get("count", 0) + input.get("by", 0)
    return {"count": context.state["count"]}
"""

#: Returns or raises whatever the input asks for.
OBEDIENT = """
import datetime

CIRCLE = {}
CIRCLE["itself"] = CIRCLE
RESULTS = {
    "none": None, "list": [1], "coroutine": object(), "nan": {"n": float("nan")}, "date": {"at": datetime.date.min},
    "circle": CIRCLE, "surrogate": {"text": "\\ud800"}, "tuple": {"pair": (1, 2)}, "large": {"text": "x" * 7_000_000},
}
RAISED = {
    "exit": SystemExit(3), "interrupt": KeyboardInterrupt(), "memory": MemoryError(), "generator": GeneratorExit(),
}

def recurse():
    return recurse()

def handle(operation, input, context):
    if input.get("state"):
        context.state["bad"] = object()
    if input.get("raise") == "recursion":
        recurse()
    if "raise" in input:
        raise RAISED[input["raise"]]
    return RESULTS[input["return"]] if "return" in input else {}
"""

STRICT = {
    "zebra": {
        "input": {
            "type": "object",
            "required": ["amount"],
            "properties": {
                "amount": {"type": "integer", "minimum": 1},
                "items": {"type": "array", "items": {"$ref": "#/definitions/item"}},
            },
            "additionalProperties": False,
            "definitions": {"item": {"enum": ["a", "b"]}},
        },
        "output": {"type": "object", "required": ["operation"]},
    },
    "apple": {"output": {"type": "object", "required": ["price"]}},
    "Mango.2": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "package"


def test_a_plugin_answers_with_its_result_and_says_which_version_it_is(folder: Path) -> None:
    with Container(a_package(version="1.2.3"), folder) as container:
        answer = container.answer(an_event(input={"n": 1}))

    assert answer["ok"]
    assert answer["result"] == {"operation": "handle", "input": {"n": 1}, "tenant": "acme"}
    assert answer["version"] == "1.2.3"
    assert "state" not in answer


def test_only_the_first_answer_of_a_container_is_a_cold_start(folder: Path) -> None:
    with Container(a_package(), folder) as container:
        first, second = (container.answer(an_event())["metrics"] for _ in range(2))

    assert (first["coldStart"], second["coldStart"]) == (True, False)
    assert first["initMs"] == second["initMs"] > 0
    assert 0 <= second["runMs"] < 1_000


def test_the_context_has_what_the_contract_names(folder: Path) -> None:
    source = """
def handle(operation, input, context):
    return {
        "tenant": context.tenant_id, "plugin": context.plugin, "version": context.version,
        "environment": context.environment, "config": dict(context.config), "secret": context.secrets["k"],
        "state": context.state, "left": context.remaining_ms(), "shown": repr(context.secrets),
    }
"""
    event = an_event(config={"a": 1}, secrets={"k": "value"}, state={"s": 2}, environment="Staging")

    with Container(a_package(source), folder) as container:
        result = container.result(event)

    assert result == {
        "tenant": "acme",
        "plugin": "echo",
        "version": "1.0.0",
        "environment": "Staging",
        "config": {"a": 1},
        "secret": "value",
        "state": {"s": 2},
        "left": 1234,
        "shown": "Secrets(k)",
    }


@pytest.mark.parametrize("line", ["context.config['x'] = 1", "context.secrets['x'] = 1", "context.tenant = 1"])
def test_config_secrets_and_context_are_read_only(folder: Path, line: str) -> None:
    with Container(
        a_package(f"def handle(operation, input, context):\n    {line}\n    return {{}}\n"), folder
    ) as container:
        failure = container.failure(an_event())

    assert failure["kind"] == "PluginRaised"


def test_nothing_of_one_tenant_reaches_the_next_call(folder: Path) -> None:
    source = """
def handle(operation, input, context):
    seen = {"config": dict(context.config), "secrets": dict(context.secrets), "state": dict(context.state)}
    context.state["mark"] = context.tenant_id
    context.config.get("list", []).append(context.tenant_id)
    context.logger.info("called")
    return seen
"""
    acme = an_event(config={"list": []}, secrets={"key": "of-acme"}, state={"old": 1})
    other = an_event(tenantId="globex", executionId="exe_2")

    with Container(a_package(source), folder) as container:
        container.result(acme)
        seen = container.result(other)
        logged = [line for line in container.logs if line["executionId"] == "exe_2"]

    assert seen == {"config": {}, "secrets": {}, "state": {}}
    assert {line["tenantId"] for line in logged} == {"globex"}
    assert "acme" not in str(logged)


def test_state_comes_back_only_when_it_changed(folder: Path) -> None:
    with Container(a_package(COUNTING), folder) as container:
        changed = container.answer(an_event(input={"by": 2}, state={"count": 1}))
        same = container.answer(an_event(input={"by": 0}, state={"count": 3}))

    assert changed["state"] == {"count": 3}
    assert "state" not in same


def test_an_input_that_breaks_the_schema_is_refused_with_every_error(folder: Path) -> None:
    with Container(a_package(ECHO, operations=STRICT), folder) as container:
        failure = container.failure(an_event("zebra", input={"amount": 0, "items": ["a", "z"], "more": 1}))

    assert failure["kind"] == "InvalidInput"
    assert {error["field"] for error in failure["errors"]} == {"/amount", "/items/1", ""}
    assert all(error["message"] and error["fix"] for error in failure["errors"])


def test_an_input_nested_deeper_than_its_check_can_follow_is_refused(folder: Path) -> None:
    # Each reference is a call, so three calls a level.
    chain = {"x": {"$ref": "#/definitions/y"}, "y": {"$ref": "#"}}
    schema = {"properties": {"a": {"$ref": "#/definitions/x"}}, "definitions": chain}
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}

    with Container(a_package(operations={"handle": {"input": schema}}), folder) as container:
        failure = container.failure(an_event(input=deep))

    assert failure["kind"] == "InvalidInput"
    assert failure["message"] == "The data is nested too deeply."


def test_an_input_error_never_repeats_the_value(folder: Path) -> None:
    with Container(a_package(ECHO, operations=STRICT), folder) as container:
        failure = container.failure(an_event("zebra", input={"amount": "4242-4242"}))

    assert "4242" not in str(failure)
    assert failure["errors"][0]["fix"] == "Send a whole number."


def test_each_operation_is_held_against_its_own_schemas_whatever_their_order(folder: Path) -> None:
    with Container(a_package(ECHO, operations=STRICT), folder) as container:
        zebra = container.answer(an_event("zebra", input={"amount": 1}))
        apple = container.failure(an_event("apple"))
        mango = container.answer(an_event("Mango.2", input={"anything": True}))

    assert zebra["ok"]
    assert mango["ok"]
    assert apple["kind"] == "InvalidOutput"
    assert "price" in apple["errors"][0]["message"]


def test_an_unknown_operation_is_refused_with_the_known_ones(folder: Path) -> None:
    with Container(a_package(ECHO, operations=STRICT), folder) as container:
        failure = container.failure(an_event("../../etc/passwd"))

    assert failure["kind"] == "UnknownOperation"
    assert failure["errors"][0]["fix"] == "Use one of Mango.2, apple, zebra."


@pytest.mark.parametrize("asked", ["none", "list", "coroutine", "nan", "date", "circle", "surrogate", "large"])
def test_a_result_that_is_no_json_object_is_an_invalid_output(folder: Path, asked: str) -> None:
    with Container(a_package(OBEDIENT), folder) as container:
        failure = container.failure(an_event(input={"return": asked}))
        after = container.answer(an_event())

    assert failure["kind"] == "InvalidOutput"
    assert failure["errors"][0]["fix"]
    assert after["ok"]


def test_a_result_becomes_plain_json(folder: Path) -> None:
    with Container(a_package(OBEDIENT), folder) as container:
        result = container.result(an_event(input={"return": "tuple"}))

    assert result == {"pair": [1, 2]}


def test_a_state_that_is_not_json_is_an_invalid_output(folder: Path) -> None:
    with Container(a_package(OBEDIENT), folder) as container:
        failure = container.failure(an_event(input={"state": True}))

    assert failure["kind"] == "InvalidOutput"


@pytest.mark.parametrize("asked", ["exit", "interrupt", "memory", "generator", "recursion"])
def test_whatever_a_plugin_raises_the_container_lives_on(folder: Path, asked: str) -> None:
    with Container(a_package(OBEDIENT), folder) as container:
        failure = container.failure(an_event(input={"raise": asked}))
        after = container.answer(an_event())

    assert failure == {
        "kind": "PluginRaised",
        "message": "The plugin failed while it worked on the call.",
        "errors": [],
    }
    assert after["ok"]


def test_an_exception_tells_its_text_to_the_log_and_not_to_the_caller(folder: Path) -> None:
    with Container(a_package(LEAKING), folder) as container:
        answer = container.answer(an_event(secrets={"apiKey": "sk_live_12345"}))
        logged = str(container.logs)

    assert answer["failure"]["kind"] == "PluginRaised"
    for internal in ("db.internal", "sk_live_12345", str(folder), "RuntimeError", "Traceback"):
        assert internal not in str(answer)
    assert "db.internal" in logged
    assert "sk_live_12345" not in logged
    assert "[secret apiKey]" in logged


def test_a_plugin_error_is_what_the_caller_reads_without_secrets(folder: Path) -> None:
    source = """
from hotswap_plugin import PluginError

def handle(operation, input, context):
    key = context.secrets["apiKey"]
    raise PluginError(f"{key} was refused", errors=[{"field": "/card", "message": f"by {key}", "fix": "Try another."}])
"""
    with Container(a_package(source), folder) as container:
        failure = container.failure(an_event(secrets={"apiKey": "sk_live_12345"}))

    assert failure == {
        "kind": "PluginError",
        "message": "[secret apiKey] was refused",
        "errors": [{"field": "/card", "message": "by [secret apiKey]", "fix": "Try another."}],
    }


def test_a_very_long_plugin_error_is_shortened(folder: Path) -> None:
    source = """
from hotswap_plugin import PluginError

def handle(operation, input, context):
    raise PluginError("x" * 50_000, errors=[{}] * 500)
"""

    with Container(a_package(source), folder) as container:
        failure = container.failure(an_event())

    assert len(failure["message"]) == 1_000
    assert len(failure["errors"]) == 20


def malformed_events() -> list[Any]:
    return [
        None,
        [],
        "text",
        {},
        {"operation": 3},
        an_event(tenantId=""),
        an_event(input=[1]),
        an_event(config="x"),
        an_event(secrets={"a": 1}),
        an_event(state=[1]),
    ]


def test_an_event_of_any_shape_gets_a_typed_failure(folder: Path) -> None:
    with Container(a_package(), folder) as container:
        failures = [container.failure(event) for event in malformed_events()]

    assert {failure["kind"] for failure in failures} == {"InvalidInput"}
    assert all(failure["errors"][0]["fix"] for failure in failures)


def test_every_call_writes_one_line_of_its_own(folder: Path) -> None:
    with Container(a_package(), folder) as container:
        container.answer(an_event())
        container.failure(an_event("unknown", executionId="exe_2"))
        first, second = container.logs

    assert (first["message"], first["ok"], first["tenantId"], first["executionId"]) == (
        "answered",
        True,
        "acme",
        "exe_1",
    )
    assert first["runMs"] >= 0
    assert (second["ok"], second["failure"], second["executionId"]) == (False, "UnknownOperation", "exe_2")


@pytest.mark.parametrize(
    "source", [RAISES_AT_IMPORT, EXITS_AT_IMPORT, "handle = 3\n", "import not_vendored\ndef handle(o, i, c): ...\n"]
)
def test_an_entry_point_that_does_not_load_is_a_typed_failure_of_every_call(folder: Path, source: str) -> None:
    with Container(a_package(source), folder) as container:
        first, second = container.answer(an_event()), container.answer(an_event())

    expected = {"kind": "EntryPointFailed", "message": "The plugin could not be started.", "errors": []}
    assert first["failure"] == second["failure"] == expected


def test_an_entry_point_that_failed_for_a_moment_is_tried_again(folder: Path) -> None:
    source = """
import os
if not os.path.exists(os.path.join(os.path.dirname(__file__), "ready")):
    raise OSError("not yet")

def handle(operation, input, context):
    return {"ready": True}
"""
    with Container(a_package(source), folder) as container:
        before = container.failure(an_event())
        (folder / "ready").touch()
        after = container.result(an_event())

    assert before["kind"] == "EntryPointFailed"
    assert after == {"ready": True}


def test_a_probe_tells_what_is_in_the_package(folder: Path) -> None:
    with Container(a_package(), folder) as container:
        answer = container.answer({"hotswap": "probe"})

    assert answer["ok"]
    assert set(answer["probe"]) == {"name", "version", "sha256", "entryPoint"}
    assert answer["probe"]["entryPoint"] == "echo:handle"
    assert len(answer["probe"]["sha256"]) == 64
    assert answer["metrics"]["initMs"] > 0


@pytest.mark.parametrize(
    "source,expected",
    [
        (RAISES_AT_IMPORT, "KeyError: 'region' (echo.py:2)"),
        (EXITS_AT_IMPORT, "SystemExit: 3 (echo.py:2)"),
        ("import not_vendored\n", "ModuleNotFoundError: No module named 'not_vendored' (echo.py:1)"),
        ("\ndef handle(:\n", "SyntaxError: invalid syntax (echo.py, line 2) (echo.py:2)"),
    ],
)
def test_a_probe_tells_the_developers_where_their_start_failed(folder: Path, source: str, expected: str) -> None:
    with Container(a_package(source), folder) as container:
        failure = container.failure({"hotswap": "probe"})

    assert failure["kind"] == "EntryPointFailed"
    assert failure["message"] == expected
    assert str(folder) not in str(failure)
