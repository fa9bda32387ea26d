"""The stream of the table ``audit``: from what DynamoDB delivers back to the record that was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.audit import AuditRecord

_JSON = frozenset({"roles", "before", "after"})


def streamed_record(delivered: Mapping[str, Any]) -> AuditRecord:
    """Read one entry of ``Records``; every attribute of an audit item is a text."""
    image = delivered["dynamodb"]["NewImage"]
    values = {name: image[name]["S"] for name in AuditRecord.__dataclass_fields__ if "S" in image.get(name, {})}
    parsed = {name: json.loads(text) if name in _JSON else text for name, text in values.items()}
    return AuditRecord(**{**parsed, "roles": tuple(parsed["roles"])})
