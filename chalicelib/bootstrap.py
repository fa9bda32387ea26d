"""
The composition root of the control plane: here, and only here, ports meet their adapters.

An adapter is imported and made when its port is first used: a start loads what its first request needs (ADR 19).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from typing import TYPE_CHECKING

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.bootstrap_tables import StackTables
from chalicelib.ports import Ports
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient

    from chalicelib import ports as outside

_replaced_ports: list[Ports] = []


def ports() -> Ports:
    """Return the ports of this process."""
    return _replaced_ports[-1] if _replaced_ports else _real_ports()


@contextmanager
def use(replacement: Ports) -> Iterator[None]:
    """Let everything in this process see other ports for a while: for tests, instead of patches."""
    _replaced_ports.append(replacement)
    try:
        yield
    finally:
        _replaced_ports.pop()


@cache
def _real_ports() -> Ports:
    return connect(Settings.from_environment())


def connect(settings: Settings, dynamodb: Callable[[], DynamoDBClient] = aws_clients.dynamodb) -> Ports:
    """Make the ports of a stack; nothing is imported, made or called for a port before it is used."""
    return _Stack(settings, dynamodb)


class _Stack(StackTables):
    """All ports of a stack, each of them made at its first use and then kept."""

    @cached_property
    def _kms(self) -> Lazy[KMSClient]:
        return Lazy(aws_clients.kms)

    @cached_property
    def _control(self) -> Lazy[LambdaClient]:
        from chalicelib.adapters.lambda_budget import LambdaBudget

        settings = self._settings
        budget = LambdaBudget(self._dynamodb, settings.table("idempotency"), self.clock, factor=settings.limit_factor)
        return Lazy(lambda: aws_clients.lambda_control(budget.take))

    @cached_property
    def ids(self) -> outside.IdSource:
        from chalicelib.adapters.ids import UlidSource

        return UlidSource()

    @cached_property
    def artifacts(self) -> outside.ArtifactStore:
        from chalicelib.adapters.s3 import S3Artifacts

        return S3Artifacts(Lazy(aws_clients.s3), self._settings.bucket, self.clock)

    @cached_property
    def functions(self) -> outside.PluginFunctions:
        from chalicelib.adapters.lambda_caller import LambdaCaller
        from chalicelib.adapters.lambda_functions import LambdaFunctions
        from chalicelib.adapters.lambda_settling import Settling

        settings = self._settings
        calls = Lazy(lambda: aws_clients.lambda_calls(aws_clients.PROBE_SECONDS))
        return LambdaFunctions(
            self._control,
            LambdaCaller(calls, settings.stack),
            stack=settings.stack,
            bucket=settings.bucket,
            role_arn=settings.plugin_role_arn,
            environment=settings.plugin_environment,
            settling=Settling(self._control),
        )

    @cached_property
    def mirrors(self) -> outside.AliasMirrors:
        from chalicelib.adapters.lambda_mirrors import LambdaMirrors

        return LambdaMirrors(self._control, self._settings.stack)

    @cached_property
    def executions(self) -> outside.Executions:
        from chalicelib.adapters.stepfunctions import StepFunctionsExecutions

        settings = self._settings
        client = Lazy(aws_clients.stepfunctions)
        return StepFunctionsExecutions(client, stack=settings.stack, account_id=settings.account_id)

    @cached_property
    def identity(self) -> outside.Identity:
        from chalicelib.adapters.cognito import CognitoIdentity

        return CognitoIdentity(Lazy(aws_clients.cognito), self._settings.client_id)

    @cached_property
    def secrets(self) -> outside.SecretBox:
        from chalicelib.adapters.kms import KmsSecretBox

        return KmsSecretBox(self._kms, self._settings.key_alias, self.clock)

    @cached_property
    def references(self) -> outside.SecretReferences:
        from chalicelib.adapters.secrets_manager import SecretsManagerReferences

        settings = self._settings
        client = Lazy(aws_clients.secrets_manager)
        return SecretsManagerReferences(client, settings.stack, settings.account_id, self.clock)

    @cached_property
    def cursors(self) -> outside.CursorCodec:
        from chalicelib.adapters.cursors import SignedCursors
        from chalicelib.adapters.dynamodb.cursor_keys import StoredCursorKey

        return SignedCursors(StoredCursorKey(self._kms, self._settings.key_alias, self._tables))

    @property
    def limit_factor(self) -> int:
        return self._settings.limit_factor

    @cached_property
    def override_key(self) -> outside.OverrideKey:
        from chalicelib.adapters.dynamodb.override_keys import StoredOverrideKey

        settings = self._settings
        return StoredOverrideKey(self._kms, settings.key_alias, self._dynamodb, settings.table("routing"))

    @cached_property
    def metrics(self) -> outside.MetricReads:
        from chalicelib.adapters.cloudwatch import CloudWatchMetrics

        return CloudWatchMetrics(Lazy(aws_clients.cloudwatch))

    @cached_property
    def notifier(self) -> outside.Notifier:
        from chalicelib.adapters.notifications import SnsNotifications

        settings = self._settings
        return SnsNotifications(Lazy(aws_clients.sns), stack=settings.stack, account_id=settings.account_id)

    @cached_property
    def seals(self) -> outside.SealRepository:
        from chalicelib.adapters.s3_seals import Lock, S3Seals

        return S3Seals(Lazy(aws_clients.s3), self._settings.bucket, Lock(*self._settings.audit_lock))

    @cached_property
    def seal_key(self) -> outside.SealKey:
        from chalicelib.adapters.seal_keys import KmsSealKey

        return KmsSealKey(self._kms, self._settings.seal_key_alias)
