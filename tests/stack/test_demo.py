"""The show on a real stack: the very script that `make demo` plays, and what it leaves behind."""

from collections.abc import Callable
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from hotswap.client import HotSwapClient
from hotswap.clock import Deadline, SystemClock
from hotswap.demo.cast import FLAWED, PLUGIN, SMALL_TENANTS, TENANTS
from hotswap.demo.stage import Stage
from hotswap.demo.story import Charge, Story
from hotswap.transport import TokenSource
from hotswap.views.theme import THEME
from tests.stack.product import Product
from tests.stack.running_stack import RunningStack

EXAMPLES = Path(__file__).parents[2] / "examples" / "plugins"
EVERYBODY = {*(tenant.id for tenant in TENANTS), *SMALL_TENANTS}
PATIENCE_SECONDS = 300


class Played(NamedTuple):
    """What the audience read, who was charged, and every deployment of the show, oldest first."""

    told: str
    charges: list[Charge]
    deployments: list[dict[str, Any]]


@pytest.fixture(scope="module")
def played(stack: RunningStack, product: Product) -> Played:
    """Play the show once."""
    clock, told, clients = SystemClock(), StringIO(), ExitStack()
    stage = Stage(Console(file=told, theme=THEME, no_color=True), clock)

    def connecting(**more: Any) -> Callable[[TokenSource | str | None], HotSwapClient]:
        def connect(tokens: TokenSource | str | None) -> HotSwapClient:
            client = HotSwapClient(stack.info.api_url, tokens=tokens, clock=clock, timeout_seconds=60, **more)
            return clients.enter_context(client)

        return connect

    story = Story(
        stage=stage,
        connect=connecting(observe=stage.heard),
        connect_quietly=connecting(),
        users={role: (user["username"], user["password"]) for role, user in stack.info.users.items()},
        plugins=EXAMPLES,
        payment_network=stack.info.payments_url,
        clock=clock,
        deadline=Deadline.after(PATIENCE_SECONDS, clock),
    )
    with clients:
        charges = story.play()
    listed = product.ask("GET", f"/deployments?pluginId={PLUGIN}").body["items"]
    shown = [product.deployment(one["deploymentId"]) for one in reversed(listed)]
    return Played(told.getvalue(), charges, shown)


def test_each_version_takes_its_way_to_production_and_the_flawed_one_back(played: Played) -> None:
    way = [(one["version"], one["environment"], one["strategy"], one["status"]) for one in played.deployments]

    assert way == [
        ("1.0.0", "Development", "Direct", "Completed"),
        ("2.0.0", "Development", "Direct", "Completed"),
        ("1.0.0", "Production", "Direct", "Completed"),
        ("2.0.0", "Production", "Canary", "Completed"),
        (FLAWED, "QA", "Direct", "Completed"),
        (FLAWED, "Production", "Canary", "RolledBack"),
    ]


def test_people_agreed_to_whatever_came_to_production(played: Played) -> None:
    asked = [one["approvals"] for one in played.deployments if one["environment"] == "Production"]

    assert [[(each["status"], each["agreed"]) for each in approvals] for approvals in asked] == [[("Approved", 2)]] * 3
    for (approval,) in asked:
        assert approval["requestedBy"] not in {voice["by"] for voice in approval["decisions"]}


def test_the_flaw_is_found_in_the_first_stage_and_costs_the_calls_of_one_tenant(played: Played) -> None:
    breach = played.deployments[-1]
    failed = next(step for step in breach["plan"] if step["status"] == "Failed")
    shifts = [step for step in breach["plan"] if step["kind"] == "shift"]

    assert failed["index"] == shifts[0]["index"] + 1
    assert (failed["verdict"]["outcome"], shifts[1]["status"]) == ("fail", "Skipped")
    assert {signal["rule"] for signal in failed["verdict"]["signals"]} >= {"error limit", "minimum requests"}
    assert breach["exposure"]["tenants"] == 1
    assert 0 < breach["exposure"]["failedRequests"] < breach["exposure"]["requests"] <= 40
    assert breach["statusReason"].startswith("observe failed: ")


def test_the_good_canary_was_judged_by_what_its_tenants_got(played: Played) -> None:
    canary = played.deployments[3]

    judged = [step["verdict"] for step in canary["plan"] if step["kind"] == "observe"]

    assert [verdict["outcome"] for verdict in judged] == ["pass", "pass"]
    counted = [
        next(signal["n"] for signal in verdict["signals"] if signal["rule"] == "minimum requests") for verdict in judged
    ]
    assert min(counted) >= canary["health"]["minRequests"]


def test_everybody_is_served_by_the_last_known_good_in_the_end(played: Played, product: Product) -> None:
    served = {product.invoke(PLUGIN, tenant, "ping", environment="Production").body["version"] for tenant in EVERYBODY}

    assert served == {"2.0.0"}
    assert [(charge.tenant_id, charge.version) for charge in played.charges] == [
        (tenant.id, version) for version in ("1.0.0", "2.0.0") for tenant in TENANTS
    ]
    assert "Every tenant is served by 2.0.0 again." in played.told


def test_the_audience_reads_in_five_lines_why_it_went(played: Played) -> None:
    told = " ".join(played.told.split())
    why = told[told.index(f"{FLAWED} in Production is RolledBack: observe failed") :]
    places = [why.index(f" {word} ") for word in ("asked", "seen", "rule", "by")]

    assert places == sorted(places)
