"""Worlds in which steps run: a registered plugin, its packages, versions on their way, deployments on theirs."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from chalicelib import bootstrap
from chalicelib.domain.audit import AuditRecord
from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.deployments import Deployment
from chalicelib.domain.ids import Environment
from chalicelib.domain.plugins import Plugin, PluginType
from chalicelib.domain.routes import Route
from chalicelib.domain.versions import SemVer, Version, VersionStatus, package_key
from chalicelib.ports import Ports
from chalicelib.services.deployments import CreateDeployment, create_deployment
from chalicelib.steps.mark_ready import mark_ready
from chalicelib.steps.measure_init import measure_init
from chalicelib.steps.publish_version import publish_version
from chalicelib.steps.verify_package import verify_package
from tests.fakes import FakeWorld

PLUGIN = "echo"
TRACE = "1-6740a000-0123456789abcdef01234567"
NOW = "2026-11-22T15:00:00.000Z"
SOURCE = "def handle(operation, input, context):\n    return input\n"
ANA = Caller("ana", frozenset({Role.ADMIN}), trace_id=TRACE)
DEVELOPMENT = Environment.DEVELOPMENT

Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]


def a_manifest(number: str = "1.0.0", **changes: object) -> dict[str, Any]:
    manifest = {
        "name": PLUGIN,
        "version": number,
        "type": "Other",
        "entryPoint": "echo:handle",
        "runtime": "python3.11",
        "operations": {"handle": {}, "ping": {}},
        "healthCheck": {"operation": "ping", "input": {"n": 1}},
    }
    return {key: value for key, value in {**manifest, **changes}.items() if value is not None}


def a_package(number: str = "1.0.0", *, files: Mapping[str, str] | None = None, **changes: object) -> bytes:
    """Zip a plugin; *changes* go into its manifest (None removes), *files* replace its one module."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        manifest = {"plugin.json": json.dumps(a_manifest(number, **changes))}
        for name, text in {**manifest, **({"echo.py": SOURCE} if files is None else files)}.items():
            # Without a time of its own an entry gets the present one, and two packages differ.
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()


def a_world() -> FakeWorld:
    """Make a world with one registered plugin."""
    world = FakeWorld()
    plugin = Plugin(PLUGIN, PluginType.OTHER, owner="ana", created_at=NOW, updated_at=NOW)
    world.ports.plugins.add(plugin, a_record(world, "RegisterPlugin"))
    return world


def a_record(world: FakeWorld, action: str) -> AuditRecord:
    return AuditRecord(world.ids.new("aud_"), NOW, "ana", (), action, f"plugins/{PLUGIN}", TRACE)


def announce(
    world: FakeWorld,
    content: bytes | None,
    number: str = "1.0.0",
    *,
    is_announced: bool = True,
    sha256_said: str | None = None,
    size_said: int | None = None,
    entry_point_said: str = "",
) -> Version:
    """Announce and upload *content* (None: upload nothing), and finalize it; what is *said* may be wrong."""
    truth = (sha256(content or b"").hexdigest(), len(content or b"")) if is_announced else ("", 0)
    digest = truth[0] if sha256_said is None else sha256_said
    version = Version(
        plugin_id=PLUGIN,
        version=number,
        sha256=digest,
        size=truth[1] if size_said is None else size_said,
        status=VersionStatus.VERIFYING,
        created_at=NOW,
        created_by="ana",
        package_key=package_key(PLUGIN, number, digest),
        declared_entry_point=entry_point_said,
    )
    world.ports.versions.add(version, a_record(world, "CreateVersion"))
    if content is not None:
        world.artifacts.put(version.package_key, content)
        answer_truly(world, number, sha256(content).hexdigest())
    return version


def answer_truly(world: FakeWorld, number: str, digest: str) -> None:
    """Let the version's alias answer as the real runtime would, if its code is sound."""
    probe = {"name": PLUGIN, "version": number, "sha256": digest, "entryPoint": "echo:handle"}

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        body = {"probe": probe} if "hotswap" in event else {"result": event["input"]}
        return {"ok": True, **body, "version": number, "metrics": {"initMs": 12.5, "runMs": 1.0, "coldStart": True}}

    world.functions.respond(PLUGIN, SemVer.parse(number).alias, answer)


def answer_badly(world: FakeWorld, number: str, kind: str, message: str, *, only: str | None = None) -> None:
    """Let the version fail with a typed failure: every call, or only those of the operation *only*."""
    alias = SemVer.parse(number).alias
    truly = world.functions._answers.get((PLUGIN, alias))

    def answer(event: Mapping[str, Any]) -> dict[str, Any]:
        if truly is not None and only is not None and event.get("operation") != only:
            return truly(event)
        return {"ok": False, "failure": {"kind": kind, "message": message, "errors": []}, "metrics": {}}

    world.functions.respond(PLUGIN, alias, answer)


def run(handler: Handler, ports: Ports, **given: object) -> dict[str, Any]:
    """Run a step's handler as Lambda would, with *given* as the machine's state."""
    with bootstrap.use(ports):
        return handler({"trace_id": TRACE, **given}, None)


def intake_given(number: str = "1.0.0", **more: object) -> dict[str, Any]:
    return {"plugin_id": PLUGIN, "version": number, **more}


def a_ready_version(world: FakeWorld, number: str = "1.0.0", package: bytes | None = None) -> Version:
    """Take a sound package in by the real steps."""
    announce(world, package or a_package(number), number)
    for handler in (verify_package, publish_version, measure_init, mark_ready):
        run(handler, world.ports, **intake_given(number))
    return stored_version(world, number)


def a_deployment(world: FakeWorld, number: str = "1.0.0") -> Deployment:
    """Ask for a Direct deployment to Development."""
    return create_deployment(CreateDeployment(ANA, PLUGIN, number, DEVELOPMENT), world.ports)


def stored_version(world: FakeWorld, number: str = "1.0.0") -> Version:
    return world.ports.versions.get(PLUGIN, number)


def stored_route(world: FakeWorld) -> Route:
    route = world.ports.routes.get(PLUGIN, DEVELOPMENT)
    assert route is not None
    return route


def finding_codes(world: FakeWorld, number: str = "1.0.0") -> list[str]:
    return [finding.code for finding in stored_version(world, number).findings]
