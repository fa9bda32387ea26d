"""The class of an exception is read from the trace that the emulator's worker writes."""

import traceback

import pytest

from chalicelib.domain.errors import TransientError
from infra.local.error_names import class_name


def trace_of(error: BaseException, cause: BaseException | None = None) -> str:
    error.__cause__ = cause
    return '{"level":"INFO","message":"ShiftTraffic begins"}\n' + "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "error, name",
    [
        (TransientError("throttled"), "TransientError"),
        (TransientError("two\nlines"), "TransientError"),
        (KeyError("name"), "KeyError"),
        (ValueError("(a|b)* [c]"), "ValueError"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_the_class_is_found_by_the_message(error: Exception, name: str) -> None:
    assert class_name(trace_of(error), str(error)) == name


def test_of_a_chain_the_last_one_counts() -> None:
    cause = KeyError("throttled")

    assert class_name(trace_of(TransientError("throttled"), cause), "throttled") == "TransientError"


def test_a_log_without_a_trace_names_nothing() -> None:
    assert class_name("Task timed out after 3.00 seconds", "Worker returned no response") is None
