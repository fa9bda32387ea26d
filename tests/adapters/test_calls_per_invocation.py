"""
How often a warm invocation asks the database: not at all, but for chunks of its quota and what is a second old.

The tenant has a secret: that it is read is on record, and is no write of each call.
"""

from collections import Counter
from collections.abc import Iterator

import pytest
from moto import mock_aws

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.audit_appends import DynamoRecordAppends
from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger
from chalicelib.adapters.dynamodb.serving import DynamoServingReads
from chalicelib.adapters.dynamodb.servings import DynamoServings
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.ids import Environment
from chalicelib.domain.installations import secret_context
from chalicelib.domain.routes import Target
from chalicelib.domain.tenants import Tier
from chalicelib.services.invocations import InvokePlugin, invoke_plugin
from chalicelib.services.quotas import LeasedQuotas
from chalicelib.services.secret_reads import WINDOW_SECONDS, SecretReads
from chalicelib.serving_ports import ServingPorts
from tests.contracts.conftest import settings_of
from tests.contracts.tables import STACK, create_tables
from tests.contracts.things import a_deployment, a_lease, a_record, a_route, a_tenant, an_installation
from tests.fakes import FakeClock, FakeWorld

PLUGIN = "stripe-gateway"
ASK = InvokePlugin(Caller("shop", frozenset({Role.HOST})), PLUGIN, "acme", "handle", {}, Environment.DEVELOPMENT)


class Warm:
    """A container of the invoke function: DynamoDB is real to it, the plugin is not; every request is counted."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.clock = FakeClock()
        settings = settings_of(STACK, "123456789012")
        client = aws_clients.serving_dynamodb()
        client.meta.events.register("before-call.dynamodb", self._count)
        world = FakeWorld()
        world.functions.respond(PLUGIN, "v1-0-0", {"ok": True, "result": {}})
        lazy = Lazy(lambda: client)
        tables = settings.table("routing"), settings.table("tenants")
        self.ports: ServingPorts = bootstrap_serving.connect(settings)._replace(
            clock=self.clock,
            reads=DynamoServingReads(lazy, *tables, self.clock),
            quotas=LeasedQuotas(DynamoQuotaLedger(lazy, tables[1]), self.clock),
            servings=DynamoServings(lazy, tables[1], self.clock),
            functions=world.functions,
            secrets=world.secrets,
            secret_reads=SecretReads(DynamoRecordAppends(lazy, settings.table("audit"), {}), world.ids, self.clock),
        )

    def _count(self, model: object, **_: object) -> None:
        self.asked[getattr(model, "name", "")] += 1

    def invoke(self, times: int) -> Counter[str]:
        """Invoke so often; return what was asked of the database for it."""
        before = Counter(self.asked)
        for _ in range(times):
            invoke_plugin(ASK, self.ports)
        return self.asked - before


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Warm]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        create_tables(STACK)
        ports = bootstrap.connect(settings_of(STACK, "123456789012"))
        ports.tenants.add(a_tenant()._replace(tier=Tier.ENTERPRISE), a_record())
        sealed = FakeWorld().secrets.seal("sk_acme", secret_context("acme", PLUGIN, "apiKey"))
        installation = an_installation()._replace(sealed_secrets={"apiKey": sealed})
        ports.installations.put("acme", installation, a_record())
        deployment = a_deployment()
        ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
        route = a_route().offer(Target("1.0.0", "v1-0-0", "1", "ab" * 32), deployment_id=deployment.id, fence=1)
        ports.deployments.commit(deployment, a_record(), route=route._replace(candidate_bps=10_000))
        yield Warm()


def test_a_hundred_warm_invocations_ask_the_database_nothing(warm: Warm) -> None:
    warm.invoke(2)

    assert warm.invoke(100) == Counter()


def test_a_first_invocation_reads_three_things_and_leases_three(warm: Warm) -> None:
    assert warm.invoke(1)["GetItem"] <= 4
    assert warm.asked["UpdateItem"] <= 4


def test_the_read_of_a_secret_is_one_write_an_hour(warm: Warm) -> None:
    assert warm.invoke(100)["PutItem"] == 1

    warm.clock.advance(seconds=WINDOW_SECONDS)

    assert warm.invoke(100)["PutItem"] == 1


def test_a_second_later_only_what_may_have_changed_is_read_again(warm: Warm) -> None:
    warm.invoke(2)
    warm.clock.advance(seconds=1)

    assert warm.invoke(100) == Counter(GetItem=3)


def test_a_chunk_of_the_quota_is_one_write_for_thousands_of_calls(warm: Warm) -> None:
    warm.invoke(2)

    assert warm.invoke(3_000) == Counter(UpdateItem=1)
