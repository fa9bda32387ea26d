"""The tables of the template, made in moto: what the contracts run on is what is deployed."""

from functools import cache
from pathlib import Path
from typing import Any

import boto3
import yaml

TEMPLATE = Path(__file__).parents[2] / "infra" / "templates" / "tables.yaml"
STACK = "hotswap"


@cache
def _tables() -> list[dict[str, Any]]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader underneath
    return [resource["Properties"] for resource in template["Resources"].values()]


class _Loader(yaml.SafeLoader):
    """Knows the one short form that the template uses."""


_Loader.add_constructor("!Sub", lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]


def create_tables(stack: str) -> None:
    """Make every table, as the template has it."""
    dynamodb = boto3.Session().client("dynamodb")
    for properties in _tables():
        dynamodb.create_table(
            TableName=properties["TableName"].replace("${AWS::StackName}", stack),
            AttributeDefinitions=properties["AttributeDefinitions"],
            KeySchema=properties["KeySchema"],
            BillingMode=properties["BillingMode"],
            **{name: properties[name] for name in ("GlobalSecondaryIndexes",) if name in properties},
        )
