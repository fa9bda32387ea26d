"""A minute without DynamoDB: warm containers go on with what they know, and see what changed once it is back."""

from collections.abc import Iterator

import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger
from chalicelib.adapters.dynamodb.serving import DynamoServingReads
from chalicelib.adapters.dynamodb.servings import DynamoServings
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.errors import ForbiddenError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.routes import Target
from chalicelib.domain.tenants import TenantStatus
from chalicelib.ports import Ports
from chalicelib.services.invocations import Invocation, InvokePlugin, invoke_plugin
from chalicelib.services.quotas import LeasedQuotas
from chalicelib.serving_ports import ServingPorts
from tests.contracts.conftest import settings_of
from tests.contracts.tables import STACK, create_tables
from tests.contracts.things import a_deployment, a_lease, a_record, a_route, a_tenant, an_installation
from tests.fakes import FakeClock, FakeWorld

PLUGIN = "stripe-gateway"
ASK = InvokePlugin(Caller("shop", frozenset({Role.HOST})), PLUGIN, "acme", "handle", {}, Environment.DEVELOPMENT)


class Container:
    """A container of the invoke function over the real adapters, whose DynamoDB can be cut off."""

    def __init__(self) -> None:
        self.is_cut_off = False
        self.clock = FakeClock()
        settings = settings_of(STACK, "123456789012")
        client = aws_clients.serving_dynamodb()
        client.meta.events.register("before-call.dynamodb", self._refuse)
        lazy, table = Lazy(lambda: client), settings.table("tenants")
        world = FakeWorld()
        world.functions.respond(PLUGIN, "v1-0-0", {"ok": True, "result": {}})
        self.ports: ServingPorts = bootstrap_serving.connect(settings)._replace(
            clock=self.clock,
            reads=DynamoServingReads(lazy, settings.table("routing"), table, self.clock),
            quotas=LeasedQuotas(DynamoQuotaLedger(lazy, table), self.clock),
            servings=DynamoServings(lazy, table, self.clock),
            functions=world.functions,
        )

    def _refuse(self, **_: object) -> None:
        if self.is_cut_off:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")

    def invoke(self) -> Invocation:
        return invoke_plugin(ASK, self.ports)


@pytest.fixture
def control(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """Let 1.0.0 serve acme; the control plane reaches its tables all the time."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        create_tables(STACK)
        ports = bootstrap.connect(settings_of(STACK, "123456789012"))
        ports.tenants.add(a_tenant(), a_record())
        ports.installations.put("acme", an_installation(), a_record())
        deployment = a_deployment()
        ports.deployments.create(deployment, a_lease(deployment), a_record(), now=ports.clock.now())
        route = a_route().offer(Target("1.0.0", "v1-0-0", "1", "ab" * 32), deployment_id=deployment.id, fence=1)
        ports.deployments.commit(deployment, a_record(), route=route._replace(candidate_bps=10_000))
        yield ports


def test_a_warm_container_serves_through_a_minute_without_the_database_and_then_sees_what_changed(
    control: Ports,
) -> None:
    container = Container()
    assert container.invoke().is_metered

    container.is_cut_off = True
    control.tenants.save(a_tenant()._replace(status=TenantStatus.SUSPENDED), a_record())
    served = []
    for _ in range(60):
        container.clock.advance(seconds=1)
        served.append(container.invoke())
    container.is_cut_off = False
    container.clock.advance(seconds=1)

    assert {invocation.version for invocation in served} == {"1.0.0"}
    assert not served[-1].is_metered, "what could not be counted is said"
    with pytest.raises(ForbiddenError, match="suspended"):
        container.invoke()


def test_counting_begins_again_once_the_database_is_back(control: Ports) -> None:
    container = Container()
    container.invoke()
    container.is_cut_off = True
    container.clock.advance(seconds=60)
    container.invoke()

    container.is_cut_off = False
    container.clock.advance(seconds=2)

    assert container.invoke().is_metered
    assert control.tenants.get("acme").status is TenantStatus.ACTIVE


@pytest.mark.usefixtures("control")
def test_a_container_that_starts_during_the_outage_says_so_and_serves_once_it_is_over() -> None:
    container = Container()
    container.is_cut_off = True
    with pytest.raises(TransientError):
        container.invoke()

    container.is_cut_off = False
    container.clock.advance(seconds=1)

    assert container.invoke().version == "1.0.0"


@pytest.mark.parametrize("jump_seconds", [-3_600, 3_600])
@pytest.mark.usefixtures("control")
def test_a_clock_that_jumps_neither_fails_a_call_nor_stops_what_is_read(control: Ports, jump_seconds: int) -> None:
    container = Container()
    container.invoke()

    container.clock.advance(seconds=jump_seconds)
    assert container.invoke().version == "1.0.0"
    control.tenants.save(a_tenant()._replace(status=TenantStatus.SUSPENDED), a_record())
    container.clock.advance(seconds=2)

    with pytest.raises(ForbiddenError, match="suspended"):
        container.invoke()
