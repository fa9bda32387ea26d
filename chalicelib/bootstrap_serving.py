"""The composition root of an invocation: named tuples and DynamoDB's own client, nothing that is slow to start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aside import AsideThread
from chalicelib.adapters.aws_clients import Lazy
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.dynamodb.audit_appends import DynamoRecordAppends
from chalicelib.adapters.dynamodb.override_keys import StoredOverrideKey
from chalicelib.adapters.dynamodb.quotas import DynamoQuotaLedger
from chalicelib.adapters.dynamodb.serving import DynamoServingReads, DynamoStates
from chalicelib.adapters.dynamodb.servings import DynamoServings
from chalicelib.adapters.dynamodb.tallies import DynamoTallies
from chalicelib.adapters.ids import UlidSource
from chalicelib.adapters.kms import KmsSecretBox
from chalicelib.adapters.lambda_caller import LambdaCaller
from chalicelib.services.quotas import LeasedQuotas
from chalicelib.services.secret_reads import SecretReads
from chalicelib.services.tallies import Tallies
from chalicelib.serving_ports import ServingPorts
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from chalicelib.ports import Clock, SecretReferences

_replaced: list[ServingPorts] = []


def serving_ports() -> ServingPorts:
    """Return the serving ports of this process; its cache lives as long as the process."""
    return _replaced[-1] if _replaced else _real_ports()


@contextmanager
def use(replacement: ServingPorts) -> Iterator[None]:
    """Let everything in this process see other ports for a while: for tests, instead of patches."""
    _replaced.append(replacement)
    try:
        yield
    finally:
        _replaced.pop()


@cache
def _real_ports() -> ServingPorts:
    return connect(Settings.from_environment())


def connect(settings: Settings, clock: Clock | None = None) -> ServingPorts:
    """Make the serving ports of a stack; no client is made and nothing is called before a port is used."""
    clock, ids = clock or SystemClock(), UlidSource()
    aside = AsideThread()
    dynamodb = Lazy(aws_clients.serving_dynamodb)
    kms = Lazy(aws_clients.kms)
    trail = DynamoRecordAppends(dynamodb, settings.table("audit"), settings.retention_days)
    return ServingPorts(
        clock=clock,
        ids=ids,
        reads=DynamoServingReads(dynamodb, settings.table("routing"), settings.table("tenants"), clock, aside),
        states=DynamoStates(dynamodb, settings.table("tenants")),
        quotas=LeasedQuotas(
            DynamoQuotaLedger(dynamodb, settings.table("tenants")), clock, factor=settings.limit_factor, aside=aside
        ),
        servings=DynamoServings(dynamodb, settings.table("tenants"), clock),
        calls=Tallies(DynamoTallies(dynamodb, settings.table("measurements"), clock, shard=os.urandom(1)[0]), clock),
        functions=LambdaCaller(Lazy(lambda: aws_clients.lambda_calls(aws_clients.INVOKE_SECONDS)), settings.stack),
        secrets=KmsSecretBox(kms, settings.key_alias, clock),
        references=Lazy(lambda: _references(settings, clock)),
        secret_reads=SecretReads(trail, ids, clock),
        override_key=StoredOverrideKey(kms, settings.key_alias, dynamodb, settings.table("routing")),
    )


def _references(settings: Settings, clock: Clock) -> SecretReferences:
    from chalicelib.adapters.secrets_manager import SecretsManagerReferences  # noqa: PLC0415 - seldom needed

    return SecretsManagerReferences(Lazy(aws_clients.secrets_manager), settings.stack, settings.account_id, clock)
