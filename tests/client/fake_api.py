# ruff: noqa: FBT001 - every handler takes the same four things: body, query, whether it is a dry run, names
"""The HotSwap API in memory, in the shapes of the contract: what `httpx.MockTransport` asks instead of a server."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from tests.client.fake_clock import FakeClock

BASE = "http://stack.test/api/v1"
STORAGE = "http://storage.test"
ROLES = {
    "ada": ["Admin"],
    "dev": ["Developer"],
    "app": ["Approver"],
    "appy": ["Approver"],
    "hosty": ["Host"],
}
Document = dict[str, Any]


class ProblemError(Exception):
    def __init__(
        self, status: int, code: str, detail: str, *, errors: list[Document] | None = None, fix: str = ""
    ) -> None:
        super().__init__(detail)
        self.document = {
            "type": f"urn:hotswap:problem:{code.lower()}",
            "title": code,
            "status": status,
            "detail": detail,
            "code": code,
            "traceId": "trace-1",
            "errors": errors or [],
            **({"fix": fix} if fix else {}),
        }
        self.status = status


@dataclass
class FakeApi:
    """
    Keeps what was sent in `requests`, and answers from its dictionaries.

    `scripted` answers come first, in order, for the method and path that they name. An intake or a
    deployment goes one step further with each time it is read.
    """

    clock: FakeClock
    requests: list[httpx.Request] = field(default_factory=list)
    scripted: list[tuple[str, str, httpx.Response | BaseException]] = field(default_factory=list)
    plugins: dict[str, Document] = field(default_factory=dict)
    versions: dict[tuple[str, str], Document] = field(default_factory=dict)
    deployments: dict[str, Document] = field(default_factory=dict)
    forecast: Document | None = None
    events: list[Document] = field(default_factory=list)
    tenants: dict[str, Document] = field(default_factory=dict)
    approvals: list[Document] = field(default_factory=list)
    policy: Document = field(default_factory=dict)
    rings: list[str] = field(default_factory=lambda: ["internal", "beta", "general"])
    installations: dict[tuple[str, str], Document] = field(default_factory=dict)
    secrets: dict[tuple[str, str, str], str] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    routes: dict[tuple[str, str], str] = field(default_factory=dict)
    findings: list[Document] = field(default_factory=list)
    intake_status: str = "Ready"
    deployment_status: str = "Completed"
    flawed: set[tuple[str, str]] = field(default_factory=set)
    refresh_is_allowed: bool = True
    ended_tokens: set[str] = field(default_factory=set)
    tokens_given: int = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        path = self._path(request)
        for position, (method, scripted_path, answer) in enumerate(self.scripted):
            if (method, scripted_path) == (request.method, path):
                del self.scripted[position]
                if isinstance(answer, BaseException):
                    raise answer
                return answer
        try:
            return self._answer(request, path)
        except ProblemError as problem:
            return httpx.Response(
                problem.status,
                json=problem.document,
                headers={"Content-Type": "application/problem+json"},
            )

    def script(self, method: str, path: str, answer: httpx.Response | BaseException) -> None:
        self.scripted.append((method, path, answer))

    def sent(self, method: str, path: str) -> list[httpx.Request]:
        return [each for each in self.requests if (each.method, self._path(each)) == (method, path)]

    def body(self, method: str, path: str) -> Document:
        document: Document = json.loads(self.sent(method, path)[-1].content)
        return document

    def add_plugin(self, name: str, **details: object) -> None:
        self.plugins[name] = {
            "id": name,
            "name": name,
            "type": "PaymentGateway",
            "status": "Active",
            "displayName": name,
            "tags": [],
            "createdAt": self.clock.text(),
            **details,
        }

    def add_version(self, name: str, number: str, **details: object) -> None:
        self.versions[name, number] = {
            "pluginId": name,
            "version": number,
            "status": "Ready",
            "sha256": "ab" * 32,
            "size": 1_900_000,
            "initMs": 92.4,
            "lambdaVersion": "3",
            "findings": [],
            "manifest": {"entryPoint": "main:handle", "runtime": "python3.13", "operations": {"charge": {}}},
            "createdAt": self.clock.text(),
            **details,
        }

    @staticmethod
    def _path(request: httpx.Request) -> str:
        url = str(request.url.copy_with(query=None))
        return url.removeprefix(BASE)

    def _answer(self, request: httpx.Request, path: str) -> httpx.Response:
        if path.startswith(STORAGE):
            return self._store(request, path)
        if not path.startswith("/authentication/"):
            self._require_token(request)
        body: Document = json.loads(request.content) if request.content else {}
        is_dry = request.url.params.get("validateOnly") == "true"
        for method, pattern, handler in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match is not None and method == request.method:
                status, document = handler(self, body, dict(request.url.params), is_dry, *match.groups())
                return httpx.Response(status, json=document, headers={"ETag": '"7"'})
        raise ProblemError(404, "NOT_FOUND", f"There is no {request.method} {path}.")

    def _require_token(self, request: httpx.Request) -> None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token.startswith("token-") or token in self.ended_tokens:
            raise ProblemError(401, "UNAUTHORIZED", "The token is missing or ended.")

    def _store(self, request: httpx.Request, path: str) -> httpx.Response:
        assert "Authorization" not in request.headers, "our token must not reach the storage"
        digest = hashlib.sha256(request.content).hexdigest()
        if request.headers.get("x-amz-checksum-sha256") != digest:
            text = "<Error><Code>BadDigest</Code><Message>The checksum does not match.</Message></Error>"
            return httpx.Response(400, text=text)
        self.uploads[path] = request.content
        return httpx.Response(200)

    def _login(self, body: Document, *_: object) -> tuple[int, Document]:
        if body["username"] not in ROLES or body["password"] != "right":
            raise ProblemError(401, "UNAUTHORIZED", "The user name or the password is wrong.")
        return 200, self._tokens_for(body["username"], refresh_token=f"refresh-{body['username']}")

    def _refresh(self, body: Document, *_: object) -> tuple[int, Document]:
        if not self.refresh_is_allowed:
            raise ProblemError(401, "UNAUTHORIZED", "The refresh token has ended.")
        return 200, self._tokens_for(body["refreshToken"].removeprefix("refresh-"), refresh_token=None)

    def _tokens_for(self, username: str, *, refresh_token: str | None) -> Document:
        self.tokens_given += 1
        return {
            "token": f"token-{username}-{self.tokens_given}",
            "refreshToken": refresh_token,
            "expiresAt": (self.clock.now() + timedelta(hours=1)).isoformat(),
            "user": {"username": username, "roles": ROLES[username], "tenantId": None},
        }

    def _me(self, *_: object) -> tuple[int, Document]:
        return 200, {"username": "dev", "roles": ["Developer"], "tenantId": None}

    def _register(self, body: Document, _query: Document, is_dry: bool) -> tuple[int, Document]:
        if body["name"] in self.plugins:
            raise ProblemError(409, "CONFLICT", f"The name {body['name']} is taken.", fix="Choose another name.")
        if is_dry:
            return 200, {"id": body["name"], "type": body["type"]}
        self.add_plugin(body["name"], type=body["type"])
        return 201, self.plugins[body["name"]]

    def _page(self, items: list[Document], query: Document) -> tuple[int, Document]:
        start, limit = int(query.get("cursor") or 0), int(query.get("limit") or 50)
        end = start + limit
        more = end < len(items)
        return 200, {"items": items[start:end], "nextCursor": str(end) if more else None, "hasMore": more}

    def _list_plugins(self, _body: Document, query: Document, *_: object) -> tuple[int, Document]:
        found = [each for each in self.plugins.values() if query.get("type") in (None, each["type"])]
        return self._page(found, query)

    def _plugin(self, _body: Document, _query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        if name not in self.plugins:
            raise ProblemError(404, "NOT_FOUND", f"There is no plugin {name!r}.")
        return 200, self.plugins[name]

    def _deprecate(self, body: Document, _query: Document, is_dry: bool, name: str) -> tuple[int, Document]:
        changed = {**self.plugins[name], "status": "Deprecated", "deprecation": body}
        if not is_dry:
            self.plugins[name] = changed
        return 200, changed

    def _delete(self, _body: Document, _query: Document, is_dry: bool, name: str) -> tuple[int, Document]:
        if any(installed[1] == name for installed in self.installations):
            raise ProblemError(
                409, "CONFLICT", f"Tenants have installed {name}.", fix="Disable it for every tenant first."
            )
        if not is_dry:
            del self.plugins[name]
        return 200, {}

    def _create_version(self, body: Document, _query: Document, is_dry: bool, name: str) -> tuple[int, Document]:
        key = name, body["version"]
        taken = self.versions.get(key)
        if taken is not None and (taken["status"], taken["sha256"]) != ("Draft", body["sha256"]):
            raise ProblemError(409, "CONFLICT", f"Version {body['version']} of {name} was used before.")
        if is_dry:
            return 200, {"pluginId": name, **body, "status": "Draft", "upload": None}
        self.add_version(
            *key, status="Draft", sha256=body["sha256"], size=body["size"], initMs=None, lambdaVersion=None
        )
        upload = {
            "method": "PUT",
            "url": f"{STORAGE}/{name}/{body['version']}?signature=secret",
            "headers": {"x-amz-checksum-sha256": body["sha256"]},
            "expiresAt": self.clock.text(),
        }
        return 201, {**self.versions[key], "upload": upload}

    def _finalize(self, _body: Document, _query: Document, _dry: bool, name: str, number: str) -> tuple[int, Document]:
        if f"{STORAGE}/{name}/{number}" not in self.uploads:
            raise ProblemError(409, "CONFLICT", f"No package of {name} {number} is uploaded.")
        self.versions[name, number]["status"] = "Verifying"
        return 202, self.versions[name, number]

    def _version(self, _body: Document, _query: Document, _dry: bool, name: str, number: str) -> tuple[int, Document]:
        version = self.versions.get((name, number))
        if version is None:
            raise ProblemError(404, "NOT_FOUND", f"There is no version {number} of {name}.")
        seen = dict(version)
        if version["status"] == "Verifying":
            version["status"] = self.intake_status
            version["findings"] = self.findings
            version["initMs"] = 92.4 if self.intake_status == "Ready" else None
        return 200, seen

    def _retire(
        self, body: Document, _query: Document, dry: bool, name: str, number: str, verb: str
    ) -> tuple[int, Document]:
        version = self.versions.get((name, number))
        if version is None:
            raise ProblemError(404, "NOT_FOUND", f"There is no version {number} of {name}.")
        said = {
            "deprecate": ("Deprecated", "deprecated"),
            "yank": ("Yanked", "yanked"),
            "block": ("Blocked", "blocked"),
        }
        status, field_name = said.get(verb, ("Ready", "yanked"))
        notice = {"reason": body["reason"], "by": "ana"} if verb != "unyank" else None
        retired = {**version, "status": status, field_name: notice, "pinnedTenants": 1, "tenants": ["acme"]}
        if not dry:
            self.versions[name, number] = retired
        return 200, retired

    def _list_versions(self, _body: Document, query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        return self._page([each for key, each in self.versions.items() if key[0] == name], query)

    def _deploy(self, body: Document, _query: Document, is_dry: bool) -> tuple[int, Document]:
        steps = (("warm", "start the candidate"), ("smoke", "health check"), ("shift", "100 % of tenants"))
        place = body["pluginId"], body["environment"]
        document = {
            **body,
            "deploymentId": None if is_dry else f"dep_{len(self.deployments) + 1:026}",
            "strategy": body.get("strategy") or "Direct",
            "previousVersion": self.routes.get(place),
            "status": "Pending",
            "statusReason": "",
            "candidatePercentage": 0,
            "plan": [
                {"index": index, "kind": kind, "detail": detail, "status": "Pending", "verdict": None}
                for index, (kind, detail) in enumerate(steps)
            ],
            "healthChecks": [],
            "possibleVerbs": ["abort"],
            "initiatedBy": "dev",
            "createdAt": self.clock.text(),
            "startedAt": None,
            "endedAt": None,
        }
        if is_dry:
            return 200, {**document, "forecast": self.forecast}
        self.deployments[document["deploymentId"]] = document
        return 202, document

    def _deployment(self, _body: Document, _query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        document = self.deployments.get(name)
        if document is None:
            raise ProblemError(404, "NOT_FOUND", f"There is no deployment {name}.")
        seen: Document = json.loads(json.dumps(document))
        self._go_on(document)
        return 200, seen

    def _go_on(self, document: Document) -> None:
        if document["status"] not in ("Pending", "InProgress"):
            return
        document["status"] = "InProgress"
        document["startedAt"] = document["startedAt"] or self.clock.text()
        running = next((step for step in document["plan"] if step["status"] != "Completed"), None)
        if running is not None:
            running |= {
                "status": "Completed",
                "startedAt": self.clock.text(),
                "endedAt": self.clock.text(seconds=0.3),
                "verdict": {"outcome": "pass", "reason": "ping answered"} if running["kind"] == "smoke" else None,
            }
            return
        is_flawed = (document["version"], document["environment"]) in self.flawed
        status = "RolledBack" if is_flawed else self.deployment_status
        document |= {"status": status, "endedAt": self.clock.text(seconds=1)}
        if status == "Completed":
            document["candidatePercentage"] = 100
            self.routes[document["pluginId"], document["environment"]] = document["version"]
        else:
            document["statusReason"] = "the health check failed"

    def _timeline(self, _body: Document, _query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        begun = {"at": self.clock.text(), "action": "CreateDeployment", "actor": "dev", "reason": "first", "after": {}}
        return 200, {"items": [begun, *self.events]} if name in self.deployments else {"items": self.events}

    def _list_deployments(self, _body: Document, query: Document, *_: object) -> tuple[int, Document]:
        wanted = query.get("environment")
        found = [each for each in self.deployments.values() if wanted in (None, each["environment"])]
        return self._page(found, query)

    def _create_tenant(self, body: Document, _query: Document, is_dry: bool) -> tuple[int, Document]:
        if body["id"] in self.tenants:
            raise ProblemError(409, "CONFLICT", f"The tenant {body['id']} exists.")
        made = {"tier": "Free", "ring": "general", **body, "status": "Active", "createdAt": self.clock.text()}
        if not is_dry:
            self.tenants[body["id"]] = made
        return 201, made

    def _list_tenants(self, _body: Document, query: Document, *_: object) -> tuple[int, Document]:
        return self._page(list(self.tenants.values()), query)

    def _tenant(self, _body: Document, _query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        if name not in self.tenants:
            raise ProblemError(404, "NOT_FOUND", f"There is no tenant {name!r}.", fix="Check the id.")
        return 200, self.tenants[name]

    def _usage(self, _body: Document, query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        reset_at = self.clock.text(seconds=42)
        used = [
            {
                "pluginId": plugin,
                "requestsPerMinute": {"limit": 60, "used": 60, "resetAt": reset_at},
                "concurrentExecutions": {"limit": 5, "used": 1},
                "executionSecondsPerMinute": {"limit": 6000, "used": 1.25, "resetAt": reset_at},
            }
            for tenant, plugin in self.installations
            if tenant == name
        ]
        return self._page(used, query)

    def _enable(self, body: Document, _query: Document, is_dry: bool, tenant: str, plugin: str) -> tuple[int, Document]:
        existing = self.installations.get((tenant, plugin))
        if existing is not None and existing["enabled"]:
            raise ProblemError(409, "CONFLICT", f"{plugin} is enabled for {tenant} already.")
        made: Document = {
            "tenantId": tenant,
            "pluginId": plugin,
            "status": "Enabled",
            "enabled": True,
            "configuration": body.get("configuration") or {},
            "secrets": [],
            "quotas": body.get("quotas") or {},
        }
        if not is_dry:
            self.installations[tenant, plugin] = made
        return 201, made

    def _disable(
        self, _body: Document, _query: Document, is_dry: bool, tenant: str, plugin: str
    ) -> tuple[int, Document]:
        if (tenant, plugin) not in self.installations:
            raise ProblemError(404, "NOT_FOUND", f"{tenant} has not installed {plugin}.")
        ended = {**self.installations[tenant, plugin], "enabled": False, "status": "Disabled"}
        if not is_dry:
            self.installations[tenant, plugin] = ended
        return 200, ended

    def _list_approvals(self, _body: Document, query: Document, _dry: bool) -> tuple[int, Document]:
        wanted = {name: query[name] for name in ("status", "environment") if query.get(name)}
        found = [one for one in self.approvals if wanted.items() <= one.items()]
        return 200, {"items": found, "nextCursor": None, "hasMore": False}

    def _approval(self, _body: Document, _query: Document, _dry: bool, approval_id: str) -> tuple[int, Document]:
        return 200, next(one for one in self.approvals if one["approvalId"] == approval_id)

    def _decide(
        self, body: Document, _query: Document, is_dry: bool, kind: str, identifier: str, verb: str
    ) -> tuple[int, Document]:
        place = {"approvals": "approvalId", "deployments": "deploymentId"}[kind]
        known = next((one for one in self.approvals if one[place] == identifier), None)
        if known is None:
            raise ProblemError(409, "CONFLICT", f"{identifier} waits for nobody's approval.", fix="Look how it goes.")
        voice = {"by": "ada", "decision": verb, "reason": body["reason"], "at": self.clock.text()}
        status = "Rejected" if verb == "reject" else "Pending"
        said = {**known, "decisions": [*known["decisions"], voice], "status": status}
        if not is_dry:
            self.approvals[self.approvals.index(known)] = said
        return 200, said

    def _policy(self, _body: Document, _query: Document, _dry: bool, environment: str) -> tuple[int, Document]:
        return 200, {**self.policy, "environment": environment, "revision": 7}

    def _put_policy(self, body: Document, _query: Document, is_dry: bool, environment: str) -> tuple[int, Document]:
        stated = {"isOpen": not body["stopTheLine"], "closedBecause": body["stopTheLine"], "opensAt": None}
        changed = {**body, **stated}
        if not is_dry:
            self.policy = changed
        return 200, {**changed, "environment": environment, "revision": 8}

    def _rings(self, _body: Document, _query: Document, _dry: bool) -> tuple[int, Document]:
        return 200, {"rings": self.rings, "revision": 7}

    def _put_rings(self, body: Document, _query: Document, is_dry: bool) -> tuple[int, Document]:
        if not is_dry:
            self.rings = body["rings"]
        return 200, {"rings": body["rings"], "revision": 8}

    def _patch_tenant(self, body: Document, _query: Document, is_dry: bool, name: str) -> tuple[int, Document]:
        changed = {**self._tenant({}, {}, is_dry, name)[1], **body}
        if not is_dry:
            self.tenants[name] = changed
        return 200, changed

    def _erase_tenant(self, _body: Document, _query: Document, is_dry: bool, name: str) -> tuple[int, Document]:
        self._tenant({}, {}, is_dry, name)
        found = [key for key in self.installations if key[0] == name]
        for key in found[:1] if not is_dry else ():
            del self.installations[key]
        is_done = len(found) <= 1 or is_dry
        if is_done and not is_dry:
            del self.tenants[name]
        erased = {"installations": len(found) if is_dry else len(found[:1])}
        return 200, {
            "tenantId": name,
            "status": "Erased" if is_done else "Erasing",
            "erased": erased,
            "kept": ["audit"],
        }

    def _export(self, _body: Document, query: Document, _dry: bool, name: str) -> tuple[int, Document]:
        items = [each for key, each in self.installations.items() if key[0] == name]
        _, page = self._page(items, {"limit": 1, **query})
        return 200, {"tenant": self.tenants[name], **page}

    def _uninstall(self, _body: Document, _query: Document, is_dry: bool, *key: str) -> tuple[int, Document]:
        if not is_dry:
            del self.installations[key[0], key[1]]
        return 200, {"tenantId": key[0], "pluginId": key[1], "status": "Erased", "erased": {"installations": 1}}

    def _config(self, _body: Document, _query: Document, _dry: bool, *key: str) -> tuple[int, Document]:
        return 200, {"configuration": self.installations[key[0], key[1]]["configuration"], "revision": 1}

    def _put_config(self, body: Document, _query: Document, is_dry: bool, *key: str) -> tuple[int, Document]:
        if not is_dry:
            self.installations[key[0], key[1]]["configuration"] = body["configuration"]
        return 200, body

    def _revisions(self, _body: Document, query: Document, _dry: bool, *key: str) -> tuple[int, Document]:
        configuration = self.installations[key[0], key[1]]["configuration"]
        return self._page([{"revision": 1, "author": "olga", "at": "now", "configuration": configuration}], query)

    def _put_pin(self, body: Document, _query: Document, is_dry: bool, *key: str) -> tuple[int, Document]:
        pinned = {**self.installations[key[0], key[1]], "pinnedVersion": body.get("version"), "pin": body or None}
        if not is_dry:
            self.installations[key[0], key[1]] = pinned
        return 200, pinned

    def _installed(self, _body: Document, query: Document, _dry: bool, tenant: str) -> tuple[int, Document]:
        return self._page([each for key, each in self.installations.items() if key[0] == tenant], query)

    def _put_secret(self, body: Document, _query: Document, is_dry: bool, *key: str) -> tuple[int, Document]:
        if not is_dry:
            self.secrets[key[0], key[1], key[2]] = body.get("value") or body["reference"]
        return 200, {}

    def _delete_secret(self, _body: Document, _query: Document, is_dry: bool, *key: str) -> tuple[int, Document]:
        if not is_dry:
            self.secrets.pop((key[0], key[1], key[2]), None)
        return 200, {}

    def _effective(
        self, _body: Document, query: Document, _dry: bool, tenant: str, plugin: str
    ) -> tuple[int, Document]:
        environment = query.get("environment") or "Production"
        version = self.routes.get((plugin, environment))
        reason = "stable" if version else "not-deployed"
        why = f"{version} is the stable version of {environment}." if version else "Nothing is deployed."
        return 200, {
            "tenantId": tenant,
            "pluginId": plugin,
            "environment": environment,
            "configuredVersion": version,
            "candidateVersion": None,
            "candidatePercentage": 0,
            "splitBy": "tenant",
            "pinnedVersion": None,
            "resolvedVersion": version,
            "digest": "ab" * 32 if version else None,
            "lastServed": {"version": version, "reason": reason, "at": self.clock.text()} if version else None,
            "bucket": 2518 if version else None,
            "reason": reason,
            "rules": [
                {"rule": "blocked", "matched": False, "holds": False, "why": "The tenant is not suspended."},
                {"rule": reason, "matched": True, "holds": True, "why": why},
            ],
        }

    def _override(self, body: Document, _query: Document, _dry: bool, name: str, number: str) -> tuple[int, Document]:
        if (name, number) not in self.versions:
            raise ProblemError(404, "NOT_FOUND", f"There is no version {number} of {name}.")
        return 201, {
            "header": "X-HotSwap-Override",
            "token": f"leave-for-{number}",
            "expiresAt": self.clock.text(seconds=60),
            "pluginId": name,
            "version": number,
            "environment": body["environment"],
        }

    def _invoke(self, body: Document, _query: Document, _dry: bool, plugin: str) -> tuple[int, Document]:
        version = self.routes.get((plugin, body.get("environment") or "Production"))
        if version is None:
            raise ProblemError(404, "NOT_FOUND", f"No version of {plugin} is deployed.", fix="Deploy one.")
        return 200, {
            "result": {"paymentId": "pi_123", "status": "succeeded", "amount": body["input"].get("amount")},
            "version": version,
            "reason": "stable",
            "durationMs": 38.2,
            "executionId": "exe_1",
            "traceId": "trace-9",
        }


Handler = Callable[..., tuple[int, Document]]
_ONE = "([^/]+)"
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/authentication/login", FakeApi._login),
    ("POST", "/authentication/refresh", FakeApi._refresh),
    ("GET", "/me", FakeApi._me),
    ("POST", "/plugins", FakeApi._register),
    ("GET", "/plugins", FakeApi._list_plugins),
    ("GET", f"/plugins/{_ONE}", FakeApi._plugin),
    ("DELETE", f"/plugins/{_ONE}", FakeApi._delete),
    ("POST", f"/plugins/{_ONE}/deprecate", FakeApi._deprecate),
    ("POST", f"/plugins/{_ONE}/versions", FakeApi._create_version),
    ("GET", f"/plugins/{_ONE}/versions", FakeApi._list_versions),
    ("GET", f"/plugins/{_ONE}/versions/{_ONE}", FakeApi._version),
    ("POST", f"/plugins/{_ONE}/versions/{_ONE}/finalize", FakeApi._finalize),
    ("POST", f"/plugins/{_ONE}/versions/{_ONE}/override", FakeApi._override),
    ("POST", f"/plugins/{_ONE}/versions/{_ONE}/(deprecate|yank|unyank|block)", FakeApi._retire),
    ("POST", f"/plugins/{_ONE}/invoke", FakeApi._invoke),
    ("POST", "/deployments", FakeApi._deploy),
    ("GET", "/deployments", FakeApi._list_deployments),
    ("GET", f"/deployments/{_ONE}", FakeApi._deployment),
    ("GET", f"/deployments/{_ONE}/timeline", FakeApi._timeline),
    ("GET", "/approvals", FakeApi._list_approvals),
    ("GET", f"/approvals/{_ONE}", FakeApi._approval),
    ("POST", f"/(approvals|deployments)/{_ONE}/(approve|reject)", FakeApi._decide),
    ("GET", f"/environments/{_ONE}/policy", FakeApi._policy),
    ("PUT", f"/environments/{_ONE}/policy", FakeApi._put_policy),
    ("GET", "/rings", FakeApi._rings),
    ("PUT", "/rings", FakeApi._put_rings),
    ("POST", "/tenants", FakeApi._create_tenant),
    ("GET", "/tenants", FakeApi._list_tenants),
    ("GET", f"/tenants/{_ONE}", FakeApi._tenant),
    ("GET", f"/tenants/{_ONE}/plugins", FakeApi._installed),
    ("GET", f"/tenants/{_ONE}/usage", FakeApi._usage),
    ("POST", f"/tenants/{_ONE}/plugins/{_ONE}/enable", FakeApi._enable),
    ("POST", f"/tenants/{_ONE}/plugins/{_ONE}/disable", FakeApi._disable),
    ("GET", f"/tenants/{_ONE}/plugins/{_ONE}/effective", FakeApi._effective),
    ("PATCH", f"/tenants/{_ONE}", FakeApi._patch_tenant),
    ("DELETE", f"/tenants/{_ONE}", FakeApi._erase_tenant),
    ("GET", f"/tenants/{_ONE}/export", FakeApi._export),
    ("DELETE", f"/tenants/{_ONE}/plugins/{_ONE}", FakeApi._uninstall),
    ("GET", f"/tenants/{_ONE}/plugins/{_ONE}/config", FakeApi._config),
    ("PUT", f"/tenants/{_ONE}/plugins/{_ONE}/config", FakeApi._put_config),
    ("GET", f"/tenants/{_ONE}/plugins/{_ONE}/config/revisions", FakeApi._revisions),
    ("POST", f"/tenants/{_ONE}/plugins/{_ONE}/config/restore", FakeApi._config),
    ("PUT", f"/tenants/{_ONE}/plugins/{_ONE}/pin", FakeApi._put_pin),
    ("DELETE", f"/tenants/{_ONE}/plugins/{_ONE}/pin", FakeApi._put_pin),
    ("PUT", f"/tenants/{_ONE}/plugins/{_ONE}/secrets/{_ONE}", FakeApi._put_secret),
    ("DELETE", f"/tenants/{_ONE}/plugins/{_ONE}/secrets/{_ONE}", FakeApi._delete_secret),
]
