"""What a plugin writes to its log, and under whose name."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from _hotswap.logs import MIN_SECRET_CHARACTERS, redactor
from tests.packages import a_package
from tests.plugin_runtime.containers import Container, an_event


def logged_by(body: str, folder: Path, *, secrets: dict[str, str] | None = None) -> dict[str, Any]:
    source = f"def handle(operation, input, context):\n    {body}\n    return {{}}\n"
    with Container(a_package(source), folder / "package") as container:
        container.result(an_event(secrets=secrets or {}))
        return container.logs[0]


def test_a_log_line_carries_tenant_and_execution(tmp_path: Path) -> None:
    line = logged_by('context.logger.warning("charged %d", 42, extra={"order": "o-1"})', tmp_path)

    assert (line["level"], line["message"], line["order"]) == ("WARNING", "charged 42", "o-1")
    assert (line["tenantId"], line["executionId"], line["traceId"]) == ("acme", "exe_1", "1-abc")


def test_a_plugin_can_not_log_under_another_tenants_name(tmp_path: Path) -> None:
    line = logged_by('context.logger.info("hello", extra={"tenantId": "globex"})', tmp_path)

    assert line["tenantId"] == "acme"


def test_debug_lines_are_left_out_and_a_wrong_number_of_arguments_does_no_harm(tmp_path: Path) -> None:
    line = logged_by('context.logger.debug("no"); context.logger.info("%s and %s", 1)', tmp_path)

    assert line["message"] == "%s and %s (1,)"


def test_an_exception_is_logged_with_its_trace_but_without_secrets(tmp_path: Path) -> None:
    body = """
    try:
        raise ValueError(context.secrets["key"])
    except ValueError:
        context.logger.exception("failed")"""

    line = logged_by(body.strip(), tmp_path, secrets={"key": "line one\nline two"})

    assert "ValueError: [secret key]" in line["exception"]


def test_secrets_are_masked_wherever_they_are_logged(tmp_path: Path) -> None:
    body = (
        'key = context.secrets["key"]; context.logger.info("with " + key, extra={'
        '"deep": {key: [key, (key,), {"a": {"b": {"c": {"d": {"e": key}}}}}]}, "object": Exception(key), "n": 1})'
    )

    line = logged_by(body, tmp_path, secrets={"key": "sk_live_12345"})

    assert "sk_live_12345" not in str(line)
    assert line["message"] == "with [secret key]"
    assert line["n"] == 1


KEEPING = """
KEPT = []

def handle(operation, input, context):
    KEPT.append(context.logger)
    context.logger.info("mine: %s", context.secrets["key"], extra={"of": context.tenant_id})
    KEPT[0].info("by the logger of the first call")
    return {}
"""


def test_a_line_bears_the_name_of_its_own_call_in_a_container_that_served_another_tenant(tmp_path: Path) -> None:
    first = an_event(secrets={"key": "sk_of_acme"})
    second = {**an_event(secrets={"key": "sk_of_globex"}), "tenantId": "globex", "executionId": "exe_2"}
    with Container(a_package(KEEPING), tmp_path / "package") as container:
        container.result(first)
        container.result(second)
        written = [each for each in container.logs if each["message"].startswith(("mine", "by"))]
        _, _, line, kept = written

    assert (line["tenantId"], line["executionId"], line["of"]) == ("globex", "exe_2", "globex")
    assert "acme" not in str(line)
    # A plugin that keeps the logger of a call keeps the name of that call with it: no tenant gets another's lines.
    assert (kept["tenantId"], kept["executionId"]) == ("acme", "exe_1")
    assert "sk_of" not in str(container.logs)


@given(
    st.dictionaries(st.text("ab", min_size=1), st.text("abcd", min_size=MIN_SECRET_CHARACTERS), max_size=4),
    st.text("abcd"),
)
def test_no_secret_survives_redaction(secrets: dict[str, str], around: str) -> None:
    redact = redactor({name.upper(): value for name, value in secrets.items()})

    for value in secrets.values():
        assert value not in redact(f"{around}|{value}|{around}").replace("[secret", "")


def test_short_values_are_left_alone() -> None:
    assert redactor({"pin": "1"})("11 of 111") == "11 of 111"
