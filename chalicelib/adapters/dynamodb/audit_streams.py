"""Audit records as DynamoDB itself spells them: what its stream delivers, what a day is read as, what is put."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from chalicelib.adapters.dynamodb import keys
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.retention import expiry_of
from chalicelib.domain.times import rfc3339

_JSON = frozenset({"roles", "before", "after"})
_TEXTS = frozenset(AuditRecord.__dataclass_fields__) - _JSON - {"expires_at"}
#: Attributes of an item that make a record.
IMAGE_ATTRIBUTES = (*sorted(_TEXTS | _JSON), "sk", "ttl")
#: The time of what bears none that can be read: long past, so that it is nothing that waits for its seal.
_NEVER = "1970-01-01T00:00:00.000Z"
_SALT_BYTES = 16


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


def kept_for(record: AuditRecord, days: Mapping[str, int]) -> AuditRecord:
    """Give a record the salt of its digest and the end of its retention, which *days* say by kind."""
    return replace(record, salt=token_hex(_SALT_BYTES), expires_at=expiry_of(record, days))


def image_of(record: AuditRecord) -> dict[str, Any]:
    """Write a record as an item, as `record_of_image` reads it."""
    pk, sk = keys.audit(record.resource, record.at, record.id)
    values: dict[str, Any] = {"pk": pk, "sk": sk, **asdict(record), **listing_keys(record)}
    expires_at = values.pop("expires_at")
    texts = {name: json.dumps(value) if name in _JSON else value for name, value in values.items()}
    image: dict[str, Any] = {name: {"S": text} for name, text in texts.items() if text is not None}
    # A time of 0 would be long past.
    return {**image, "ttl": {"N": str(expires_at)}} if expires_at else image


def listing_keys(record: AuditRecord) -> dict[str, str]:
    """Say where a record is listed, beside its resource's history."""
    sort_key = f"{record.at}#{record.id}"
    of_tenant = {"gsi3pk": keys.audit_tenant(record.tenant_id), "gsi3sk": sort_key} if record.tenant_id else {}
    return {
        "gsi1pk": keys.audit_day(record.at[:10]),
        "gsi1sk": sort_key,
        "gsi2pk": keys.audit_actor(record.actor),
        "gsi2sk": sort_key,
        **of_tenant,
    }


def _record_of(image: Mapping[str, Any]) -> AuditRecord:
    texts = {name: value["S"] for name, value in image.items() if name in _TEXTS and "S" in value}
    parsed = {name: json.loads(image[name]["S"]) for name in _JSON}
    made = AuditRecord(**{**texts, **parsed, "roles": tuple(parsed["roles"])}, expires_at=_expiry_of(image))
    # A time without its zone can't be compared with ours, and one of another zone is of another day.
    if rfc3339(datetime.fromisoformat(made.at).astimezone(UTC)) != made.at:
        raise ValueError("that is no time as we write it")
    return made


def _text_of(image: Mapping[str, Any], name: str) -> str:
    return str(image.get(name, {}).get("S", ""))


def _expiry_of(image: Mapping[str, Any]) -> int:
    return int(image["ttl"]["N"]) if "ttl" in image else 0
