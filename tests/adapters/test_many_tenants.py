"""Ten thousand tenants of one plugin, a thousand plugins: listed, filtered, counted by queries, never by a scan."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from chalicelib import bootstrap
from chalicelib.adapters import aws_clients
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail
from chalicelib.adapters.dynamodb.installations import DynamoInstallations
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.plugins import DynamoPlugins
from chalicelib.adapters.dynamodb.tenants import DynamoTenants
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.plugins import PluginFilter, PluginType
from chalicelib.domain.tenants import TenantFilter, Tier
from tests.contracts.conftest import settings_of
from tests.contracts.tables import STACK, create_tables
from tests.contracts.things import a_plugin, a_record, a_tenant, an_installation

TENANTS = 10_000
PLUGINS = 1_000
PLUGIN = "stripe-gateway"
ACCOUNT = "123456789012"
ORIGINAL = "original"


class Counted:
    """The repositories over a client whose requests are counted."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        client = aws_clients.dynamodb()
        client.meta.events.register("before-call.dynamodb", self._count)
        tables = Tables(settings_of(STACK, ACCOUNT).table, lambda: client)
        self.tenants = DynamoTenants(tables, DynamoAuditTrail(tables))
        self.installations = DynamoInstallations(tables, DynamoAuditTrail(tables))
        self.plugins = DynamoPlugins(tables, DynamoAuditTrail(tables))

    def _count(self, model: object, **_: object) -> None:
        self.asked[getattr(model, "name", "")] += 1


@pytest.fixture(scope="module")
def many() -> Iterator[Counted]:
    """Make all as copies of what the repositories wrote: every fiftieth tenant in the ring beta, two plugins rare."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        create_tables(STACK)
        ports = bootstrap.connect(settings_of(STACK, ACCOUNT))
        ports.tenants.add(a_tenant(ORIGINAL), a_record())
        ports.installations.put(ORIGINAL, an_installation(ORIGINAL), a_record())
        tenant = _taken("tenants")
        _copy("tenants", tenant, [f"t{number:05d}" for number in range(TENANTS) if number % 50])
        in_beta = [{**item, "ring": {"S": "beta"}} if "ring" in item else item for item in tenant]
        _copy("tenants", in_beta, [f"t{number:05d}" for number in range(0, TENANTS, 50)])
        plugins = []
        for tags in ((), ("rare",)):
            ports.plugins.add(a_plugin(ORIGINAL, tags=tags), a_record())
            plugins.append(_taken("registry"))
        for plugin, is_rare in zip(plugins, (False, True), strict=True):
            numbers = [number for number in range(PLUGINS) if (number % 500 == 499) is is_rare]
            _copy("registry", plugin, [f"plugin-{number:04d}" for number in numbers])
        yield Counted()


def _taken(table: str) -> list[dict[str, Any]]:
    """Take out what the repositories wrote, as DynamoDB has it."""
    client, name = boto3.client("dynamodb"), f"{STACK}-{table}"
    items: list[dict[str, Any]] = client.scan(TableName=name)["Items"]
    for item in items:
        client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})
    return items


def _copy(table: str, items: list[dict[str, Any]], names: list[str]) -> None:
    """
    Copy the original under each of *names*, straight into moto's table.

    A put that goes through botocore and moto's front door takes milliseconds, and these are 20,000.
    """
    held = dynamodb_backends[ACCOUNT]["us-east-1"].tables[f"{STACK}-{table}"]
    texts = [json.dumps(item) for item in items]
    for name in names:
        for text in texts:
            held.put_item(json.loads(text.replace(ORIGINAL, name)), overwrite=True)


def test_a_page_in_the_middle_is_one_query(many: Counted) -> None:
    first = many.tenants.page(TenantFilter(), PageRequest(100))
    many.asked.clear()

    second = many.tenants.page(TenantFilter(), PageRequest(100, first.next_position))

    assert [tenant.id for tenant in second.items] == [f"t{number:05d}" for number in range(100, 200)]
    assert many.asked == Counter(Query=1)


def test_a_filter_finds_all_that_it_admits_in_a_few_queries(many: Counted) -> None:
    many.asked.clear()

    found = many.tenants.page(TenantFilter(ring="beta"), PageRequest(100))
    nothing = many.tenants.page(TenantFilter(tier=Tier.ENTERPRISE), PageRequest(100))

    assert [tenant.id for tenant in found.items] == [f"t{number * 50:05d}" for number in range(100)]
    assert nothing.items == ()
    assert set(many.asked) == {"Query"}
    assert many.asked["Query"] < 20


def test_the_tenants_of_a_plugin_and_of_a_ring_are_counted_by_the_index(many: Counted) -> None:
    many.asked.clear()

    counts = many.installations.count_enabled(PLUGIN), many.tenants.count_in_ring("beta")

    assert counts == (TENANTS, TENANTS // 50)
    assert set(many.asked) == {"Query"}


def test_a_rolling_deployment_finds_every_tenant_with_its_ring_a_hundred_at_once(many: Counted) -> None:
    many.asked.clear()

    found = list(many.installations.enabled_tenants(PLUGIN))

    assert len(found) == TENANTS
    assert Counter(each.ring for each in found) == {"general": TENANTS - TENANTS // 50, "beta": TENANTS // 50}
    assert set(many.asked) == {"Query", "BatchGetItem"}
    assert many.asked["BatchGetItem"] == TENANTS // 100


def test_a_thousand_plugins_are_paged_and_filtered_in_a_few_queries(many: Counted) -> None:
    first = many.plugins.page(PluginFilter(), PageRequest(100))
    many.asked.clear()

    second = many.plugins.page(PluginFilter(), PageRequest(100, first.next_position))
    rare = many.plugins.page(PluginFilter(tags=("rare",)), PageRequest(1))
    none = many.plugins.page(PluginFilter(type=PluginType.OTHER), PageRequest(1))

    assert [plugin.id for plugin in second.items] == [f"plugin-{number:04d}" for number in range(100, 200)]
    assert [plugin.id for plugin in rare.items] == ["plugin-0499"]
    assert rare.next_position is not None
    assert none.items == ()
    assert set(many.asked) == {"Query"}
    assert many.asked["Query"] < 10
