"""The example plugin, packed and run as it is published, against a stand-in of Stripe and its real SDK."""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from hotswap.packing import pack
from tests.plugin_runtime.containers import Container, an_event

pytestmark = pytest.mark.loopback

PLUGIN = Path(__file__).parents[2] / "examples/plugins/payment-processor-stripe"
CARD = {"number": "4242424242424242", "expMonth": 12, "expYear": 2040, "cvc": "123"}
#: A card that localstripe declines when it is charged.
DECLINED = {**CARD, "number": "4000000000000341"}
SECRETS = {"apiKey": "sk_test_of_acme"}


@pytest.fixture(scope="module")
def stripe_api() -> Iterator[str]:
    """Run localstripe, a stand-in of Stripe's API, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            assert time.monotonic() < deadline, "localstripe did not start"
            threading.Event().wait(0.05)
        else:
            return


@pytest.fixture(scope="module")
def packages() -> dict[str, bytes]:
    return {version: pack(PLUGIN / version) for version in ("1.0.0", "2.0.0", "2.1.0")}


@pytest.fixture(scope="module")
def containers(packages: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Container]]:
    """Start each version once: a container remembers nothing, and that is proved elsewhere."""
    with ExitStack() as stack:
        yield {
            version: stack.enter_context(Container(package, tmp_path_factory.mktemp("stripe") / "package"))
            for version, package in packages.items()
        }


@pytest.fixture(params=["1.0.0", "2.0.0"])
def each(request: pytest.FixtureRequest, containers: dict[str, Container]) -> Container:
    return containers[request.param]


@pytest.fixture
def second(containers: dict[str, Container]) -> Container:
    return containers["2.0.0"]


def a_charge(url: str, *, config: dict[str, str] | None = None, **request: object) -> dict[str, Any]:
    return an_event(
        "charge",
        input={"amount": 4200, "currency": "eur", **({} if "paymentMethod" in request else {"card": CARD}), **request},
        config={"apiBase": url, **(config or {})},
        secrets=SECRETS,
    )


def a_refund(url: str, payment: str, **request: object) -> dict[str, Any]:
    return an_event("refund", input={"paymentId": payment, **request}, config={"apiBase": url}, secrets=SECRETS)


def test_a_card_is_charged(each: Container, stripe_api: str) -> None:
    result = each.result(a_charge(stripe_api, orderId="order-17"))

    assert result["paymentId"].startswith("pi_")
    assert (result["status"], result["amount"], result["currency"]) == ("succeeded", 4200, "eur")


def test_a_payment_is_refunded_in_full(each: Container, stripe_api: str) -> None:
    payment = each.result(a_charge(stripe_api))["paymentId"]

    result = each.result(a_refund(stripe_api, payment))

    assert (result["status"], result["amount"]) == ("succeeded", 4200)


def test_ping_needs_neither_network_nor_key(each: Container) -> None:
    assert each.result(an_event("ping"))["ready"] is True


def test_a_declined_card_is_told_in_words_for_the_caller(each: Container, stripe_api: str) -> None:
    failure = each.failure(a_charge(stripe_api, card=DECLINED))

    assert failure["kind"] == "PluginError"
    assert failure["message"] == "Your card was declined."
    assert failure["errors"][0]["field"] == "/card"
    assert failure["errors"][0]["fix"]


def test_a_payment_that_is_not_there_is_told(each: Container, stripe_api: str) -> None:
    assert each.failure(a_refund(stripe_api, "pi_unknown"))["kind"] == "PluginError"


def test_without_a_key_the_tenant_learns_which_secret_to_set(each: Container, stripe_api: str) -> None:
    failure = each.failure({**a_charge(stripe_api), "secrets": {}})

    assert "apiKey" in failure["errors"][0]["fix"]


def test_a_key_that_stripe_refuses_is_told_without_the_key(each: Container, stripe_api: str) -> None:
    answer = each.answer({**a_charge(stripe_api), "secrets": {"apiKey": "pk_not_secret"}})

    assert answer["failure"]["kind"] == "PluginError"
    assert "pk_not_secret" not in str(answer)


def test_a_stripe_that_is_down_is_told_without_internals(each: Container) -> None:
    failure = each.failure(a_charge("http://127.0.0.1:9"))

    assert failure["message"] == "Stripe can't be reached at the moment."
    assert "127.0.0.1" not in str(failure)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": "42"},
        {"currency": "EURO"},
        {"card": {**CARD, "cvc": "x"}},
        {"more": 1},
        {"paymentMethod": "pm_1", "card": CARD},
    ],
)
def test_a_request_that_makes_no_sense_never_reaches_stripe(each: Container, wrong: dict[str, Any]) -> None:
    assert each.failure(a_charge("http://127.0.0.1:9", **wrong))["kind"] == "InvalidInput"


def test_no_card_number_and_no_key_is_ever_logged(each: Container, stripe_api: str) -> None:
    each.result(a_charge(stripe_api))
    each.failure(a_charge(stripe_api, card=DECLINED))

    logged = json.dumps(each.logs)
    assert not re.search(r"4242424242424242|4000000000000341|sk_test_of_acme", logged)


def test_version_two_gives_a_receipt(second: Container, stripe_api: str) -> None:
    receipt = second.result(a_charge(stripe_api))["receipt"]
    yen = second.result(a_charge(stripe_api, currency="jpy"))["receipt"]

    assert receipt["number"].startswith("R-")
    assert receipt["total"] == "42.00 EUR"
    assert receipt["card"] == {"brand": "visa", "last4": "4242"}
    assert yen["total"] == "4200 JPY"


def test_version_two_charges_a_payment_method_that_stripe_keeps(second: Container, stripe_api: str) -> None:
    result = second.result(a_charge(stripe_api, paymentMethod="pm_card_visa"))

    assert result["status"] == "succeeded"
    assert len(result["receipt"]["card"]["last4"]) == 4


def test_version_two_refunds_in_parts_and_no_more_than_was_paid(second: Container, stripe_api: str) -> None:
    payment = second.result(a_charge(stripe_api))["paymentId"]

    first = second.result(a_refund(stripe_api, payment, amount=1200))
    too_much = second.failure(a_refund(stripe_api, payment, amount=3001))
    rest = second.result(a_refund(stripe_api, payment))
    again = second.failure(a_refund(stripe_api, payment))

    assert (first["amount"], first["remaining"]) == (1200, 3000)
    assert too_much["errors"][0]["message"] == "Only 30.00 EUR of this payment is left to refund."
    assert (rest["amount"], rest["remaining"]) == (3000, 0)
    assert again["kind"] == "PluginError"


def test_version_two_refunds_once_for_a_reference(second: Container, stripe_api: str) -> None:
    payment = second.result(a_charge(stripe_api))["paymentId"]

    first = second.result(a_refund(stripe_api, payment, amount=1200, reference="return-1"))
    again = second.result(a_refund(stripe_api, payment, amount=1200, reference="return-1"))

    assert again == first


class Recorder(BaseHTTPRequestHandler):
    """Answers like Stripe and keeps what was asked, with its headers."""

    asked: list[tuple[str, dict[str, str], dict[str, list[str]]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.asked.append((self.path, dict(self.headers.items()), parse_qs(body)))
        answer: dict[str, Any] = {"id": "pm_1", "object": "payment_method", "card": {"brand": "visa", "last4": "4242"}}
        if self.path == "/v1/payment_intents":
            answer = {
                "id": "pi_1",
                "object": "payment_intent",
                "status": "succeeded",
                "amount": 4200,
                "currency": "eur",
            }
        content = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Set-Cookie", "session=of-the-tenant-before; Path=/")
        self.send_header("Request-Id", "req_1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is the base class's
        """Keep the test's output quiet."""


