"""Audit records as DynamoDB itself spells them: what its stream delivers, and what a whole day is read as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.domain.audit import AuditRecord

_JSON = frozenset({"roles", "before", "after"})
_TEXTS = frozenset(AuditRecord.__dataclass_fields__) - _JSON - {"expires_at"}
#: Attributes of an item that make a record.
IMAGE_ATTRIBUTES = (*sorted(_TEXTS | _JSON), "sk", "ttl")
#: The time of what bears none that can be read: long past, so that it is nothing that waits for its seal.
_NEVER = "1970-01-01T00:00:00.000Z"


def streamed_record(delivered: Mapping[str, Any]) -> AuditRecord:
    """Read one entry of ``Records``."""
    return record_of_image(delivered["dynamodb"]["NewImage"])


def record_of_image(image: Mapping[str, Any]) -> AuditRecord:
    """
    Read an item; every attribute of it but its TTL is a text.

    What somebody else has put there, and is no record, is read as one that no seal fits, so that it is named.
    """
    try:
        return _record_of(image)
    except (AttributeError, KeyError, TypeError, ValueError):
        record_id = _text_of(image, "id") or _text_of(image, "sk").rpartition("#")[2]
        return AuditRecord(record_id, _NEVER, "", (), "Unreadable", "", "")


def _record_of(image: Mapping[str, Any]) -> AuditRecord:
    texts = {name: value["S"] for name, value in image.items() if name in _TEXTS and "S" in value}
    parsed = {name: json.loads(image[name]["S"]) for name in _JSON}
    made = AuditRecord(**{**texts, **parsed, "roles": tuple(parsed["roles"])}, expires_at=_expiry_of(image))
    datetime.fromisoformat(made.at)
    return made


def _text_of(image: Mapping[str, Any], name: str) -> str:
    return str(image.get(name, {}).get("S", ""))


def _expiry_of(image: Mapping[str, Any]) -> int:
    return int(image["ttl"]["N"]) if "ttl" in image else 0
