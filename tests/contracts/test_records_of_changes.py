"""Every change of every repository goes out with its record in one transaction: there is no moment to die between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from chalicelib import bootstrap
from chalicelib import ports as outside
from chalicelib.adapters import aws_clients
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.ids import Environment
from chalicelib.domain.plugins import PluginStatus
from chalicelib.domain.rings import Rings
from chalicelib.ports import Ports
from chalicelib.settings import Settings
from tests.contracts.test_approvals import an_approval
from tests.contracts.test_machine_keys import PLAIN
from tests.contracts.things import (
    NOW,
    a_deployment,
    a_lease,
    a_plugin,
    a_record,
    a_tenant,
    a_version,
    an_installation,
)

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
MOMENT = datetime.fromisoformat(NOW)
RECORD = a_record("TheChange", "tests/the-change")


class Sent(NamedTuple):
    """A request that writes."""

    operation: str
    parameters: Mapping[str, Any]

    @property
    def tables(self) -> list[str]:
        """Tables of the items that it writes, not of those that it only looks at."""
        parts = self.parameters.get("TransactItems", [])
        return [part[kind]["TableName"] for part in parts for kind in ("Put", "Update", "Delete") if kind in part]


@pytest.fixture
def sent() -> list[Sent]:
    return []


@pytest.fixture
def ports(aws: Settings, sent: list[Sent]) -> Ports:
    """Connect to moto, and note what is written."""
    client = aws_clients.dynamodb()

    def note(params: Mapping[str, Any], model: Any, **_: object) -> None:
        if model.name in WRITES:
            sent.append(Sent(model.name, params))

    client.meta.events.register("provide-client-params.dynamodb", note)
    return bootstrap.connect(aws, lambda: client)


def a_stored_deployment(ports: Ports) -> Callable[[], object]:
    deployment = a_deployment()
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=MOMENT)
    running = replace(deployment, status=DeploymentStatus.IN_PROGRESS)
    return lambda: ports.deployments.commit(running, RECORD)


def a_waiting_deployment(ports: Ports) -> Callable[[], object]:
    deployment = a_deployment()
    ports.deployments.create(deployment, None, a_record(), now=MOMENT)
    return lambda: ports.deployments.take(deployment, a_lease(deployment), RECORD, now=MOMENT)


def a_new_deployment(ports: Ports) -> Callable[[], object]:
    deployment = a_deployment()
    return lambda: ports.deployments.create(deployment, a_lease(deployment), RECORD, now=MOMENT)


def an_asked_approval(ports: Ports) -> Callable[[], object]:
    deployment = a_deployment()
    ports.deployments.create(deployment, a_lease(deployment), a_record(), now=MOMENT)
    ports.deployments.commit(deployment, a_record(), approval=an_approval(deployment))
    asked = ports.approvals.get(an_approval(deployment).id)
    return lambda: ports.approvals.save(asked, RECORD)


def a_stored_plugin(ports: Ports) -> None:
    ports.plugins.add(a_plugin(), a_record())


def a_saved_plugin(ports: Ports) -> Callable[[], object]:
    a_stored_plugin(ports)
    return lambda: ports.plugins.save(a_plugin(), RECORD)


def a_removed_plugin(ports: Ports) -> Callable[[], object]:
    a_stored_plugin(ports)
    return lambda: ports.plugins.remove(replace(a_plugin(), status=PluginStatus.DELETED), RECORD)


def a_saved_version(ports: Ports) -> Callable[[], object]:
    ports.versions.add(a_version(), a_record())
    return lambda: ports.versions.save(ports.versions.get("stripe-gateway", "1.0.0"), RECORD)


def a_blocked_version(ports: Ports) -> Callable[[], object]:
    ports.versions.add(a_version(), a_record())
    return lambda: ports.blocks.write(ports.versions.get("stripe-gateway", "1.0.0"), (), RECORD)


def a_saved_tenant(ports: Ports) -> Callable[[], object]:
    ports.tenants.add(a_tenant(), a_record())
    return lambda: ports.tenants.save(a_tenant(), RECORD)


def a_removed_tenant(ports: Ports) -> Callable[[], object]:
    ports.tenants.add(a_tenant(), a_record())
    marked = ports.tenants.save(a_tenant()._replace(erasing_since=NOW), a_record())
    return lambda: ports.tenants.remove(marked, RECORD)


def a_new_installation(ports: Ports) -> Callable[[], object]:
    ports.tenants.add(a_tenant(), a_record())
    return lambda: ports.installations.put("acme", an_installation(), RECORD)


def a_removed_installation(ports: Ports) -> Callable[[], object]:
    ports.tenants.add(a_tenant(), a_record())
    installed = ports.installations.put("acme", an_installation(), a_record())
    return lambda: ports.installations.remove("acme", installed, RECORD)


def a_saved_key(ports: Ports) -> Callable[[], object]:
    ports.machine_keys.add(PLAIN, a_record())
    return lambda: ports.machine_keys.save(PLAIN, RECORD)


#: Method of a repository that takes a record → what makes it possible, and then does it.
CHANGES: Mapping[str, Callable[[Ports], Callable[[], object]]] = {
    "ApprovalRepository.save": an_asked_approval,
    "BlockRepository.write": a_blocked_version,
    "DeploymentRepository.commit": a_stored_deployment,
    "DeploymentRepository.create": a_new_deployment,
    "DeploymentRepository.take": a_waiting_deployment,
    "InstallationRepository.put": a_new_installation,
    "InstallationRepository.remove": a_removed_installation,
    "MachineKeyRepository.add": lambda ports: lambda: ports.machine_keys.add(PLAIN, RECORD),
    "MachineKeyRepository.save": a_saved_key,
    "PluginRepository.add": lambda ports: lambda: ports.plugins.add(a_plugin(), RECORD),
    "PluginRepository.remove": a_removed_plugin,
    "PluginRepository.save": a_saved_plugin,
    "PolicyRepository.save": lambda ports: lambda: ports.policies.save(ports.policies.get(Environment.QA), RECORD),
    "RingRepository.save": lambda ports: lambda: ports.rings.save(replace(Rings(), updated_at=NOW), RECORD),
    "TenantRepository.add": lambda ports: lambda: ports.tenants.add(a_tenant(), RECORD),
    "TenantRepository.remove": a_removed_tenant,
    "TenantRepository.save": a_saved_tenant,
    "VersionRepository.add": lambda ports: lambda: ports.versions.add(a_version(), RECORD),
    "VersionRepository.save": a_saved_version,
}


def test_every_method_that_takes_a_record_is_tried_here() -> None:
    taking = {
        f"{name}.{method}"
        for name in outside.__all__
        for method, function in inspect.getmembers(getattr(outside, name), inspect.isfunction)
        if "record" in inspect.signature(function).parameters and name != "AuditTrail"
    }

    assert set(CHANGES) == taking


@pytest.mark.parametrize("method", CHANGES)
def test_a_change_and_its_record_are_one_request_to_the_database(ports: Ports, sent: list[Sent], method: str) -> None:
    change = CHANGES[method](ports)
    sent.clear()

    change()

    (request,) = sent
    assert request.operation == "TransactWriteItems"
    assert request.tables.count("hotswap-audit") == 1
    assert len(request.tables) > 1
    assert [record.action for record in ports.audit.read(RECORD.resource)] == ["TheChange"]
