"""The composition root of the control plane: here, and only here, ports meet their adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.cognito import CognitoIdentity
from chalicelib.adapters.cursors import SignedCursors
from chalicelib.adapters.dynamodb.approvals import DynamoApprovals
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail
from chalicelib.adapters.dynamodb.blocks import DynamoBlocks
from chalicelib.adapters.dynamodb.claims import DynamoClaims
from chalicelib.adapters.dynamodb.cursor_keys import StoredCursorKey
from chalicelib.adapters.dynamodb.deployments import DynamoDeployments
from chalicelib.adapters.dynamodb.installations import DynamoInstallations
from chalicelib.adapters.dynamodb.items import Tables
from chalicelib.adapters.dynamodb.machine_key_repository import DynamoMachineKeys
from chalicelib.adapters.dynamodb.measurements import DynamoMeasurements
from chalicelib.adapters.dynamodb.override_keys import StoredOverrideKey
from chalicelib.adapters.dynamodb.plugins import DynamoPlugins
from chalicelib.adapters.dynamodb.policies import DynamoPolicies
from chalicelib.adapters.dynamodb.publish_leases import DynamoPublishLeases
from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger
from chalicelib.adapters.dynamodb.rings import DynamoRings
from chalicelib.adapters.dynamodb.routes import DynamoRoutes
from chalicelib.adapters.dynamodb.serving import DynamoStates
from chalicelib.adapters.dynamodb.servings import DynamoServings
from chalicelib.adapters.dynamodb.started_containers import DynamoStartedContainers
from chalicelib.adapters.dynamodb.tenants import DynamoTenants
from chalicelib.adapters.dynamodb.verdicts import DynamoVerdicts
from chalicelib.adapters.dynamodb.versions import DynamoVersions
from chalicelib.adapters.ids import UlidSource
from chalicelib.adapters.kms import KmsSecretBox
from chalicelib.adapters.lambda_budget import LambdaBudget
from chalicelib.adapters.lambda_caller import LambdaCaller
from chalicelib.adapters.lambda_functions import LambdaFunctions
from chalicelib.adapters.lambda_mirrors import LambdaMirrors
from chalicelib.adapters.lambda_settling import Settling
from chalicelib.adapters.notifications import SnsNotifications
from chalicelib.adapters.s3 import S3Artifacts
from chalicelib.adapters.s3_seals import Lock, S3Seals
from chalicelib.adapters.seal_keys import KmsSealKey
from chalicelib.adapters.secrets_manager import SecretsManagerReferences
from chalicelib.adapters.stepfunctions import StepFunctionsExecutions
from chalicelib.ports import Ports
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

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


def connect(settings: Settings) -> Ports:
    """Make the ports of a stack; no client is made and nothing is called before a port is used."""
    clock = SystemClock()
    tables = Tables(settings.table, Lazy(aws_clients.dynamodb))
    audit = DynamoAuditTrail(tables, settings.retention_days)
    kms = Lazy(aws_clients.kms)
    budget = LambdaBudget(tables.client, settings.table("idempotency"), clock, factor=settings.limit_factor)
    control = Lazy(lambda: aws_clients.lambda_control(budget.take))
    return Ports(
        clock=clock,
        ids=UlidSource(),
        plugins=DynamoPlugins(tables, audit),
        versions=DynamoVersions(tables, audit),
        blocks=DynamoBlocks(tables, audit),
        started_containers=DynamoStartedContainers(tables),
        publish_leases=DynamoPublishLeases(tables),
        routes=DynamoRoutes(tables),
        deployments=DynamoDeployments(tables, audit),
        approvals=DynamoApprovals(tables, audit),
        policies=DynamoPolicies(tables, audit),
        tenants=DynamoTenants(tables, audit),
        rings=DynamoRings(tables, audit),
        installations=DynamoInstallations(tables, audit),
        servings=DynamoServings(tables.client, settings.table("tenants"), clock),
        states=DynamoStates(tables.client, settings.table("tenants")),
        audit=audit,
        artifacts=S3Artifacts(Lazy(aws_clients.s3), settings.bucket, clock),
        functions=_functions(settings, control),
        mirrors=LambdaMirrors(control, settings.stack),
        executions=StepFunctionsExecutions(
            Lazy(aws_clients.stepfunctions), stack=settings.stack, account_id=settings.account_id
        ),
        identity=CognitoIdentity(Lazy(aws_clients.cognito), settings.client_id),
        secrets=KmsSecretBox(kms, settings.key_alias, clock),
        references=SecretsManagerReferences(
            Lazy(aws_clients.secrets_manager), settings.stack, settings.account_id, clock
        ),
        cursors=SignedCursors(StoredCursorKey(kms, settings.key_alias, tables)),
        ledger=DynamoQuotaLedger(tables.client, settings.table("tenants")),
        limit_factor=settings.limit_factor,
        override_key=StoredOverrideKey(kms, settings.key_alias, tables.client, settings.table("routing")),
        notifier=SnsNotifications(Lazy(aws_clients.sns), stack=settings.stack, account_id=settings.account_id),
        measurements=DynamoMeasurements(tables.client, settings.table("measurements"), clock),
        machine_keys=DynamoMachineKeys(tables, audit),
        claims=DynamoClaims(tables.client, settings.table("idempotency")),
        seals=S3Seals(Lazy(aws_clients.s3), settings.bucket, Lock(*settings.audit_lock)),
        seal_key=KmsSealKey(kms, settings.seal_key_alias),
        verdicts=DynamoVerdicts(tables),
    )


def _functions(settings: Settings, control: Lazy[LambdaClient]) -> LambdaFunctions:
    calls = Lazy(lambda: aws_clients.lambda_calls(aws_clients.PROBE_SECONDS))
    return LambdaFunctions(
        control,
        LambdaCaller(calls, settings.stack),
        stack=settings.stack,
        bucket=settings.bucket,
        role_arn=settings.plugin_role_arn,
        environment=settings.plugin_environment,
        settling=Settling(control),
    )
