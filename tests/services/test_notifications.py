"""What is notable is told once to whoever it concerns, and at least once when we die on the way."""

import json
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from chalice.app import Chalice
from chalice.test import Client

from chalicelib import bootstrap
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.errors import TransientError
from chalicelib.domain.installations import Installation
from chalicelib.domain.notifications import NOTABLES, Audience, Notable, Severity, notable_of, values_of
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Target
from chalicelib.events.send_notifications import blueprint
from chalicelib.services.notifications import CLAIM, send_notifications
from chalicelib.services.rollbacks import RollBack, roll_back
from tests.contracts.things import NOW, a_deployment
from tests.fakes import FakeWorld
from tests.services.live_deployments import ANA, a_world, at_step, complete

DEPRECATED = AuditRecord(
    id="aud_1",
    at=NOW,
    actor="ana",
    roles=("Developer",),
    action="DeprecateVersion",
    resource="plugins/echo/versions/1.0.0",
    trace_id="trace",
    reason="charges twice",
    after={"status": "Deprecated", "pinnedTenants": 2},
)


@pytest.fixture
def world() -> FakeWorld:
    """Two tenants are pinned to echo 1.0.0, one to another version, one to none."""
    made = FakeWorld()
    for tenant, number in (("acme", "1.0.0"), ("globex", "1.0.0"), ("initech", "2.0.0"), ("hooli", None)):
        pin = Pin("Production", Target(number, "v", "1", ""), "audit", "root", NOW) if number else None
        made.tables.installations[tenant, "echo"] = Installation(tenant, "echo", NOW, NOW, pin=pin)
    return made


def a_record_of_deployment(world: FakeWorld, action: str, status: str) -> AuditRecord:
    deployment = a_deployment()
    world.tables.deployments[deployment.id] = deployment
    return replace(DEPRECATED, action=action, resource=f"deployments/{deployment.id}", after={"status": status})


def test_operators_and_each_pinned_tenant_hear_of_a_deprecation(world: FakeWorld) -> None:
    assert send_notifications(DEPRECATED, world.ports) == 3

    assert [message.tenant_id for message in world.notifier.sent] == ["", "acme", "globex"]
    assert {(message.id, message.kind, message.plugin_id) for message in world.notifier.sent} == {
        ("aud_1", "version.deprecated", "echo")
    }
    operators, tenant, _ = world.notifier.sent
    assert operators.text == (
        "ana deprecated echo 1.0.0: charges twice. It works as before; 2 tenant(s) are pinned to it."
    )
    assert "which you are pinned to" in tenant.text
    assert "ana" not in tenant.text + json.dumps(dict(tenant.details))
    assert operators.details == {"plugin": "echo", "version": "1.0.0", "reason": "charges twice.", "actor": "ana"}


def test_a_record_that_is_delivered_twice_is_told_once(world: FakeWorld) -> None:
    counts = [send_notifications(DEPRECATED, world.ports) for _ in range(3)]

    assert (counts, len(world.notifier.sent)) == ([3, 0, 0], 3)


def test_what_went_out_before_we_died_is_not_told_again_and_the_rest_is(world: FakeWorld) -> None:
    world.notifier.fail_next(TransientError("SNS is away."))
    with pytest.raises(TransientError):
        send_notifications(DEPRECATED, world.ports)
    with pytest.raises(TransientError, match="is being sent by another"):
        send_notifications(DEPRECATED, world.ports)

    world.clock.advance(seconds=CLAIM.total_seconds() + 1)

    assert send_notifications(DEPRECATED, world.ports) == 3
    assert len({message.key for message in world.notifier.sent}) == len(world.notifier.sent) == 3


def test_most_records_are_told_to_nobody(world: FakeWorld) -> None:
    for action in ("PutConfig", "CreateVersion", "MintOverride"):
        assert send_notifications(replace(DEPRECATED, action=action), world.ports) == 0

    assert world.notifier.sent == []


@pytest.mark.parametrize(
    "action, status, kind",
    [
        ("RollBack", "RollingBack", "deployment.rolled_back"),
        ("EndDeployment", "Failed", "deployment.failed"),
        ("FailDeployment", "Failed", "deployment.failed"),
        ("AbandonDeployment", "Failed", "deployment.failed"),
    ],
)
def test_a_deployment_that_went_wrong_is_told_with_plugin_version_and_environment(
    world: FakeWorld, action: str, status: str, kind: str
) -> None:
    send_notifications(a_record_of_deployment(world, action, status), world.ports)

    (message,) = world.notifier.sent
    assert (message.kind, message.plugin_id, message.tenant_id) == (kind, "stripe-gateway", "")
    for word in ("stripe-gateway", "1.0.0", "Development"):
        assert word in message.subject + message.text


