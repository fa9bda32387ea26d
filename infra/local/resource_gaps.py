"""
What MiniStack's CloudFormation leaves out of tables and buckets, though its own services can do it.

AWS reads ``TimeToLiveSpecification`` and ``PointInTimeRecoverySpecification`` of a table, and
``ObjectLockEnabled`` of a bucket, from the template. MiniStack drops them
silently, so what relies on them would only be found out on AWS. What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.services import dynamodb, s3
    from ministack.services.cloudformation import provisioners

    def settle_table(name: str, properties: Record) -> None:
        for key, apply in (
            ("TimeToLiveSpecification", dynamodb._update_ttl),
            ("PointInTimeRecoverySpecification", dynamodb._update_continuous_backups),
        ):
            if key in properties:
                apply({"TableName": name, key: _with_booleans(properties[key])})

    def settle_bucket(name: str, properties: Record) -> None:
        if _is_true(properties.get("ObjectLockEnabled")):
            s3._bucket_object_lock[name] = {"enabled": True, "default_retention": None}

    handlers = provisioners._RESOURCE_HANDLERS
    _settle_after(handlers["AWS::DynamoDB::Table"], settle_table)
    _settle_after(handlers["AWS::S3::Bucket"], settle_bucket)


def _settle_after(handler: Record, settle: Callable[[str, Record], None]) -> None:
    """Run *settle* with the name and the properties of each resource that *handler* has made."""
    original = handler["create"]

    def create(logical_id: str, properties: Record, stack_name: str) -> Any:
        made = original(logical_id, properties, stack_name)
        settle(made[0], properties)
        return made

    handler["create"] = create


def _is_true(value: object) -> bool:
    """Read a boolean of a template, which may be a text there."""
    return str(value).lower() == "true"


def _with_booleans(specification: Record) -> Record:
    """Turn the texts "true" and "false" of a template into what the API takes."""
    texts = {"true": True, "false": False}
    return {key: texts.get(str(value).lower(), value) for key, value in specification.items()}
