"""Ten thousand tenants of one plugin, a thousand plugins: listed, filtered, counted by queries, never by a scan."""

from collections import Counter
from collections.abc import Iterator, Mapping

import boto3
import pytest
from moto import mock_aws

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


class Counted:
    """The repositories over a client whose requests are counted."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        client = aws_clients.dynamodb()
        client.meta.events.register("before-call.dynamodb", self._count)
        tables = Tables(settings_of(STACK, "123456789012").table, lambda: client)
        self.tenants = DynamoTenants(tables, DynamoAuditTrail(tables))
        self.installations = DynamoInstallations(tables, DynamoAuditTrail(tables))
        self.plugins = DynamoPlugins(tables, DynamoAuditTrail(tables))

    def _count(self, model: object, **_: object) -> None:
        self.asked[getattr(model, "name", "")] += 1


@pytest.fixture(scope="module")
def many() -> Iterator[Counted]:
    """Make the tenants as copies of one that the repositories wrote, every fiftieth in the ring beta."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        create_tables(STACK)
        ports = bootstrap.connect(settings_of(STACK, "123456789012"))
        ports.tenants.add(a_tenant("original"), a_record())
        ports.installations.put("original", an_installation("original"), a_record())
        table = boto3.resource("dynamodb").Table(f"{STACK}-tenants")
        originals = table.scan()["Items"]
        with table.batch_writer() as batch:
            for number in range(TENANTS):
                for item in originals:
                    batch.put_item(Item=_copy(item, number))
        for number in range(PLUGINS):
            tags = ("rare",) if number % 500 == 499 else ()
            ports.plugins.add(a_plugin(f"plugin-{number:04d}", tags=tags), a_record())
        for item in originals:
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
        yield Counted()


def _copy(item: Mapping[str, object], number: int) -> dict[str, object]:
    copied = {name: str(value).replace("original", f"t{number:05d}") for name, value in item.items()}
    kept = {name: value for name, value in item.items() if not isinstance(value, str)}
    return {**copied, **kept, **({"ring": "beta"} if "ring" in item and number % 50 == 0 else {})}


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
