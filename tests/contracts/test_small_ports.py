"""Contracts of the small ports: identifiers, time, secrets, cursors and executions."""

import re
from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest

from chalicelib import bootstrap
from chalicelib.adapters.clock import SystemClock
from chalicelib.adapters.ids import UlidSource
from chalicelib.domain.diagnoses import ExecutionState
from chalicelib.domain.errors import UnprocessableError, ValidationError
from chalicelib.domain.ids import DEPLOYMENT_ID
from chalicelib.domain.installations import secret_context
from chalicelib.ports import Clock, Executions, IdSource, Ports
from chalicelib.settings import Settings
from tests.contracts.tables import STACK
from tests.fakes import FakeClock, FakeWorld
from tests.fakes.clock import FakeIds

ROLE = "arn:aws:iam::123456789012:role/machine"
WAITING = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": true}}}'
DEFINITION = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'


@pytest.fixture(params=["memory", "moto"])
def sealed(request: pytest.FixtureRequest) -> Iterator[Ports]:
    """Ports whose secrets and cursors work: they need a key."""
    if request.param == "memory":
        yield FakeWorld().ports
        return
    settings: Settings = request.getfixturevalue("aws")
    kms = boto3.client("kms")
    kms.create_alias(AliasName=f"alias/{STACK}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    yield bootstrap.connect(settings)


@pytest.fixture(params=["memory", "moto"])
def executions(request: pytest.FixtureRequest) -> Iterator[Executions]:
    if request.param == "memory":
        yield FakeWorld().executions
        return
    settings: Settings = request.getfixturevalue("aws")
    states = boto3.client("stepfunctions")
    for machine in ("intake", "deployment"):
        states.create_state_machine(name=f"{STACK}-{machine}", definition=DEFINITION, roleArn=ROLE)
    yield bootstrap.connect(settings).executions


@pytest.mark.parametrize("ids", [FakeIds(), UlidSource()])
def test_identifiers_have_their_pattern_and_sort_in_the_order_they_were_made(ids: IdSource) -> None:
    made = [ids.new("dep") for _ in range(1000)]

    assert all(DEPLOYMENT_ID.fullmatch(identifier) for identifier in made)
    assert made == sorted(set(made))


@pytest.mark.parametrize("clock", [FakeClock(), SystemClock()])
def test_time_is_aware_and_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_a_secret_opens_under_its_own_context(sealed: Ports) -> None:
    context = secret_context("acme", "stripe-gateway", "apiKey")

    box = sealed.secrets.seal("sk_test_ü", context)

    assert "sk_test" not in box
    assert sealed.secrets.unseal(box, context) == "sk_test_ü"


@pytest.mark.parametrize(
    "other",
    [
        secret_context("globex", "stripe-gateway", "apiKey"),
        secret_context("acme", "other-plugin", "apiKey"),
        secret_context("acme", "stripe-gateway", "other"),
        {},
    ],
)
def test_a_secret_opens_under_no_other_context_even_once_it_was_open(sealed: Ports, other: dict[str, str]) -> None:
    context = secret_context("acme", "stripe-gateway", "apiKey")
    box = sealed.secrets.seal("sk_test", context)
    sealed.secrets.unseal(box, context)

    with pytest.raises(UnprocessableError):
        sealed.secrets.unseal(box, other)


@pytest.mark.parametrize("box", ["", "not base64!", "bm90IHNlYWxlZA=="])
def test_what_was_never_sealed_does_not_open(sealed: Ports, box: str) -> None:
    with pytest.raises(UnprocessableError):
        sealed.secrets.unseal(box, {"tenant": "acme"})


def test_a_cursor_opens_in_its_own_listing(sealed: Ports) -> None:
    cursor = sealed.cursors.encode({"pk": "plugin", "sk": "strüpe"}, "/plugins?type=Other")

    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert sealed.cursors.decode(cursor, "/plugins?type=Other") == {"pk": "plugin", "sk": "strüpe"}


def test_a_cursor_opens_in_no_other_listing(sealed: Ports) -> None:
    cursor = sealed.cursors.encode({"pk": "plugin", "sk": "stripe"}, "/tenants/acme/plugins")

    with pytest.raises(ValidationError) as caught:
        sealed.cursors.decode(cursor, "/tenants/globex/plugins")

    assert caught.value.errors[0].field == "/cursor"


def test_starting_twice_starts_once(executions: Executions) -> None:
    first = executions.start("intake", "stripe-v1", {"plugin_id": "stripe"})

    second = executions.start("intake", "stripe-v1", {"plugin_id": "stripe"})

    assert first == second == executions.arn_of("intake", "stripe-v1")
    assert executions.start("intake", "stripe-v2", {}) != first


def test_an_execution_says_how_it_stands_and_one_that_never_was_is_missing(executions: Executions) -> None:
    executions.start("deployment", "dep-1", {})

    assert executions.state_of("deployment", "dep-1") in {ExecutionState.RUNNING, ExecutionState.SUCCEEDED}
    assert executions.state_of("deployment", "dep-2") is ExecutionState.MISSING
    assert executions.state_of("intake", "dep-1") is ExecutionState.MISSING


def test_an_execution_that_was_stopped_says_so(request: pytest.FixtureRequest) -> None:
    settings: Settings = request.getfixturevalue("aws")
    states = boto3.client("stepfunctions")
    machine = states.create_state_machine(name=f"{STACK}-deployment", definition=WAITING, roleArn=ROLE)
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="dep-1")
    states.stop_execution(executionArn=started["executionArn"])

    state = bootstrap.connect(settings).executions.state_of("deployment", "dep-1")

    assert state is ExecutionState.ABORTED
