"""State ``PublishVersion``: make the verified build a Lambda version with an alias of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from chalice.app import Blueprint

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.isolation import IsolationFixedError, finding_of
from chalicelib.domain.manifest import Manifest
from chalicelib.domain.started_containers import StartedContainers
from chalicelib.domain.versions import Version
from chalicelib.ports import Ports
from chalicelib.ports.functions import PublishedVersion
from chalicelib.steps._given import Result, VersionGiven
from chalicelib.steps._intake import open_version, save_version
from chalicelib.steps._step import step

blueprint = Blueprint(__name__)

#: A publish takes some seconds. Who is declared dead too early can't do harm: the publish is bound to the
#: code hash and revision that were staged. The standard Retry, jitter included, waits longer than this.
PUBLISH_LEASE = timedelta(seconds=20)


class WrongCodeError(ConflictError):
    """What Lambda published is not the build of the verified package."""


class PublishVersionResult(Result):
    """Number of the Lambda version."""

    lambda_version: str


@blueprint.lambda_function(name="publish_version")
@step(VersionGiven)
def publish_version(given: VersionGiven, ports: Ports) -> PublishVersionResult:
    """
    State ``PublishVersion``: stage, publish and alias the build, while no other version of the plugin does.

    Idempotent: the alias is made last and found first. A run that died between publishing and the alias
    stages the same code again, and Lambda gives the same version for it.

    Reads ``$.plugin_id``, ``$.version``; writes ``$.publication``.

    Raises:
        TransientError: Another version is being published; the state retries it.
        WrongCodeError: The published code is not the verified one; the state catches it, next ``RejectVersion``.
        IsolationFixedError: The function isolates tenants otherwise; the finding says so, next ``RejectVersion``.
        NotFoundError: The plugin was deleted meanwhile; the state catches it, next ``RejectVersion``.
    """
    version = open_version(given, ports)
    ports.plugins.get(version.plugin_id)

    try:
        published = ports.functions.find_version_alias(version.plugin_id, version.alias) or _publish(version, ports)
    except IsolationFixedError as error:
        finding = finding_of(error)
        refused = replace(version, findings=tuple(dict.fromkeys((*version.findings, finding))))
        save_version(version, refused, "PublishVersion", given, ports, findings=[finding.code])
        raise
    _require_verified_code(version, published)
    _keep_started(version, ports)
    saved = replace(version, lambda_version=published.lambda_version)
    save_version(version, saved, "PublishVersion", given, ports, lambdaVersion=published.lambda_version)

    return PublishVersionResult(lambda_version=published.lambda_version)


def _keep_started(version: Version, ports: Ports) -> None:
    """Give the version's alias the containers that the manifest asks for; also if a run before died on the way."""
    containers = _manifest_of(version).resources.provisioned_concurrency
    if containers is not None:
        # The note first: containers that nobody has noted would never be released.
        note = StartedContainers(version.plugin_id, version.version, version.alias, containers)
        ports.started_containers.save(note)
        ports.functions.keep_started(version.plugin_id, version.alias, containers)


def _manifest_of(version: Version) -> Manifest:
    return Manifest.model_validate_json(json.dumps(version.manifest))


def _publish(version: Version, ports: Ports) -> PublishedVersion:
    label = f"{version.version} sha256:{version.sha256}"
    manifest = _manifest_of(version)
    with _publish_lease(version, ports):
        staged = ports.functions.stage(version.plugin_id, version.build_key, manifest, label=label)
        published = ports.functions.publish(version.plugin_id, staged, label=label)
        # Before the alias, which is for ever: wrong code must never get the name of a version.
        _require_verified_code(version, published)
        ports.functions.put_version_alias(version.plugin_id, version.alias, published.lambda_version)
    return published


@contextmanager
def _publish_lease(version: Version, ports: Ports) -> Iterator[None]:
    """Hold the plugin's ``$LATEST``; a retry of the same version takes its own lease again at once."""
    now = ports.clock.now()
    ports.publish_leases.acquire(version.plugin_id, version.version, now=now, until=now + PUBLISH_LEASE)
    try:
        yield
    finally:
        ports.publish_leases.release(version.plugin_id, version.version)


def _require_verified_code(version: Version, published: PublishedVersion) -> None:
    if published.code_sha256 != version.code_sha256:
        raise WrongCodeError(
            f"Lambda version {published.lambda_version} of {version.plugin_id} does not hold the verified package.",
            fix="Publish the next version number; tell the operator if it happens again.",
        )
