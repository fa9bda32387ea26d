"""Trace ids: taken from who called us, or new. Light."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

#: W3C Trace Context, https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
#: X-Ray: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
_XRAY_ROOT = re.compile(r"(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)")


def trace_id_of(headers: Mapping[str, str]) -> str:
    """Return the 32 hex digits that join this request to its caller's trace; new ones when it has none."""
    lowered = {name.lower(): value for name, value in headers.items()}
    match = _TRACEPARENT.fullmatch(lowered.get("traceparent", "").strip().lower())
    if match:
        return match[1]
    match = _XRAY_ROOT.search(lowered.get("x-amzn-trace-id", ""))
    return match[1] + match[2] if match else os.urandom(16).hex()
