"""The composition root of the control plane: here, and only here, ports meet their adapters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.cognito import CognitoIdentity
from chalicelib.adapters.cursors import SignedCursors
from chalicelib.adapters.dynamodb.audit import DynamoAuditTrail
from chalicelib.adapters.dynamodb.cursor_keys import StoredCursorKey
from chalicelib.adapters.dynamodb.deployments import DeploymentTables, DynamoDeployments
from chalicelib.adapters.dynamodb.installations import DynamoInstallations
from chalicelib.adapters.dynamodb.plugins import DynamoPlugins
from chalicelib.adapters.dynamodb.publish_leases import DynamoPublishLeases
from chalicelib.adapters.dynamodb.routes import DynamoRoutes
from chalicelib.adapters.dynamodb.tenants import DynamoTenants
from chalicelib.adapters.dynamodb.versions import DynamoVersions
from chalicelib.adapters.ids import UlidSource
from chalicelib.adapters.kms import KmsSecretBox
from chalicelib.adapters.lambda_caller import LambdaCaller
from chalicelib.adapters.lambda_functions import LambdaFunctions
from chalicelib.adapters.lambda_settling import Settling
from chalicelib.adapters.s3 import S3Artifacts
from chalicelib.adapters.stepfunctions import StepFunctionsExecutions
from chalicelib.adapters.tokens import IssuerKeys, JwtVerifier, fetch_keys
from chalicelib.ports import Ports, TokenVerifier
from chalicelib.settings import Settings

_replaced_ports: list[Ports] = []
_replaced_verifiers: list[TokenVerifier] = []


def ports() -> Ports:
    """Return the ports of this process."""
    return _replaced_ports[-1] if _replaced_ports else _real_ports()


def token_verifier() -> TokenVerifier:
    """Return what proves who calls."""
    return _replaced_verifiers[-1] if _replaced_verifiers else _real_verifier()


@contextmanager
def use(replacement: Ports, verifier: TokenVerifier | None = None) -> Iterator[None]:
    """Let everything in this process see other ports for a while: for tests, instead of patches."""
    verifiers = [verifier] if verifier else []
    _replaced_ports.append(replacement)
    _replaced_verifiers.extend(verifiers)
    try:
        yield
    finally:
        _replaced_ports.pop()
        for _ in verifiers:
            _replaced_verifiers.pop()


@cache
def _real_ports() -> Ports:
    return connect(Settings.from_environment())


@cache
def _real_verifier() -> TokenVerifier:
    settings = Settings.from_environment()
    keys = IssuerKeys(lambda: fetch_keys(settings.jwks_url), SystemClock())
    return JwtVerifier(keys, issuer=settings.issuer, audience=settings.client_id)


def connect(settings: Settings) -> Ports:
    """Make the ports of a stack; no client is made and nothing is called before a port is used."""
    clock = SystemClock()
    registry, routing, tenants = (settings.table(name) for name in ("registry", "routing", "tenants"))
    audit = DynamoAuditTrail(settings.table("audit"))
    kms = Lazy(aws_clients.kms)
    return Ports(
        clock=clock,
        ids=UlidSource(),
        plugins=DynamoPlugins(registry, routing, audit),
        versions=DynamoVersions(registry, audit),
        publish_leases=DynamoPublishLeases(registry),
        routes=DynamoRoutes(routing),
        deployments=DynamoDeployments(DeploymentTables(settings.table("deployments"), routing, registry), audit),
        tenants=DynamoTenants(tenants, audit),
        installations=DynamoInstallations(tenants, audit),
        audit=audit,
        artifacts=S3Artifacts(Lazy(aws_clients.s3), settings.bucket, clock),
        functions=_functions(settings),
        executions=StepFunctionsExecutions(
            Lazy(aws_clients.stepfunctions), stack=settings.stack, account_id=settings.account_id
        ),
        identity=CognitoIdentity(Lazy(aws_clients.cognito), settings.client_id),
        secrets=KmsSecretBox(kms, settings.key_alias, clock),
        cursors=SignedCursors(StoredCursorKey(kms, settings.key_alias, registry)),
    )


def _functions(settings: Settings) -> LambdaFunctions:
    control = Lazy(aws_clients.lambda_control)
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
