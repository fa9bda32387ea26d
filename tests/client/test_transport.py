"""One exchange with the API: retries that are safe, tokens, problems."""

from __future__ import annotations

import httpx
import pytest

from hotswap import ApiError, HotSwapClient
from hotswap.errors import UnreachableError
from hotswap.resources.versions import Upload
from hotswap.transport import ATTEMPTS, Exchange
from tests.client.fake_api import BASE, STORAGE, FakeApi
from tests.client.fake_clock import FakeClock


@pytest.fixture
def client(api: FakeApi, clock: FakeClock) -> HotSwapClient:
    return HotSwapClient(BASE, tokens="token-ada", clock=clock, http=httpx.MockTransport(api))


def test_a_post_keeps_its_idempotency_key_over_its_retries(client: HotSwapClient, api: FakeApi) -> None:
    api.script("POST", "/tenants", httpx.ConnectError("connection reset"))
    api.script("POST", "/tenants", httpx.Response(503))

    client.tenants.create("acme", name="Acme")

    keys = {request.headers["Idempotency-Key"] for request in api.sent("POST", "/tenants")}
    assert len(api.sent("POST", "/tenants")) == 3
    assert len(keys) == 1


def test_two_posts_have_two_idempotency_keys(client: HotSwapClient, api: FakeApi) -> None:
    client.tenants.create("acme", name="Acme")
    client.tenants.create("globex", name="Globex")

    assert len({request.headers["Idempotency-Key"] for request in api.sent("POST", "/tenants")}) == 2


def test_waits_as_long_as_the_api_asks_when_there_are_too_many_requests(
    client: HotSwapClient, api: FakeApi, clock: FakeClock
) -> None:
    api.script("GET", "/plugins", httpx.Response(429, headers={"Retry-After": "7"}))

    assert list(client.plugins.list()) == []
    assert clock.slept_seconds == [7.0]


def test_does_not_wait_when_the_api_asks_for_longer_than_anybody_would(
    client: HotSwapClient, api: FakeApi, clock: FakeClock
) -> None:
    api.script("GET", "/plugins", httpx.Response(429, headers={"Retry-After": "3600"}))

    with pytest.raises(ApiError) as raised:
        list(client.plugins.list())

    assert raised.value.fix == "wait 3600 s, then repeat"
    assert clock.slept_seconds == []


def test_gives_up_after_four_attempts_and_says_how_to_start_the_stack(client: HotSwapClient, api: FakeApi) -> None:
    for _ in range(ATTEMPTS):
        api.script("GET", "/plugins", httpx.ConnectError("refused"))

    with pytest.raises(UnreachableError) as raised:
        list(client.plugins.list())

    assert "http://stack.test" in raised.value.message
    assert "hotswap up" in raised.value.fix
    assert api.scripted == []


def test_says_so_when_the_api_is_silent(client: HotSwapClient, api: FakeApi) -> None:
    for _ in range(ATTEMPTS):
        api.script("GET", "/me", httpx.ReadTimeout("slow"))

    with pytest.raises(UnreachableError, match="did not answer in time"):
        client.authentication.me()


def test_a_conflict_is_not_repeated(client: HotSwapClient, api: FakeApi) -> None:
    client.tenants.create("acme", name="Acme")

    with pytest.raises(ApiError, match="exists"):
        client.tenants.create("acme", name="Acme")

    assert len(api.sent("POST", "/tenants")) == 2


def test_a_conflict_after_a_lost_answer_is_asked_again_for_the_first_may_be_in_flight(
    client: HotSwapClient, api: FakeApi
) -> None:
    api.script("POST", "/tenants", httpx.ReadError("lost"))
    api.script("POST", "/tenants", httpx.Response(409, json={"detail": "in flight"}))

    made = client.tenants.create("acme", name="Acme")

    assert made.id == "acme"


def test_a_fixed_token_that_the_api_refuses_is_not_renewed(api: FakeApi, clock: FakeClock) -> None:
    client = HotSwapClient(BASE, tokens="ended", clock=clock, http=httpx.MockTransport(api))

    with pytest.raises(ApiError) as raised:
        client.authentication.me()

    assert (raised.value.status, len(api.requests)) == (401, 1)


