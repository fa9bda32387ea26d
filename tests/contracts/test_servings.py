"""Contract of the notes of who answered last: the tenant's own, written once, and never in a call's way."""

import boto3
import pytest

from chalicelib import bootstrap, bootstrap_serving
from chalicelib.adapters.dynamodb.servings import PAUSE, DynamoServings
from chalicelib.domain.servings import Serving
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_record, a_tenant, an_installation
from tests.fakes import FakeClock

BLUE = Serving("stripe-gateway", "Production", "1.0.0", "stable", NOW)
GREEN = BLUE._replace(version="2.0.0", reason="canary")


@pytest.fixture
def outside(outside: Outside) -> Outside:
    """Let acme have the plugin."""
    outside.ports.tenants.add(a_tenant(), a_record())
    outside.ports.installations.put("acme", an_installation(), a_record())
    return outside


def test_what_was_noted_is_told_for_its_tenant_plugin_and_environment_only(outside: Outside) -> None:
    outside.serving.servings.note("acme", BLUE, under=1)

    servings = outside.ports.servings
    assert servings.last("acme", "stripe-gateway", "Production") == BLUE
    assert servings.last("globex", "stripe-gateway", "Production") is None
    assert servings.last("acme", "other-plugin", "Production") is None
    assert servings.last("acme", "stripe-gateway", "QA") is None


def test_the_last_note_counts_and_the_same_circumstances_are_not_written_twice(outside: Outside) -> None:
    notes = outside.serving.servings
    notes.note("acme", BLUE, under=1)
    notes.note("acme", GREEN, under=1)
    assert outside.ports.servings.last("acme", "stripe-gateway", "Production") == BLUE

    notes.note("acme", GREEN, under=2)

    assert outside.ports.servings.last("acme", "stripe-gateway", "Production") == GREEN


def test_a_call_that_outlives_its_installation_notes_nothing(outside: Outside) -> None:
    installed = outside.ports.installations.get("acme", "stripe-gateway")
    outside.ports.installations.remove("acme", installed, a_record())

    outside.serving.servings.note("acme", BLUE, under=1)

    assert outside.ports.servings.last("acme", "stripe-gateway", "Production") is None
    outside.ports.installations.put("acme", an_installation(), a_record())
    outside.serving.servings.note("acme", GREEN, under=2)
    assert outside.ports.servings.last("acme", "stripe-gateway", "Production") == GREEN


def test_two_containers_each_write_what_they_have_seen(aws: Settings) -> None:
    control = bootstrap.connect(aws)
    control.tenants.add(a_tenant(), a_record())
    control.installations.put("acme", an_installation(), a_record())
    one, other = (bootstrap_serving.connect(aws).servings for _ in range(2))

    one.note("acme", BLUE, under=1)
    other.note("acme", GREEN, under=2)
    one.note("acme", GREEN, under=2)
    one.note("acme", BLUE, under=3)

    table = boto3.resource("dynamodb").Table(aws.table("tenants"))
    item = table.get_item(Key={"pk": "tenant#acme", "sk": "served#stripe-gateway#Production"})["Item"]
    assert (item["version"], item["at"]) == ("1.0.0", NOW)


@pytest.mark.usefixtures("aws")
def test_a_table_that_is_away_costs_one_call_its_patience_and_no_call_its_answer() -> None:
    clock, asked = FakeClock(), []

    def client() -> object:
        asked.append(clock.now())
        raise ConnectionError("away")

    servings = DynamoServings(client, "hotswap-tenants", clock)  # type: ignore[arg-type]

    for _ in range(3):
        servings.note("acme", BLUE, under=1)
    assert len(asked) == 1

    clock.advance(seconds=PAUSE.total_seconds())
    servings.note("acme", BLUE, under=1)
    assert len(asked) == 2

    clock.advance(seconds=-3_600)
    servings.note("acme", BLUE, under=1)
    assert len(asked) == 3, "a clock that was set back makes no pause longer"