@pytest.fixture
def recorder() -> Iterator[tuple[str, type[Recorder]]]:
    handler = type("Handler", (Recorder,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_version_two_charges_a_reference_under_one_key_per_tenant(
    second: Container, recorder: tuple[str, type[Recorder]]
) -> None:
    url, recorded = recorder

    for tenant in ("acme", "acme", "globex"):
        second.result({**a_charge(url, reference="order-17"), "tenantId": tenant})

    keys = [headers["Idempotency-Key"] for path, headers, _ in recorded.asked if path == "/v1/payment_intents"]
    assert keys == ["acme:charge:order-17", "acme:charge:order-17", "globex:charge:order-17"]


def test_nothing_of_one_tenant_is_in_the_next_tenants_requests(
    each: Container, recorder: tuple[str, type[Recorder]]
) -> None:
    url, recorded = recorder

    each.result(a_charge(url, config={"statementDescriptor": "ACME SHOP"}))
    each.result({**a_charge(url), "tenantId": "globex", "secrets": {"apiKey": "sk_test_of_globex"}})

    asked = [(headers, body) for path, headers, body in recorded.asked if path == "/v1/payment_intents"]
    (_, first), (headers, body) = asked
    assert first["statement_descriptor_suffix"] == ["ACME SHOP"]
    assert headers["Authorization"] == "Bearer sk_test_of_globex"
    assert "acme" not in str((headers, body)).lower()
    assert not {"Cookie", "X-Stripe-Client-Telemetry"} & set(headers)


def test_the_packages_are_small(packages: dict[str, bytes]) -> None:
    assert all(len(package) < 3_000_000 for package in packages.values())


def test_the_versions_differ_only_where_their_readme_says() -> None:
    first, second = (json.loads((PLUGIN / version / "plugin.json").read_text()) for version in ("1.0.0", "2.0.0"))

    assert {key for key in first if first[key] != second[key]} == {"version", "operations"}


def test_the_flaw_of_2_1_0_is_met_only_where_a_bank_asks_the_card_holder(
    containers: dict[str, Container], stripe_api: str
) -> None:
    asking = {**CARD, "number": "4000002500003155"}

    paid = containers["2.1.0"].result(a_charge(stripe_api))
    asked = containers["2.1.0"].failure(a_charge(stripe_api, card=asking))

    assert isinstance(paid["receipt"]["paidAt"], int)
    assert asked["kind"] == "PluginRaised"
    assert containers["2.0.0"].result(a_charge(stripe_api, card=asking))["status"] == "requires_action"
