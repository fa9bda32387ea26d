"""A version's whole life, asked for over HTTP and run by the real machines: from its registration to Production."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import pytest

from chalicelib import bootstrap_identity, bootstrap_limits, bootstrap_serving
from chalicelib.domain.authorization import Role
from infra.local.stack import RAISED_LIMITS
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import a_container
from tests.fakes import FakeWorld
from tests.fakes.rate_limits import FakeRateLedger
from tests.statemachines.machines import Machines
from tests.steps.worlds import PLUGIN, a_package, answer_truly

USERS = {
    "root": Role.ADMIN,
    "ana": Role.DEVELOPER,
    "ada": Role.APPROVER,
    "ben": Role.APPROVER,
    "hugo": Role.HOST,
}
TENANTS = [f"shop-{number}" for number in range(10)]
TESTS = [
    {"name": "gives back what it got", "operation": "handle", "input": {"n": 1}, "expect": {"n": 1}},
    {"name": "takes a config", "operation": "handle", "config": {"by": 2}, "input": {"n": 2}, "expect": {"n": 2}},
]
#: Watched often and not for long, as nobody would in earnest.
CANARY = {
    "strategy": "Canary",
    "canaryConfig": {"stages": [20, 100], "evaluationPeriod": "PT30S"},
    "health": {"healthCheckInterval": "PT10S", "minRequests": 20},
}
#: Below Production nobody may call: there the tests of the manifest decide.
ROLLING = {
    "strategy": "Rolling",
    "rollingConfig": {"by": "tenant", "batchSize": "50%", "waitBetweenBatches": "PT10S"},
    "health": {"onNoData": "warn"},
}


@pytest.fixture(name="world")
def make_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorld]:
    """Nothing but users, and the settings that the template gives to each function."""
    settings = {"ACCOUNT_ID": "0" * 12, "ISSUER": "https://issuer.test/pool", "CLIENT_ID": "client", "VERSION": "0.1.0"}
    for name, value in settings.items():
        monkeypatch.setenv(f"HOTSWAP_{name}", value)
    made = FakeWorld()
    for username, role in USERS.items():
        made.identity.add_user(username, f"secret of {username}", role)
    with (
        bootstrap_serving.use(made.serving_ports),
        bootstrap_identity.use(made.door),
        bootstrap_limits.use(a_container(made.clock, FakeRateLedger(), factor=RAISED_LIMITS)),
    ):
        yield made


class Product(NamedTuple):
    """What people do with the product, and the machines that it starts."""

    world: FakeWorld
    run: Machines
    api: Gateway

    def register(self) -> None:
        """Register the plugin, and let every tenant have it."""
        assert self.api.post("/v1/plugins", {"name": PLUGIN, "type": "Other"}, "ana").status == 201
        for tenant in TENANTS:
            assert (
                self.api.post("/v1/tenants", {"id": tenant, "name": tenant, "tier": "Enterprise"}, "root").status == 201
            )
            assert self.api.post(f"/v1/tenants/{tenant}/plugins/{PLUGIN}/enable", {}, "root").status == 201

    def upload(self, number: str) -> None:
        """Announce, upload and finalize a version whose manifest has tests; its intake makes it Ready."""
        package = a_package(number, sandboxTests=TESTS)
        digest = sha256(package).hexdigest()
        versions = f"/v1/plugins/{PLUGIN}/versions"
        announced = self.api.post(versions, {"version": number, "sha256": digest, "size": len(package)}, "ana")
        self.world.artifacts.put(self.world.tables.versions[PLUGIN, number].package_key, package)
        answer_truly(self.world, number, digest)
        finalized = self.api.post(f"{versions}/{number}/finalize", {}, "ana")
        self._run_what_was_started()
        assert (announced.status, finalized.status) == (201, 202)
        assert self.api.get(f"{versions}/{number}").json["status"] == "Ready"

    def ask(self, number: str, environment: str, **more: object) -> Answer:
        """Ask for a deployment."""
        body = {"pluginId": PLUGIN, "version": number, "environment": environment, **more}
        return self.api.post("/v1/deployments", body, "root")

    def deploy(self, number: str, environment: str, *approvers: str, **more: object) -> Any:
        """Ask for a deployment, let people agree as soon as they are asked, and run it to its end."""
        asked = self.ask(number, environment, **more)
        assert asked.status == 202, asked.text

        def agree(event: Mapping[str, Any]) -> None:
            for approver in approvers:
                decided = self.api.post(f"/v1/approvals/{event['approval']['approval_id']}/approve", {}, approver)
                assert decided.status == 200

        if approvers:
            self.run.functions.after_next("await_approval", agree)
        self._run_what_was_started()
        return self.api.get(f"/v1/deployments/{asked.json['deploymentId']}").json

    def invoke(self, tenant: str, environment: str, n: int = 1) -> Answer:
        body = {"tenantId": tenant, "operation": "handle", "input": {"n": n}, "environment": environment}
        return self.api.post(f"/v1/plugins/{PLUGIN}/invoke", body, "hugo")

    def serve_at_each_look(self, looks: int, seen: list[Answer]) -> None:
        """Let every tenant call before each of so many looks; *seen* gets the answers."""

        def call(_: Mapping[str, Any]) -> None:
            seen.extend(self.invoke(tenant, "Production", n) for tenant in TENANTS for n in (0, 1, 4))

        for _ in range(looks):
            self.run.functions.before_next("evaluate_step", call)

    def serves(self, environment: str) -> set[str]:
        """Ask for every tenant which version answers."""
        return {self.invoke(tenant, environment).json["version"] for tenant in TENANTS}

    def _run_what_was_started(self) -> None:
        name, (machine, given) = list(self.world.executions.started.items())[-1]
        self.run.run(machine, name=name, **given)


@pytest.fixture
def product(world: FakeWorld, run: Machines) -> Product:
    return Product(world, run, Gateway())


def climb(product: Product, number: str) -> None:
    """Take a version through the environments below Production, where the tests of its manifest are made."""
    product.upload(number)
    below = product.ask(number, "Production", **CANARY)
    development = product.deploy(number, "Development")
    qa = product.deploy(number, "QA", "ada", **ROLLING)

    assert (below.status, "lower environment" in below.json["detail"]) == (422, True)
    assert (development["status"], qa["status"]) == ("Completed", "Completed")
    for made in (development, qa):
        operations = [check["operation"] for check in made["healthChecks"]]
        assert operations[:3] == ["ping", *(f"test: {test['name']}" for test in TESTS)]
    assert product.serves("QA") == {number}


def test_a_version_goes_from_its_registration_to_everybody_in_production(product: Product) -> None:
    product.register()
    climb(product, "1.0.0")
    first = product.deploy("1.0.0", "Production", "ada", "ben", strategy="Direct")
    climb(product, "1.1.0")
    seen: list[Answer] = []
    product.serve_at_each_look(20, seen)

    second = product.deploy("1.1.0", "Production", "ada", "ben", **CANARY)

    kinds = [step["kind"] for step in second["plan"]]
    assert (first["status"], second["status"], second["previousVersion"]) == ("Completed", "Completed", "1.0.0")
    assert kinds == ["approve", "warm", "smoke", "shift", "observe", "shift", "observe"]
    assert [step["verdict"]["outcome"] for step in second["plan"] if step["kind"] == "observe"] == ["pass", "pass"]
    assert {answer.status for answer in seen} == {200}
    assert {answer.json["version"] for answer in seen} == {"1.0.0", "1.1.0"}
    assert product.serves("Production") == {"1.1.0"}
    assert product.serves("Development") == product.serves("QA") == {"1.1.0"}


def test_a_version_that_fails_in_production_only_is_rolled_back_and_the_books_say_why(product: Product) -> None:
    product.register()
    climb(product, "1.0.0")
    product.deploy("1.0.0", "Production", "ada", "ben", strategy="Direct")
    climb(product, "1.1.0")
    fail_for_some(product.world, "1.1.0", 4)
    seen: list[Answer] = []
    product.serve_at_each_look(20, seen)

    ended = product.deploy("1.1.0", "Production", "ada", "ben", **CANARY)

    hurt = [answer for answer in seen if answer.status != 200]
    assert (ended["status"], ended["candidatePercentage"]) == ("RolledBack", 0)
    assert ended["statusReason"].startswith("observe failed: ")
    assert 0 < len(hurt) < len(seen) / 10
    assert product.serves("Production") == {"1.0.0"}
    assert product.serves("QA") == {"1.1.0"}
    told = product.world.ports.deployments.timeline(ended["deploymentId"])
    assert [record.action for record in told][-2:] == ["RollBack", "EndDeployment"]
    assert all(product.invoke(tenant, "Production", 4).status == 200 for tenant in TENANTS)


def fail_for_some(world: FakeWorld, number: str, bad: int) -> None:
    """Let a version fail for one of the inputs that its tests do not have."""
    alias = f"v{number.replace('.', '-')}"
    truly = world.functions._answers[PLUGIN, alias]

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        if event.get("input") == {"n": bad}:
            failure = {"kind": "PluginRaised", "message": "KeyError: 'currency'", "errors": []}
            return {"ok": False, "failure": failure, "version": number, "metrics": {}}
        return truly(event)

    world.functions.respond(PLUGIN, alias, answer)
