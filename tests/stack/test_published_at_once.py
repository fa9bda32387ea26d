"""Versions of one plugin that are published at the same moment share `$LATEST`, and never mix."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.packages import a_package
from tests.stack.product import Product, function_of

PLUGIN = "four-at-once"
VERSIONS = ("1.0.0", "1.1.0", "2.0.0-beta.1", "2.0.0")
SOURCE = """
MARK = "the code of {version}"

def handle(operation, input, context):
    return {{"mark": MARK, "tenant": context.tenant_id}}
"""


@pytest.fixture(scope="module")
def published(product: Product) -> dict[str, dict[str, Any]]:
    """Publish all at once; give the versions by number."""
    product.register(PLUGIN)

    def send_in(version: str) -> None:
        # Different settings too: they belong to $LATEST like the code.
        resources = {"memoryMb": 256 + 64 * VERSIONS.index(version), "timeoutSeconds": 5 + VERSIONS.index(version)}
        product.send_in(
            PLUGIN,
            version,
            a_package(SOURCE.format(version=version), name=PLUGIN, version=version, resources=resources),
        )

    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        list(pool.map(send_in, VERSIONS))
    return {version: product.settled(PLUGIN, version) for version in VERSIONS}


def test_all_become_ready_as_lambda_versions_of_their_own(published: dict[str, dict[str, Any]]) -> None:
    assert {version["status"] for version in published.values()} == {"Ready"}
    assert len({version["lambdaVersion"] for version in published.values()}) == len(VERSIONS)


@pytest.mark.parametrize("version", VERSIONS)
def test_each_alias_runs_its_own_code_with_its_own_settings(
    product: Product, published: dict[str, dict[str, Any]], version: str
) -> None:
    functions = product.stack.client("lambda")
    alias = "v" + version.translate({ord("."): "-", ord("-"): "_"})
    named = {"FunctionName": function_of(PLUGIN), "Qualifier": alias}
    event = {"operation": "handle", "tenantId": "nobody", "environment": "Development", "input": {}}

    probed = json.load(functions.invoke(**named, Payload=json.dumps({"hotswap": "probe"}))["Payload"])
    called = json.load(functions.invoke(**named, Payload=json.dumps(event))["Payload"])
    settings = functions.get_function_configuration(**named)

    assert (probed["probe"]["version"], probed["probe"]["sha256"]) == (version, published[version]["sha256"])
    assert called["result"]["mark"] == f"the code of {version}"
    assert (settings["MemorySize"], settings["Timeout"]) == (
        256 + 64 * VERSIONS.index(version),
        5 + VERSIONS.index(version),
    )


def test_finalizing_twice_runs_one_intake_and_a_decided_version_refuses(product: Product) -> None:
    name = "finalized-twice"
    package = a_package(name=name)
    product.register(name)
    announced = product.announce(name, "1.0.0", package)
    assert product.upload(announced, package) == 200

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: product.finalize(name, "1.0.0"), range(4)))
    settled = product.settled(name, "1.0.0")
    late = product.finalize(name, "1.0.0")

    assert settled["status"] == "Ready"
    assert 202 in {answer.status for answer in answers}
    # A race for the same revision may be lost, which is a conflict; it never begins a second intake.
    assert {answer.status for answer in answers} <= {202, 409}
    assert (late.status, late.body["code"]) == (409, "CONFLICT")
    assert late.body["fix"]
    assert len(product.intakes(name)) == 1


def test_announcing_the_same_bytes_again_signs_a_new_upload_for_the_same_draft(product: Product) -> None:
    name = "announced-twice"
    package = a_package(name=name)
    product.register(name)

    first, second = product.announce(name, "1.0.0", package), product.announce(name, "1.0.0", package)

    assert (first.status, second.status) == (201, 201)
    assert product.upload(second, package) == 200
    # What is stored stays: the same address again is refused by the store itself.
    assert product.upload(first, package) == 412
    listed = product.ask("GET", f"/plugins/{name}/versions").body["items"]
    assert [(version["version"], version["status"]) for version in listed] == [("1.0.0", "Draft")]
