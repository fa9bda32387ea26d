"""Each change that the API can make is on record once, and the record says who, what, whose, why and how it ended."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import NamedTuple

import pytest

from app import app
from chalicelib.api.openapi import operations_of
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.deployments import Deployment, DeploymentStatus, Lease
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy
from chalicelib.services.approvals import note_token, request_approval
from tests.api.gateway import Gateway
from tests.api.scenes import PACKAGE, PLUGIN, SHA256, a_draft, a_plugin, a_ready_version, a_tenant, uploaded
from tests.fakes import FakeWorld

NOW = "2026-11-22T15:00:00.000Z"
WAITING = "dep_01ARZ3NDEKTSV4RRFFQ69G5FAV"
APPROVAL = "apr_01ARZ3NDEKTSV4RRFFQ69G5FAV-1-0"
VERSION = f"/v1/plugins/{PLUGIN}/versions/1.0.0"
INSTALLED = f"/v1/tenants/acme/plugins/{PLUGIN}"
SECRET = "sk-live-of-acme"
WHY = {"reason": "they asked"}
DIRECT = {"pluginId": PLUGIN, "version": "1.0.0", "environment": "Development", "strategy": "Direct"}
PIN = {"version": "1.0.0", "environment": "Development", **WHY}
#: What a POST changes that is no change of what people decide: counts, looks, calls; and who is let in, told below.
NO_CHANGES = {"check_plugin_health", "post_observations", "invoke_plugin", "log_in", "refresh"}


class Ask(NamedTuple):
    """
    How a change is asked for, and by whom; *first* are what must have been asked before.

    *records* is how many records it leaves: one, or a few where it does several things.
    """

    method: str
    path: str
    body: object = None
    user: str = "root"
    first: tuple["Ask", ...] = ()
    records: int = 1


def verb(name: str, *first: Ask) -> Ask:
    return Ask("POST", f"/v1/deployments/{{live}}/{name}", WHY, first=first)


YANK = Ask("POST", f"{VERSION}/yank", WHY)
CONFIGURE = Ask("PUT", f"{INSTALLED}/config", {"configuration": {"a": 1}}, "olga")
PUT_PIN = Ask("PUT", f"{INSTALLED}/pin", PIN, "olga")
PUT_SECRET = Ask("PUT", f"{INSTALLED}/secrets/apiKey", {"value": SECRET}, "olga")
CREATE_KEY = Ask("POST", "/v1/keys", {"name": "shop"})

#: Action → how it is asked for. A new route that changes something is added here.
ASKS: Mapping[str, Ask] = {
    "register_plugin": Ask("POST", "/v1/plugins", {"name": "tax-engine", "type": "Other"}, "ana"),
    "update_plugin": Ask("PATCH", f"/v1/plugins/{PLUGIN}", {"description": "Charges cards."}, "ana"),
    "delete_plugin": Ask("DELETE", f"/v1/plugins/{PLUGIN}", first=(Ask("DELETE", INSTALLED),), records=3),
    "deprecate_plugin": Ask("POST", f"/v1/plugins/{PLUGIN}/deprecate", WHY, "ana"),
    "create_version": Ask(
        "POST", f"/v1/plugins/{PLUGIN}/versions", {"version": "1.1.0", "sha256": SHA256, "size": len(PACKAGE)}, "ana"
    ),
    "finalize_version": Ask("POST", f"/v1/plugins/{PLUGIN}/versions/2.0.0/finalize", {}, "ana"),
    "mint_override": Ask("POST", f"{VERSION}/override", {"environment": "Development"}, "ana"),
    "deprecate_version": Ask("POST", f"{VERSION}/deprecate", WHY, "ana"),
    "yank_version": YANK,
    "unyank_version": Ask("POST", f"{VERSION}/unyank", WHY, first=(YANK,)),
    "block_version": Ask("POST", f"{VERSION}/block", WHY),
    "create_deployment": Ask("POST", "/v1/deployments", {**DIRECT, "environment": "QA"}, "ana"),
    "pause_deployment": verb("pause"),
    "resume_deployment": verb("resume", verb("pause")),
    "advance_deployment": verb("advance"),
    "promote_deployment": verb("promote"),
    "abort_deployment": verb("abort"),
    "rollback_deployment": verb("rollback"),
    "retry_deployment": verb("retry", verb("abort")),
    "approve_approval": Ask("POST", f"/v1/approvals/{APPROVAL}/approve", WHY, "ada"),
    "reject_approval": Ask("POST", f"/v1/approvals/{APPROVAL}/reject", WHY, "ada"),
    "approve_deployment": Ask("POST", f"/v1/deployments/{WAITING}/approve", WHY, "ada"),
    "reject_deployment": Ask("POST", f"/v1/deployments/{WAITING}/reject", WHY, "ada"),
    "put_policy": Ask("PUT", "/v1/environments/Production/policy", {"ladder": False, **WHY}),
    "create_key": CREATE_KEY,
    "revoke_key": Ask("DELETE", "/v1/keys/{key}"),
    "rotate_key": Ask("POST", "/v1/keys/{key}/rotate", {}),
    "put_rings": Ask("PUT", "/v1/rings", {"rings": ["internal", "beta", "general", "late"]}),
    "create_tenant": Ask("POST", "/v1/tenants", {"id": "initech"}),
    "update_tenant": Ask("PATCH", "/v1/tenants/acme", {"ring": "beta"}),
    "delete_tenant": Ask("DELETE", "/v1/tenants/acme", records=2),
    "enable_plugin": Ask("POST", "/v1/tenants/globex/plugins/" + PLUGIN + "/enable", {}),
    "disable_plugin": Ask("POST", f"{INSTALLED}/disable", {}, "olga"),
    "uninstall_plugin": Ask("DELETE", INSTALLED, user="olga"),
    "put_secret": PUT_SECRET,
    "delete_secret": Ask("DELETE", f"{INSTALLED}/secrets/apiKey", user="olga", first=(PUT_SECRET,)),
    "put_config": CONFIGURE,
    "restore_config": Ask("POST", f"{INSTALLED}/config/restore", {"revision": 1}, "olga", (CONFIGURE,)),
    "put_pin": PUT_PIN,
    "delete_pin": Ask("DELETE", f"{INSTALLED}/pin", user="olga", first=(PUT_PIN,)),
}


class Scene(NamedTuple):
    """A product in which each change is possible; *names* are filled into paths."""

    world: FakeWorld
    api: Gateway
    names: Mapping[str, str]

    def make(self, ask: Ask) -> list[AuditRecord]:
        """Ask for a change, and give what is recorded of it."""
        for each in ask.first:
            self.make(each)
        before = len(self.world.tables.records)
        headers = {"User-Agent": "curl/8", "If-Match": "*"}
        path = ask.path.format_map(self.names)
        answer = self.api.send(ask.method, path, ask.user, body=ask.body, headers=headers)
        assert answer.status in range(200, 300), answer.text
        return self.world.tables.records[before:]


@pytest.fixture
def scene(world: FakeWorld, api: Gateway) -> Scene:
    a_plugin(api)
    a_ready_version(world, api)
    a_draft(api, "2.0.0")
    uploaded(world, "2.0.0")
    for tenant in ("acme", "globex"):
        a_tenant(api, tenant)
    installed = api.post(f"{INSTALLED}/enable", {"configuration": {"a": 0}}, "root")
    assert installed.status == 201, installed.text
    made = a_deployment_that_waits_for_people(world)
    live = replace(made, id="dep_01ARZ3NDEKTSV4RRFFQ69G5FAW", plugin_id=PLUGIN, environment="Development")
    watching = Step(0, StepKind.OBSERVE, "watch", seconds=60, status=StepStatus.RUNNING, started_at=NOW)
    live = replace(live, target=made.target._replace(version="1.0.0"), plan=Plan((watching,)))
    world.tables.deployments[live.id] = live
    world.tables.leases[PLUGIN, "Development"] = Lease(PLUGIN, "Development", live.id, 1, NOW)
    key = api.post("/v1/keys", {"name": "old"}, "root").json["id"]
    return Scene(world, api, {"live": live.id, "key": key})


def a_deployment_that_waits_for_people(world: FakeWorld) -> Deployment:
    step = Step(0, StepKind.APPROVE, "ask", status=StepStatus.RUNNING, started_at=NOW)
    made = Deployment(
        id=WAITING,
        plugin_id="echo",
        environment="Production",
        target=Target("2.0.0", "v2-0-0", "7", "ab" * 32),
        strategy=Strategy.DIRECT,
        plan=Plan((step,)),
        initiated_by="ana",
        created_at=NOW,
        fence=1,
        status=DeploymentStatus.IN_PROGRESS,
    )
    world.tables.deployments[WAITING] = made
    world.tables.leases["echo", "Production"] = Lease("echo", "Production", WAITING, 1, NOW)
    note_token(request_approval(made, step, world.ports).id, "token", world.ports)
    return made


def test_every_route_that_changes_something_is_asked_here() -> None:
    changing = {operation.contract.action for operation in operations_of(app) if operation.method != "GET"}

    assert set(ASKS) == changing - NO_CHANGES


@pytest.mark.parametrize("action", sorted(ASKS))
def test_a_change_leaves_exactly_its_records_and_each_says_all(scene: Scene, action: str) -> None:
    ask = ASKS[action]

    found = scene.make(ask)

    assert len(found) == ask.records, [record.action for record in found]
    for record in found:
        assert (record.actor, record.ip, record.user_agent) == (ask.user, "203.0.113.7", "curl/8")
        assert (record.result, record.trace_id) == ("done", "4bf92f3577b34da6a3ce929d0e0e4736")
        assert record.roles
        assert record.before or record.after, "what changed"
        assert (WHY["reason"] in record.reason) is (isinstance(ask.body, dict) and "reason" in ask.body)
        if ask.path.startswith("/v1/tenants/"):
            assert record.tenant_id == ask.path.split("/")[3]
    assert len({(record.action, record.resource) for record in found}) == len(found)


@pytest.mark.parametrize("action", sorted(ASKS))
def test_a_change_whose_record_can_not_be_written_does_not_happen(scene: Scene, action: str) -> None:
    """The record is in the transaction of the change: what dies between them leaves neither."""
    ask = ASKS[action]
    for each in ask.first:
        scene.make(each)
    # The past configurations are too many for one transaction and go before it; a repeat takes the rest.
    apart = {"revisions"} if action == "uninstall_plugin" else set()
    before = kept(scene.world, apart)
    scene.world.tables.fail_next(RuntimeError("the process died"))

    path = ask.path.format_map(scene.names)
    answer = scene.api.send(ask.method, path, ask.user, body=ask.body, headers={"If-Match": "*"})

    assert answer.status == 500, answer.text
    assert kept(scene.world, apart) == before


def kept(world: FakeWorld, apart: Collection[str]) -> str:
    """Give all that is stored but for what is kept *apart*, as text."""
    left_out = {"lock", "_failures", *apart}
    tables = {name: value for name, value in vars(world.tables).items() if name not in left_out}
    return repr(tables)


def test_no_record_holds_a_secret(scene: Scene) -> None:
    told = [*scene.make(PUT_SECRET), *scene.make(ASKS["create_key"])]

    assert SECRET not in repr(scene.world.tables.records)
    assert told[0].after == {"secret": "apiKey"}


def test_whom_a_machine_acts_for_is_on_record(scene: Scene) -> None:
    headers = {"X-HotSwap-On-Behalf-Of": "eva"}

    refused = scene.api.get("/v1/tenants", "hugo", headers=headers)

    assert refused.status == 403
    assert (scene.world.tables.records[-1].actor, scene.world.tables.records[-1].on_behalf_of) == ("hugo", "eva")


@pytest.mark.parametrize(
    "user, method, path, body, tenant",
    [
        ("vera", "POST", "/v1/plugins", {"name": "mine", "type": "Other"}, None),
        ("bob", "DELETE", f"/v1/plugins/{PLUGIN}", None, None),
        ("ana", "POST", "/v1/deployments", {**DIRECT, "environment": "Production"}, None),
        ("olga", "GET", "/v1/tenants/globex", None, "acme"),
        ("olga", "GET", "/v1/audit?tenant=globex", None, "acme"),
        ("vera", "GET", "/v1/tenants/acme", None, "acme"),
    ],
)
def test_whatever_rule_refuses_somebody_the_denial_is_on_record(
    scene: Scene, user: str, method: str, path: str, body: object, tenant: str | None
) -> None:
    before = len(scene.world.tables.records)

    answer = scene.api.send(method, path, user, body=body)

    (denied,) = scene.world.tables.records[before:]
    assert answer.status in {403, 404}
    assert (denied.action, denied.actor, denied.result, denied.tenant_id) == ("DenyRequest", user, "refused", tenant)
    assert denied.resource == path.lstrip("/").partition("?")[0]
    assert denied.reason in {each.contract.action for each in operations_of(app)}