def test_an_answer_that_is_no_json_is_still_a_problem_with_a_fix(client: HotSwapClient, api: FakeApi) -> None:
    api.script("GET", "/me", httpx.Response(500, text="<html>"))

    with pytest.raises(ApiError) as raised:
        client.authentication.me()

    assert "not JSON" in raised.value.message
    assert raised.value.fix


def test_the_gateways_own_message_is_shown_when_there_is_no_problem_document(
    client: HotSwapClient, api: FakeApi
) -> None:
    api.script("GET", "/me", httpx.Response(403, json={"message": "Missing Authentication Token"}))

    with pytest.raises(ApiError, match="Missing Authentication Token"):
        client.authentication.me()


def test_a_list_in_place_of_an_object_is_read_as_its_items(client: HotSwapClient, api: FakeApi) -> None:
    api.script("GET", "/tenants", httpx.Response(200, json=[{"id": "acme"}]))

    assert [tenant.id for tenant in client.tenants.list()] == ["acme"]


def test_walks_through_every_page(client: HotSwapClient, api: FakeApi) -> None:
    for number in range(230):
        api.add_plugin(f"plugin-{number:03}")

    found = list(client.plugins.list())

    assert len({plugin.id for plugin in found}) == 230
    assert len(api.sent("GET", "/plugins")) == 3


def test_asks_for_no_more_than_the_limit(client: HotSwapClient, api: FakeApi) -> None:
    for number in range(120):
        api.add_plugin(f"plugin-{number:03}")

    found = list(client.plugins.list(limit=105))

    assert len(found) == 105
    assert [request.url.params["limit"] for request in api.sent("GET", "/plugins")] == ["100", "5"]


def test_version_numbers_with_a_plus_are_quoted_in_paths(client: HotSwapClient, api: FakeApi) -> None:
    with pytest.raises(ApiError):
        client.versions.get("tax-engine", "1.0.0+build.5")

    assert api.requests[-1].url.raw_path.endswith(b"/versions/1.0.0%2Bbuild.5")


def test_an_upload_tells_how_far_it_is_and_is_repeated_when_the_storage_stumbles(
    client: HotSwapClient, api: FakeApi
) -> None:
    content = b"x" * 600_000
    sent: list[int] = []
    api.script("PUT", f"{STORAGE}/p", httpx.Response(503))
    api.script("PUT", f"{STORAGE}/p", httpx.ConnectError("reset"))
    upload = Upload("PUT", f"{STORAGE}/p?signature=s", {"x-amz-checksum-sha256": "wrong"}, None)

    response = client.upload(upload, content, sent.append)

    assert response.status_code == 400
    assert sent[-1] == len(content)
    assert api.requests[-1].headers["Content-Length"] == "600000"


def test_an_upload_that_reaches_nobody_does_not_print_the_signature(client: HotSwapClient, api: FakeApi) -> None:
    for _ in range(ATTEMPTS):
        api.script("PUT", f"{STORAGE}/p", httpx.ConnectError("refused"))
    upload = Upload("PUT", f"{STORAGE}/p?signature=s3cret", {}, None)

    with pytest.raises(UnreachableError) as raised:
        client.upload(upload, b"x", lambda _: None)

    assert "s3cret" not in raised.value.message + raised.value.fix + repr(upload)


def test_an_observer_hears_of_each_exchange(api: FakeApi, clock: FakeClock) -> None:
    heard: list[Exchange] = []
    with HotSwapClient(
        BASE, tokens="token-ada", clock=clock, http=httpx.MockTransport(api), observe=heard.append
    ) as client:
        client.authentication.me()

    assert [(each.method, each.path, each.status) for each in heard] == [("GET", "/me", 200)]


def test_health_is_asked_beside_the_version_of_the_api_without_a_token(client: HotSwapClient, api: FakeApi) -> None:
    address = BASE.removesuffix("/v1") + "/health"
    api.script("GET", address, httpx.Response(200, json={"status": "ok"}))

    assert client.health() == {"status": "ok"}
    assert "Authorization" not in api.requests[-1].headers
