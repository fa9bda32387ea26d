"""Trace ids of requests."""

import re

import pytest

from chalicelib.api.tracing import trace_id_of

W3C = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({"traceparent": f"00-{W3C}-00f067aa0ba902b7-01"}, W3C),
        ({"TraceParent": f"00-{W3C.upper()}-00F067AA0BA902B7-01"}, W3C),
        (
            {"X-Amzn-Trace-Id": "Self=1-1-1;Root=1-67891233-abcdef012345678912345678;Sampled=1"},
            "67891233abcdef012345678912345678",
        ),
        (
            {
                "traceparent": f"00-{W3C}-00f067aa0ba902b7-01",
                "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678",
            },
            W3C,
        ),
    ],
)
def test_a_trace_id_is_taken_from_who_called(headers: dict[str, str], expected: str) -> None:
    assert trace_id_of(headers) == expected


@pytest.mark.parametrize(
    "value", ["", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "<script>", f"00-{W3C}-x-01", "a" * 5000]
)
def test_a_trace_id_is_new_when_the_callers_can_not_be_one(value: str) -> None:
    first, second = (trace_id_of({"traceparent": value, "X-Amzn-Trace-Id": value}) for _ in range(2))

    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second
