"""The tables of the template, made in moto: what the contracts run on is what is deployed."""

import os
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from moto.dynamodb.models import dynamodb_backends

from chalicelib.adapters import aws_clients

TEMPLATE = Path(__file__).parents[2] / "infra" / "templates" / "tables.yaml"
STACK = "hotswap"
#: Whose tables moto makes.
ACCOUNT_ID = "123456789012"
_made: dict[str, dict[str, Any]] = {}


@cache
def _tables() -> list[dict[str, Any]]:
    template = yaml.load(TEMPLATE.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader underneath
    return [resource["Properties"] for resource in template["Resources"].values()]


class _Loader(yaml.SafeLoader):
    """Knows the one short form that the template uses."""


_Loader.add_constructor("!Sub", lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]


def create_tables(stack: str) -> None:
    """Make every table, as the template has it; moto gets those that it made before in this process, empty again."""
    if os.environ.get("AWS_ENDPOINT_URL"):
        _make(stack)
        return
    held = dynamodb_backends[ACCOUNT_ID]["us-east-1"].tables
    if stack not in _made:
        _make(stack)
        _made[stack] = deepcopy(dict(held))
    held.update(deepcopy(_made[stack]))


def _make(stack: str) -> None:
    # The adapters' client: one of its own would read the description of DynamoDB anew for each test.
    dynamodb: Any = aws_clients.dynamodb()
    for properties in _tables():
        dynamodb.create_table(
            TableName=properties["TableName"].replace("${AWS::StackName}", stack),
            AttributeDefinitions=properties["AttributeDefinitions"],
            KeySchema=properties["KeySchema"],
            BillingMode=properties["BillingMode"],
            **{name: properties[name] for name in ("GlobalSecondaryIndexes",) if name in properties},
        )
