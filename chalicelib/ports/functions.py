"""The Lambda functions of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.manifest import Manifest
    from chalicelib.domain.routes import Route


class StagedCode(NamedTuple):
    """What lies in a function's ``$LATEST`` after an update: its hash and revision, both guard the publish."""

    code_sha256: str
    revision_id: str


class PublishedVersion(NamedTuple):
    """A published Lambda version and the hash of its code."""

    lambda_version: str
    code_sha256: str


class PluginFunctions(Protocol):
    """The Lambda functions of plugins: one each, a published version and an alias per plugin version."""

    def stage(self, plugin_id: str, build_key: str, manifest: Manifest, *, label: str) -> StagedCode:
        """
        Create the function or update its ``$LATEST`` to this build and configuration; wait until settled.

        *label* (``1.0.0 sha256:…``) goes into the description and makes the configuration unique.

        Raises:
            IsolationFixedError: The function exists, and isolates tenants otherwise than the manifest asks.
            TransientError: An update by another is in progress, or Lambda throttles.
        """

    def publish(self, plugin_id: str, staged: StagedCode, *, label: str) -> PublishedVersion:
        """
        Publish ``$LATEST`` if it still is what was staged, and wait until the version is Active.

        Raises:
            TransientError: ``$LATEST`` changed in between, or the version is not Active yet.
        """

    def put_version_alias(self, plugin_id: str, alias: str, lambda_version: str) -> None:
        """
        Make the fixed alias of a version; the same again is fine.

        Raises:
            ConflictError: The alias exists and names another Lambda version.
        """

    def find_version_alias(self, plugin_id: str, alias: str) -> PublishedVersion | None:
        """Return what a version's alias names, if it exists."""

    def keep_started(self, plugin_id: str, alias: str, containers: int) -> None:
        """
        Keep so many containers of a version started; the same again is fine.

        They belong to the alias of the version, never to that of an environment, whose weights exclude them, and
        stay until they are released, or that alias or the function is removed.
        """

    def release_started(self, plugin_id: str, alias: str) -> None:
        """Keep no containers of a version started any more; nothing happens when none are, or it has no alias."""

    def remove_version_alias(self, plugin_id: str, alias: str) -> None:
        """
        Take the name from a version that must never serve, and stop the containers that were kept for it.

        Nothing happens when it has none.
        """

    def mirror(self, route: Route) -> None:
        """Make the environment's alias show the route: its primary and, in between, the candidate's weight."""

    def call(
        self, plugin_id: str, alias: str, payload: Mapping[str, Any], *, isolated_for: str | None = None
    ) -> dict[str, Any]:
        """
        Call a version through its alias and return the runtime's answer (see plugin_runtime).

        *isolated_for* names whose container it must be, where each serves one tenant only; None where all share.

        Raises:
            PluginTimeoutError: It did not answer in its time.
            PluginFailedError: The process died, or its answer is not the runtime's.
            TransientError: Lambda throttles or is unreachable.
        """

    def delete(self, plugin_id: str) -> None:
        """Remove the function with all versions and aliases; nothing happens when there is none."""


class VersionCaller(Protocol):
    """The one call of the hot path."""

    def call(
        self, plugin_id: str, alias: str, payload: Mapping[str, Any], *, isolated_for: str | None = None
    ) -> dict[str, Any]:
        """Call a version through its alias; raises as ``PluginFunctions.call``."""
