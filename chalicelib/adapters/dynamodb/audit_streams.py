"""Audit records as DynamoDB itself spells them: what its stream delivers, and what a whole day is read as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chalicelib.domain.audit import AuditRecord

_JSON = frozenset({"roles", "before", "after"})
_TEXTS = frozenset(AuditRecord.__dataclass_fields__) - _JSON - {"expires_at"}
#: Attributes of an item that make a record.
IMAGE_ATTRIBUTES = (*sorted(_TEXTS | _JSON), "ttl")


def streamed_record(delivered: Mapping[str, Any]) -> AuditRecord:
    """Read one entry of ``Records``."""
    return record_of_image(delivered["dynamodb"]["NewImage"])


def record_of_image(image: Mapping[str, Any]) -> AuditRecord:
    """Read an item; every attribute of it but its TTL is a text."""
    texts = {name: value["S"] for name, value in image.items() if name in _TEXTS and "S" in value}
    parsed = {name: json.loads(image[name]["S"]) for name in _JSON}
    return AuditRecord(**{**texts, **parsed, "roles": tuple(parsed["roles"])}, expires_at=_expiry_of(image))


def _expiry_of(image: Mapping[str, Any]) -> int:
    return int(image["ttl"]["N"]) if "ttl" in image else 0
