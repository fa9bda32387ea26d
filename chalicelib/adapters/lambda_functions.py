"""The Lambda functions of plugins: one each, a published version and an alias per plugin version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.lambda_caller import LambdaCaller, function_name
from chalicelib.adapters.lambda_mirrors import alias_settings, epoch_of
from chalicelib.adapters.lambda_settling import Settling
from chalicelib.domain.errors import ConflictError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.isolation import PER_TENANT, IsolationFixedError
from chalicelib.domain.mirrors import mirror_of
from chalicelib.domain.routes import Route
from chalicelib.ports.functions import PublishedVersion, StagedCode

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    # JSON Schema comes with it, which only the intake needs.
    from chalicelib.domain.manifest import Manifest

HANDLER = "_hotswap.handler.handle"
_ISOLATED: Final = "PER_TENANT"

#: Somebody else is at it.
_BUSY = frozenset({"ResourceConflictException", "PreconditionFailedException"})
#: How a publish is refused whose code hash is not that of ``$LATEST``.
_OTHER_CODE = "InvalidParameterValueException"


class LambdaFunctions:
    """
    Functions named ``<stack>-plugin-<id>``, all under one role that may do nothing.

    ``$LATEST`` is shared by the versions of a plugin, so whoever stages holds the publish lease, and
    publishing names the hash and the revision that were staged.
    """

    def __init__(
        self,
        client: Callable[[], LambdaClient],
        caller: LambdaCaller,
        *,
        stack: str,
        bucket: str,
        role_arn: str,
        environment: Mapping[str, str],
        settling: Settling,
    ) -> None:
        self._client = client
        self._caller = caller
        self._stack = stack
        self._bucket = bucket
        self._role_arn = role_arn
        self._environment = dict(environment)
        self._settling = settling

    @translated("Lambda")
    def stage(self, plugin_id: str, build_key: str, manifest: Manifest, *, label: str) -> StagedCode:
        """
        Create the function or update its ``$LATEST`` to this build and configuration; wait until settled.

        Raises:
            IsolationFixedError: The function exists, and isolates tenants otherwise than the manifest asks.
            TransientError: An update by another is in progress, or Lambda throttles.
        """
        name = function_name(self._stack, plugin_id)
        wants_isolation = manifest.isolation == PER_TENANT
        configuration: dict[str, Any] = {
            "Runtime": manifest.runtime,
            "Handler": HANDLER,
            "Role": self._role_arn,
            "MemorySize": manifest.resources.memory_mb,
            "Timeout": manifest.resources.timeout_seconds,
            "Environment": {"Variables": self._environment},
            "Description": label,
        }
        try:
            made_isolated = self._put_latest(name, build_key, configuration, is_isolated=wants_isolation)
        except self._client().exceptions.ClientError as error:
            if code_of(error) in _BUSY:
                raise TransientError(f"The function of {plugin_id} is being changed by another.") from error
            raise
        if made_isolated != wants_isolation:
            raise IsolationFixedError(plugin_id, is_isolated=made_isolated)
        settled = self._settling.wait_for_latest(name)
        return StagedCode(settled["CodeSha256"], settled["RevisionId"])

    @translated("Lambda")
    def publish(self, plugin_id: str, staged: StagedCode, *, label: str) -> PublishedVersion:
        """
        Publish ``$LATEST`` if it still is what was staged, and wait until the version is Active.

            version 1.0.0                  version 1.1.0
            ─────────────                  ─────────────
            stage → hash a, revision r
                                           stage → hash b, revision s
            publish a, r → refused

        Publishing the same twice gives the same Lambda version.

        Raises:
            TransientError: ``$LATEST`` changed in between, or the version is not Active yet.
        """
        name = function_name(self._stack, plugin_id)
        try:
            published = self._client().publish_version(
                FunctionName=name, CodeSha256=staged.code_sha256, RevisionId=staged.revision_id, Description=label
            )
        except self._client().exceptions.ClientError as error:
            if code_of(error) in {*_BUSY, _OTHER_CODE}:
                raise _latest_changed(plugin_id) from error
            raise
        # Believed only when seen: the hash that is published is the one that will run.
        if published["CodeSha256"] != staged.code_sha256:
            raise _latest_changed(plugin_id)
        self._settling.wait_for_version(name, published["Version"])
        return PublishedVersion(published["Version"], published["CodeSha256"])

    @translated("Lambda")
    def put_version_alias(self, plugin_id: str, alias: str, lambda_version: str) -> None:
        """
        Make the fixed alias of a version; the same again is fine.

        Raises:
            ConflictError: The alias exists and names another Lambda version.
        """
        client = self._client()
        name = function_name(self._stack, plugin_id)
        try:
            client.create_alias(FunctionName=name, Name=alias, FunctionVersion=lambda_version)
        except client.exceptions.ResourceConflictException as error:
            known = client.get_alias(FunctionName=name, Name=alias)["FunctionVersion"]
            if known != lambda_version:
                raise ConflictError(
                    f"{alias} of {plugin_id} names another build.", fix="Publish the next version."
                ) from error

    @translated("Lambda")
    def find_version_alias(self, plugin_id: str, alias: str) -> PublishedVersion | None:
        """Return what a version's alias names, if it exists."""
        client = self._client()
        name = function_name(self._stack, plugin_id)
        try:
            # Through an alias, Lambda tells of the version that it names: one request for both.
            found = client.get_function_configuration(FunctionName=name, Qualifier=alias)
        except client.exceptions.ResourceNotFoundException:
            return None
        return PublishedVersion(found["Version"], found["CodeSha256"])

    @translated("Lambda")
    def keep_started(self, plugin_id: str, alias: str, containers: int) -> None:
        """Keep so many containers of a version started; the same again is fine."""
        self._client().put_provisioned_concurrency_config(
            FunctionName=function_name(self._stack, plugin_id),
            Qualifier=alias,
            ProvisionedConcurrentExecutions=containers,
        )

    @translated("Lambda")
    def release_started(self, plugin_id: str, alias: str) -> None:
        """Keep no containers of a version started any more; nothing happens when none are, or it has no alias."""
        client = self._client()
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_provisioned_concurrency_config(
                FunctionName=function_name(self._stack, plugin_id), Qualifier=alias
            )

    @translated("Lambda")
    def remove_version_alias(self, plugin_id: str, alias: str) -> None:
        """Take the name from a version that must never serve; nothing happens when it has none."""
        client = self._client()
        name = function_name(self._stack, plugin_id)
        # First what costs money by the hour: if we die in between, a repeated run still finds the alias.
        self.release_started(plugin_id, alias)
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_alias(FunctionName=name, Name=alias)

    @translated("Lambda")
    def mirror(self, route: Route) -> None:
        """
        Make the environment's alias show the route: its primary and, in between, the candidate's weight.

        The route's epoch stands in the alias's description, so a mirror that comes late changes nothing:

            step                           rollback
            ────                           ────────
            write route, epoch 4
                                           write route, epoch 5
                                           mirror epoch 5
            mirror epoch 4 → nothing

        Raises:
            TransientError: Another mirrored at the same moment, or Lambda throttles.
        """
        client = self._client()
        place = {
            "FunctionName": function_name(self._stack, route.plugin_id),
            "Name": Environment(route.environment).alias,
        }
        wanted = mirror_of(route)
        if wanted is None:
            # Before the first version serves there is no alias to take away.
            with suppress(client.exceptions.ResourceNotFoundException):
                client.delete_alias(**place)
            return
        try:
            self._put_alias(place, alias_settings(wanted), route.epoch)
        except client.exceptions.ClientError as error:
            if code_of(error) in _BUSY:
                raise TransientError(f"The alias of {route.plugin_id} is being moved by another.") from error
            raise

    def call(
        self, plugin_id: str, alias: str, payload: Mapping[str, Any], *, isolated_for: str | None = None
    ) -> dict[str, Any]:
        """Call a version through its alias; see `LambdaCaller.call`."""
        return self._caller.call(plugin_id, alias, payload, isolated_for=isolated_for)

    @translated("Lambda")
    def delete(self, plugin_id: str) -> None:
        """Remove the function with all versions and aliases; nothing happens when there is none."""
        client = self._client()
        try:
            client.delete_function(FunctionName=function_name(self._stack, plugin_id))
        except client.exceptions.ResourceNotFoundException:
            return

    def _put_latest(self, name: str, build_key: str, configuration: dict[str, Any], *, is_isolated: bool) -> bool:
        """Tell how the function isolates; one that does so otherwise than is wanted stays as it is."""
        client = self._client()
        try:
            settled = self._settling.wait_for_latest(name)
        except client.exceptions.ResourceNotFoundException:
            # Said when the function is made, or never (Lambda, "Enabling tenant isolation").
            tenancy: Any = {"TenancyConfig": {"TenantIsolationMode": _ISOLATED}} if is_isolated else {}
            client.create_function(
                FunctionName=name,
                Code={"S3Bucket": self._bucket, "S3Key": build_key},
                Architectures=["x86_64"],
                **configuration,
                **tenancy,
            )
            return is_isolated
        made_isolated = settled.get("TenancyConfig", {}).get("TenantIsolationMode") == _ISOLATED
        if made_isolated != is_isolated:
            return made_isolated
        client.update_function_code(FunctionName=name, S3Bucket=self._bucket, S3Key=build_key)
        self._settling.wait_for_latest(name)
        client.update_function_configuration(FunctionName=name, **configuration)
        return made_isolated

    def _put_alias(self, place: dict[str, Any], shown: dict[str, Any], epoch: int) -> None:
        client = self._client()
        try:
            known = client.get_alias(**place)
        except client.exceptions.ResourceNotFoundException:
            client.create_alias(**place, **shown)
            return
        if epoch_of(known.get("Description", "")) <= epoch:
            client.update_alias(**place, **shown, RevisionId=known["RevisionId"])


def _latest_changed(plugin_id: str) -> TransientError:
    return TransientError(f"The function of {plugin_id} changed between staging and publishing.")
