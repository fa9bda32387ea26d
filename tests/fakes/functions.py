"""The Lambda functions of plugins, in memory, with a shared ``$LATEST`` as in Lambda."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from chalicelib.domain.errors import ConflictError, PluginFailedError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.isolation import PER_TENANT, IsolationFixedError
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.routes import Route
from chalicelib.ports import PublishedVersion, StagedCode
from tests.fakes.artifacts import FakeArtifacts

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass
class FakeFunction:
    """One function: what lies in ``$LATEST``, what was published, and which alias names what."""

    code_sha256: str = ""
    label: str = ""
    revision: int = 0
    published: list[tuple[str, str]] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    weights_bps: dict[str, dict[str, int]] = field(default_factory=dict)
    epochs: dict[str, int] = field(default_factory=dict)
    started: dict[str, int] = field(default_factory=dict)
    is_isolated: bool = False


@dataclass(frozen=True)
class Call:
    """One call that was made."""

    plugin_id: str
    alias: str
    payload: Mapping[str, Any]
    isolated_for: str | None = None


@dataclass
class FakePluginFunctions:
    """Functions by plugin; each alias answers ``{"ok": true}`` unless `respond` says otherwise."""

    artifacts: FakeArtifacts
    functions: dict[str, FakeFunction] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    _failures: dict[str, list[Exception]] = field(default_factory=dict)

    def respond(self, plugin_id: str, alias: str, answer: Answer | Mapping[str, Any]) -> None:
        """Let an alias, also one that nobody made, answer so from now on."""
        self._answers[plugin_id, alias] = answer if callable(answer) else lambda _: dict(answer)

    def fail_next(self, method: str, error: Exception) -> None:
        """Let the next call of *method* (``publish``) raise before it does anything."""
        self._failures.setdefault(method, []).append(error)

    def weights(self, plugin_id: str, environment: Environment) -> dict[str, int]:
        """Return what an environment's alias shares, Lambda version → basis points; 10,000 in all."""
        function = self.functions[plugin_id]
        shared = function.weights_bps.get(environment.alias, {})
        return {function.aliases[environment.alias]: 10_000 - sum(shared.values()), **shared}

    def stage(self, plugin_id: str, build_key: str, manifest: Manifest, *, label: str) -> StagedCode:
        self._maybe_fail("stage")
        wants_isolation = manifest.isolation == PER_TENANT
        function = self.functions.setdefault(plugin_id, FakeFunction(is_isolated=wants_isolation))
        if function.is_isolated != wants_isolation:
            raise IsolationFixedError(plugin_id, is_isolated=function.is_isolated)
        code = self.artifacts.objects.get(build_key, [build_key.encode()])[-1]
        function.code_sha256 = b64encode(sha256(code).digest()).decode()
        function.label = label
        function.revision += 1
        return StagedCode(function.code_sha256, str(function.revision))

    def publish(self, plugin_id: str, staged: StagedCode, *, label: str) -> PublishedVersion:
        self._maybe_fail("publish")
        function = self.functions[plugin_id]
        if (function.code_sha256, str(function.revision)) != (staged.code_sha256, staged.revision_id):
            raise TransientError(f"$LATEST of {plugin_id} changed in between.")
        newest = function.code_sha256, function.label
        if not function.published or function.published[-1] != newest:
            function.published.append(newest)
        return PublishedVersion(str(len(function.published)), function.code_sha256)

    def put_version_alias(self, plugin_id: str, alias: str, lambda_version: str) -> None:
        self._maybe_fail("put_version_alias")
        known = self.functions[plugin_id].aliases.setdefault(alias, lambda_version)
        if known != lambda_version:
            raise ConflictError(f"{alias} of {plugin_id} names another build.", fix="Publish the next version.")

    def find_version_alias(self, plugin_id: str, alias: str) -> PublishedVersion | None:
        function = self.functions.get(plugin_id)
        if function is None or alias not in function.aliases:
            return None
        lambda_version = function.aliases[alias]
        return PublishedVersion(lambda_version, function.published[int(lambda_version) - 1][0])

    def keep_started(self, plugin_id: str, alias: str, containers: int) -> None:
        self._maybe_fail("keep_started")
        self.functions[plugin_id].started[alias] = containers

    def release_started(self, plugin_id: str, alias: str) -> None:
        self._maybe_fail("release_started")
        if function := self.functions.get(plugin_id):
            function.started.pop(alias, None)

    def remove_version_alias(self, plugin_id: str, alias: str) -> None:
        self._maybe_fail("remove_version_alias")
        if function := self.functions.get(plugin_id):
            function.started.pop(alias, None)
            function.aliases.pop(alias, None)

    def mirror(self, route: Route) -> None:
        self._maybe_fail("mirror")
        function = self.functions.setdefault(route.plugin_id, FakeFunction())
        alias = Environment(route.environment).alias
        if route.epoch < function.epochs.get(alias, 0):
            return
        function.epochs[alias] = route.epoch
        if route.primary is None:
            function.aliases.pop(alias, None)
            function.weights_bps.pop(alias, None)
            return
        function.aliases[alias] = route.primary.lambda_version
        function.weights_bps[alias] = route.weights_bps

    def call(
        self, plugin_id: str, alias: str, payload: Mapping[str, Any], *, isolated_for: str | None = None
    ) -> dict[str, Any]:
        self.calls.append(Call(plugin_id, alias, payload, isolated_for))
        self._maybe_fail("call")
        if answer := self._answers.get((plugin_id, alias)):
            return answer(payload)
        if plugin_id not in self.functions or alias not in self.functions[plugin_id].aliases:
            raise PluginFailedError(f"{plugin_id} has no version {alias}.")
        if self.functions[plugin_id].is_isolated != (isolated_for is not None):
            raise ValueError(f"{plugin_id} isolates its tenants, or does not: a call must name one, or none.")
        metrics = {"initMs": 20.0, "runMs": 1.0, "coldStart": False}
        if payload.get("hotswap") == "probe":
            return {"ok": True, "probe": {"name": plugin_id}, "metrics": metrics}
        return {"ok": True, "result": {}, "version": alias.removeprefix("v").replace("-", "."), "metrics": metrics}

    def delete(self, plugin_id: str) -> None:
        self._maybe_fail("delete")
        self.functions.pop(plugin_id, None)

    def _maybe_fail(self, method: str) -> None:
        if self._failures.get(method):
            raise self._failures[method].pop(0)
