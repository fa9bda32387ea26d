"""
What passes from one tenant's call to the next one's in a warm container.

With ``shared`` isolation, what a plugin puts into its own globals, into /tmp or into its environment is the plugin's
own and stays while the container lives, as on Lambda; with ``per_tenant`` a container serves one tenant only. What
HotSwap hands over (config, secrets, state, the logger's context) is for one call alone.
"""

from typing import Any

import pytest

from infra.local.isolated_tenants import has_own_tmp
from tests.packages import a_package
from tests.stack.product import Product, function_of

KEEPER = "keeper"
LONER = "loner"

#: Keeps what its author could keep by carelessness, and tells what is there from the call before.
SOURCE = """
import os
import pathlib

CALLS = []
KEPT = pathlib.Path("/tmp/kept-by-a-plugin-of-the-isolation-test")
STARTED_WITH = dict(os.environ)

# Names that begin with "_" are those of the platform itself: the trace of a call, the depth of calls.
def handle(operation, input, context):
    found = {
        "calls": list(CALLS),
        "file": KEPT.read_text() if KEPT.exists() else "",
        "variable": os.environ.get("KEPT_BY_THE_PLUGIN", ""),
        "config": dict(context.config),
        "secrets": dict(context.secrets),
        "state": dict(context.state),
        "tenant": context.tenant_id,
        "process": os.getpid(),
        "changed": sorted(
            name for name in set(os.environ) | set(STARTED_WITH)
            if os.environ.get(name) != STARTED_WITH.get(name) and not name.startswith(("KEPT_", "_"))
        ),
    }
    CALLS.append(context.tenant_id)
    KEPT.write_text(context.tenant_id)
    os.environ["KEPT_BY_THE_PLUGIN"] = context.tenant_id
    context.state["seen"] = context.state.get("seen", []) + [context.tenant_id]
    # A plugin may do what it likes with what it was handed: it was made for this call.
    for handed in (context.config, context.secrets):
        try:
            handed["planted"] = context.tenant_id
        except TypeError:
            pass
    return found
"""


@pytest.fixture(scope="module")
def keeper(product: Product) -> Product:
    product.register(KEEPER)
    product.publish(KEEPER, "1.0.0", SOURCE, secrets=["apiKey"], stateSchema=1)
    assert product.deploy(KEEPER, "1.0.0")["status"] == "Completed"
    product.install(KEEPER, "first", {"owner": "first"}, apiKey="sk_of_first")
    product.install(KEEPER, "second", {"owner": "second"})
    return product


def called(product: Product, tenant: str, plugin: str = KEEPER) -> dict[str, Any]:
    answer = product.invoke(plugin, tenant)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body["result"]
    return found


def test_what_is_handed_over_is_this_tenants_and_what_a_plugin_keeps_is_its_own(keeper: Product) -> None:
    first = called(keeper, "first")
    second = called(keeper, "second")

    assert second["process"] == first["process"], "the same container answered both"
    # Its own: the plugin sees what it kept, and only it can keep it apart.
    assert second["calls"] == [*first["calls"], "first"]
    assert (second["file"], second["variable"]) == ("first", "first")
    # Ours: nothing of the first call is in the second.
    assert (second["tenant"], second["config"]) == ("second", {"owner": "second"})
    assert (second["secrets"], second["state"]) == ({}, {})
    assert second["changed"] == [], "HotSwap puts nothing of a call into the environment"


def test_state_comes_back_to_the_tenant_that_it_belongs_to(keeper: Product) -> None:
    seen = [called(keeper, tenant)["state"].get("seen", []) for tenant in ("first", "second", "first", "second")]

    assert {tenant for each in seen[0::2] for tenant in each} <= {"first"}
    assert {tenant for each in seen[1::2] for tenant in each} <= {"second"}
    assert len(seen[2]) == len(seen[0]) + 1


@pytest.fixture(scope="module")
def loner(product: Product) -> Product:
    product.register(LONER)
    product.publish(LONER, "1.0.0", SOURCE, isolation="per_tenant", stateSchema=1)
    assert product.deploy(LONER, "1.0.0")["status"] == "Completed"
    for tenant in ("first", "second"):
        product.install(LONER, tenant, {"owner": tenant})
    return product


def test_where_tenants_are_isolated_nothing_that_a_plugin_keeps_is_ever_seen_by_another(loner: Product) -> None:
    order = ["first", "second", "second", "first", "second", "first"]

    found = [(tenant, called(loner, tenant, LONER)) for tenant in order]

    processes: dict[str, set[int]] = {}
    for number, (tenant, each) in enumerate(found):
        processes.setdefault(tenant, set()).add(each["process"])
        is_warm = tenant in order[:number]
        assert set(each["calls"]) == ({tenant} if is_warm else set()), "its own globals, in a warm container"
        assert each["variable"] == (tenant if is_warm else ""), "its own environment"
        if has_own_tmp():
            assert each["file"] == (tenant if is_warm else ""), "its own /tmp"
        assert set(each["state"].get("seen", [])) <= {tenant}
    assert processes["first"].isdisjoint(processes["second"])


def test_lambda_takes_no_call_of_an_isolated_plugin_that_names_nobody(loner: Product) -> None:
    functions = loner.stack.client("lambda")

    with pytest.raises(functions.exceptions.InvalidParameterValueException, match="tenant ID"):
        functions.invoke(FunctionName=function_of(LONER), Qualifier="v1-0-0", Payload=b"{}")


def test_a_version_that_asks_for_the_other_isolation_is_rejected_and_told_what_to_do(loner: Product) -> None:
    package = a_package(SOURCE, name=LONER, version="1.1.0", isolation="shared", stateSchema=1)
    loner.send_in(LONER, "1.1.0", package)

    taken = loner.settled(LONER, "1.1.0")

    assert taken["status"] == "Rejected"
    (finding,) = taken["findings"]
    assert finding["code"] == "MANIFEST_ISOLATION_FIXED"
    assert '"isolation": "per_tenant"' in finding["fix"]
