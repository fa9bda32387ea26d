"""What users of the product do over HTTP, as words that the tests of the whole path are made of."""

import hashlib
import http.client
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.packages import a_package
from tests.stack.running_stack import Answer, RunningStack, eventually

JSON_TYPE = "application/json"
ENVIRONMENT = "Development"
SETTLED = {"Ready", "Rejected"}
ENDED = {"Completed", "RolledBack", "Failed", "Superseded", "Aborted", "Rejected"}


@dataclass(frozen=True, slots=True)
class Product:
    """The product of one stack, as its users reach it; a role logs in once."""

    stack: RunningStack
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    def token(self, role: str) -> str:
        """Give the token of the stack's user of this role."""
        if role not in self._tokens:
            self._tokens[role] = self.stack.token(role)
        return self._tokens[role]

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        role: str = "admin",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request as the user of *role*; *path* begins after ``/api/v1``."""
        return self.stack.request(method, f"/v1{path}", token=self.token(role), body=body, headers=headers)

    def send(self, method: str, path: str, content: bytes, **headers: str) -> Answer:
        """Send any bytes at all, with no token but what *headers* say; ``_`` in their names is ``-``."""
        base = urllib.parse.urlsplit(self.stack.info.api_url)
        connection = http.client.HTTPConnection(str(base.hostname), base.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, f"{base.path}{path}", content, {"Content-Type": JSON_TYPE, **named})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), json.loads(answer.read()))
        finally:
            connection.close()

    def register(self, name: str, type_: str = "Other") -> None:
        """Register a plugin."""
        assert self.ask("POST", "/plugins", {"name": name, "type": type_}).status == 201

    def announce(self, name: str, version: str, package: bytes, **changes: object) -> Answer:
        """Announce a version with the digest and size of *package*; *changes* go into the body."""
        digest = hashlib.sha256(package).hexdigest()
        body = {"version": version, "sha256": digest, "size": len(package), **changes}
        return self.ask("POST", f"/plugins/{name}/versions", body)

    def upload(self, announced: Answer, package: bytes, **changes: str) -> int:
        """PUT the package where the announcement said, with its headers; return the status."""
        given = announced.body["upload"]
        url = urllib.parse.urlsplit(given["url"])
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=30)
        try:
            connection.request(given["method"], f"{url.path}?{url.query}", package, {**given["headers"], **changes})
            return connection.getresponse().status
        finally:
            connection.close()

    def finalize(self, name: str, version: str) -> Answer:
        """Say that the package is uploaded."""
        return self.ask("POST", f"/plugins/{name}/versions/{version}/finalize", {})

    def version(self, name: str, version: str) -> dict[str, Any]:
        """Show a version."""
        found: dict[str, Any] = self.ask("GET", f"/plugins/{name}/versions/{version}").body
        return found

    def settled(self, name: str, version: str) -> dict[str, Any]:
        """Wait until the intake has decided, and show the version."""
        eventually(lambda: self.version(name, version)["status"] in SETTLED, within_seconds=90)
        return self.version(name, version)

    def send_in(self, name: str, version: str, package: bytes) -> None:
        """Announce, upload and finalize."""
        announced = self.announce(name, version, package)
        assert announced.status == 201, announced.body
        assert self.upload(announced, package) == 200
        assert self.finalize(name, version).status == 202

    def publish(self, name: str, version: str, source: str, **manifest: Any) -> dict[str, Any]:
        """Publish a plugin of one module, and show its version, which must be Ready."""
        self.send_in(name, version, a_package(source, name=name, version=version, **manifest))
        taken = self.settled(name, version)
        assert taken["status"] == "Ready", taken["findings"]
        return taken

    def begin(self, name: str, version: str, *, role: str = "admin", **wishes: Any) -> Answer:
        """Ask for a deployment, to Development and its own strategy if *wishes* say nothing else."""
        asked = {"pluginId": name, "version": version, "environment": ENVIRONMENT, **wishes}
        return self.ask("POST", "/deployments", asked, role=role)

    def say(self, deployment_id: str, verb: str, *, role: str = "admin", **more: Any) -> Answer:
        """Say a verb to a deployment; *more* goes into the body."""
        return self.ask("POST", f"/deployments/{deployment_id}/{verb}", {"reason": "the test", **more}, role=role)

    def deployment(self, deployment_id: str) -> dict[str, Any]:
        """Show a deployment."""
        shown: dict[str, Any] = self.ask("GET", f"/deployments/{deployment_id}").body
        return shown

    def waiting(self, deployment_id: str, share: float) -> dict[str, Any]:
        """Wait until a deployment watches its candidate with so many percent of the tenants, and give the step."""

        def step() -> dict[str, Any] | None:
            shown = self.deployment(deployment_id)
            assert shown["status"] not in ENDED, shown["statusReason"]
            at = shown["currentStep"]
            current: dict[str, Any] = shown["plan"][at] if at is not None else {}
            is_there = shown["candidatePercentage"] == share and current.get("status") == "Running"
            return current if is_there and current["kind"] == "observe" else None

        found: dict[str, Any] = eventually(step, within_seconds=60)
        return found

    def ended(self, deployment_id: str) -> dict[str, Any]:
        """Wait until a deployment has ended, and show it."""
        path = f"/deployments/{deployment_id}"
        eventually(lambda: self.ask("GET", path).body["status"] in ENDED, within_seconds=90)
        shown: dict[str, Any] = self.ask("GET", path).body
        return shown

    def deploy(self, name: str, version: str) -> dict[str, Any]:
        """Deploy to Development, and show how it ended."""
        begun = self.begin(name, version)
        assert begun.status == 202, begun.body
        return self.ended(begun.body["deploymentId"])

    def install(self, name: str, tenant: str, config: object = None, **secrets: str) -> None:
        """Let a tenant, made if need be, use a plugin."""
        assert self.ask("POST", "/tenants", {"id": tenant}).status in {201, 409}
        path = f"/tenants/{tenant}/plugins/{name}"
        assert self.ask("POST", f"{path}/enable", {"configuration": config or {}}).status == 201
        for secret, value in secrets.items():
            assert self.ask("PUT", f"{path}/secrets/{secret}", {"value": value}).status == 200

    def invoke(
        self, name: str, tenant: str, operation: str = "handle", given: object = None, *, environment: str = ENVIRONMENT
    ) -> Answer:
        """Run an operation for a tenant, as a host."""
        body = {"tenantId": tenant, "operation": operation, "input": given or {}, "environment": environment}
        return self.ask("POST", f"/plugins/{name}/invoke", body, role="host")

    def fetch(self, url: str) -> bytes:
        """GET what a signed address points to."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            return connection.getresponse().read()
        finally:
            connection.close()

    def alias(self, name: str, alias: str) -> dict[str, Any]:
        """Read an alias of a plugin's function, as only AWS itself shows it."""
        found: dict[str, Any] = self.stack.client("lambda").get_alias(FunctionName=function_of(name), Name=alias)
        return found

    def alias_names(self, name: str) -> list[str]:
        """Name the aliases of a plugin's function; none when there is no function."""
        functions = self.stack.client("lambda")
        try:
            listed = functions.list_aliases(FunctionName=function_of(name))["Aliases"]
        except functions.exceptions.ResourceNotFoundException:
            return []
        return sorted(alias["Name"] for alias in listed)

    def route(self, name: str) -> tuple[object, ...]:
        """Read who serves in Development: stable, candidate, and the candidate's share."""
        key = {"pk": {"S": f"route#{name}"}, "sk": {"S": ENVIRONMENT}}
        item = self.stack.client("dynamodb").get_item(TableName="hotswap-routing", Key=key)["Item"]
        return item.get("stable"), item.get("candidate"), item["candidate_bps"]

    def lease_holder(self, name: str, environment: str = ENVIRONMENT) -> str:
        """Read who holds the lease of an environment; empty when it is free."""
        key = {"pk": {"S": f"lease#{name}"}, "sk": {"S": environment}}
        lease = self.stack.client("dynamodb").get_item(TableName="hotswap-deployments", Key=key)
        return str(lease["Item"]["holder"]["S"])

    def intakes(self, name: str) -> list[dict[str, Any]]:
        """List the executions of the machine `intake` for a plugin."""
        machine = self.stack.info.outputs["IntakeMachineArn"]
        listed = self.stack.client("stepfunctions").list_executions(stateMachineArn=machine, maxResults=1000)[
            "executions"
        ]
        return [execution for execution in listed if execution["name"].startswith(f"{name[:25]}-v")]


def function_of(name: str) -> str:
    """Name the Lambda function of a plugin."""
    return f"hotswap-plugin-{name}"