@pytest.mark.parametrize("noticed_by", [1, 3])
def test_a_roll_back_alerts_once_however_many_notice_and_however_often_it_is_delivered(noticed_by: int) -> None:
    world = a_world()
    complete(world, "1.0.0")
    deployment = at_step(world, "2.0.0", 3)
    world.tables.records.clear()

    for number in range(noticed_by):
        roll_back(RollBack(deployment.id, ANA, f"noticed by {number}"), world.ports)
    for record in [*world.tables.records, *world.tables.records]:
        send_notifications(record, world.ports)

    assert [(message.kind, message.severity) for message in world.notifier.sent] == [
        ("deployment.rolled_back", Severity.CRITICAL)
    ]
    assert "noticed by 0" in world.notifier.sent[0].text


def test_a_superseded_deployment_is_told_to_nobody(world: FakeWorld) -> None:
    assert send_notifications(a_record_of_deployment(world, "EndDeployment", "Superseded"), world.ports) == 0


def rows() -> Iterator[tuple[str, Notable]]:
    for action, notables in NOTABLES.items():
        yield from ((action, notable) for notable in notables)


@pytest.mark.parametrize("action, notable", list(rows()))
def test_every_row_names_only_what_records_carry_and_tells_its_audience(action: str, notable: Notable) -> None:
    known = values_of(DEPRECATED, {}).keys()

    for template in (notable.subject, notable.text, notable.tenant_text):
        assert {name for _, name, _, _ in string.Formatter().parse(template) if name} <= known
    assert bool(notable.tenant_text) == (notable.audience is not Audience.OPERATORS)
    assert notable_of(replace(DEPRECATED, action=action, after={"status": notable.status})) is not None


def delivered(record: AuditRecord, number: str) -> dict[str, Any]:
    """Write a record as the stream delivers it."""
    texts = {"pk": record.resource, "sk": "x", "id": record.id, "at": record.at, "actor": record.actor}
    texts |= {"action": record.action, "resource": record.resource, "trace_id": record.trace_id}
    texts |= {"reason": record.reason, "roles": json.dumps(record.roles)}
    texts |= {"before": json.dumps(dict(record.before)), "after": json.dumps(dict(record.after))}
    image = {name: {"S": text} for name, text in texts.items()} | {"tenant_id": {"NULL": True}}
    return {"eventID": number, "eventName": "INSERT", "dynamodb": {"SequenceNumber": number, "NewImage": image}}


def test_a_batch_names_what_must_come_again_and_holds_up_nothing_for_a_bug(world: FakeWorld) -> None:
    app = Chalice("test")
    app.register_blueprint(blueprint)
    world.notifier.fail_next(TransientError("SNS is away."))
    records = [delivered(replace(DEPRECATED, id=f"aud_{number}"), str(number)) for number in (1, 2)]
    broken = {"eventID": "3", "dynamodb": {"SequenceNumber": "3", "NewImage": {}}}

    with bootstrap.use(world.ports), Client(app) as client:
        answer = client.lambda_.invoke("send_notifications", {"Records": [*records, broken]}).payload

    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert {message.id for message in world.notifier.sent} == {"aud_2"}


def test_operators_and_the_tenant_hear_that_it_went_back_alone(world: FakeWorld) -> None:
    reason = "2.0.0 fails for this tenant in dep_01: errors 100% of 8"
    sent_back = replace(
        DEPRECATED,
        actor="system",
        action="SendBack",
        resource="tenants/acme/plugins/echo",
        tenant_id="acme",
        reason=reason,
        after={"version": "1.0.0", "environment": "Production", "deploymentId": "dep_01"},
    )

    assert send_notifications(sent_back, world.ports) == 2

    operators, tenant = world.notifier.sent
    assert (operators.kind, operators.tenant_id, operators.plugin_id) == ("tenant.sent_back", "", "echo")
    assert operators.text == f"acme went back to the stable version of echo, alone: {reason}."
    assert (tenant.tenant_id, reason in tenant.text) == ("acme", True)
    assert "actor" not in tenant.details


def test_operators_hear_of_a_late_regression(world: FakeWorld) -> None:
    regressed = replace(a_record_of_deployment(world, "NoteRegression", "Completed"), reason="errors 40 % of late")

    assert send_notifications(regressed, world.ports) == 1

    (message,) = world.notifier.sent
    assert (message.kind, message.severity) == ("version.regressed", Severity.CRITICAL)
    assert f"hotswap deploy rollback {a_deployment().id}" in message.text
