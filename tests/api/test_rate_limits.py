"""Rate limits over HTTP: how a user stands, the refusal, containers that share, and attempts to log in."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib import bootstrap_limits
from tests.api.gateway import Answer, Gateway
from tests.api.scenes import a_container, denials
from tests.fakes import FakeWorld
from tests.fakes.rate_limits import FakeRateLedger

LOGIN = "/v1/authentication/login"


@pytest.fixture
def ledger(world: FakeWorld) -> Iterator[FakeRateLedger]:
    """Keep the limits of production."""
    shared = FakeRateLedger()
    with bootstrap_limits.use(a_container(world.clock, shared)):
        yield shared


@contextmanager
def another_container(world: FakeWorld, ledger: FakeRateLedger) -> Iterator[None]:
    with bootstrap_limits.use(a_container(world.clock, ledger)):
        yield


def standing(answer: Answer) -> tuple[int, int, int]:
    limit, remaining, reset = (answer.headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))
    return int(limit), int(remaining), int(reset)


def log_in(api: Gateway, username: str = "ana", password: str = "guess") -> Answer:
    return api.post(LOGIN, {"username": username, "password": password}, None)


def register(api: Gateway, number: int, as_: str = "ana", **more: str) -> Answer:
    return api.post("/v1/plugins", {"name": f"plugin-{number}", "type": "Other"}, as_, **more)


@pytest.mark.parametrize(
    "method, path, limit",
    [
        ("GET", "/v1/me", 60),
        ("GET", "/v1/plugins/nothing", 60),
        ("POST", "/v1/plugins", 10),
        ("PATCH", "/v1/plugins/nothing", 10),
        ("DELETE", "/v1/plugins/nothing", 10),
        ("POST", "/v1/plugins/nothing/versions", 5),
    ],
)
def test_every_class_lets_in_its_limit_and_says_so_whatever_it_answers(
    api: Gateway, ledger: FakeRateLedger, method: str, path: str, limit: int
) -> None:
    answers = [api.send(method, path, "ana") for _ in range(limit)]
    refused = api.send(method, path, "ana")

    assert {answer.status for answer in answers}.isdisjoint({429, 500, 503})
    assert [standing(answer)[:2] for answer in answers] == [(limit, left) for left in reversed(range(limit))]
    assert (refused.status, refused.code) == (429, "RATE_LIMIT_EXCEEDED")
    assert standing(refused) == (limit, 0, 60 // limit)
    assert refused.headers["Retry-After"] == str(60 // limit)
    assert refused.json["fix"] == f"Repeat the request in {60 // limit} s."


def test_whoever_waits_as_told_is_let_in(world: FakeWorld, api: Gateway, ledger: FakeRateLedger) -> None:
    while (refused := register(api, 0)).status != 429:
        pass

    world.clock.advance(seconds=int(refused.headers["Retry-After"]))

    assert register(api, 1).status == 201
    assert register(api, 2).status == 429


@pytest.mark.usefixtures("ledger")
def test_neither_another_user_nor_another_route_nor_a_header_shares_a_limit(api: Gateway) -> None:
    while register(api, 0).status != 429:
        pass

    assert register(api, 1, headers={"X-Forwarded-For": "203.0.113.7"}).status == 429  # type: ignore[arg-type]
    assert api.get("/v1/plugins").status == 200
    assert register(api, 2, "bob").status == 201


def test_two_containers_share_a_limit(world: FakeWorld, api: Gateway, ledger: FakeRateLedger) -> None:
    here = [register(api, number).status for number in range(6)]
    with another_container(world, ledger):
        there = [register(api, number).status for number in range(6, 12)]

    assert [*here, *there] == [201] * 10 + [429] * 2


def test_two_containers_let_no_more_reads_in_than_the_limit_and_most_of_it(
    world: FakeWorld, api: Gateway, ledger: FakeRateLedger
) -> None:
    api.get("/v1/me")
    with another_container(world, ledger):
        there = [api.get("/v1/me").status for _ in range(70)]

    # The first has set aside the tenth part.
    assert (there.count(200), there.count(429)) == (54, 16)
    assert [api.get("/v1/me").status for _ in range(6)] == [200] * 5 + [429]


def test_a_warm_container_asks_rarely_for_reads_once_for_a_write_and_never_while_it_refuses(
    api: Gateway, ledger: FakeRateLedger
) -> None:
    for _ in range(6):
        api.get("/v1/me")
    assert ledger.calls == 1
    for number in range(10):
        register(api, number)
    assert ledger.calls == 11

    for _ in range(100):
        assert register(api, 0).status == 429

    assert ledger.calls == 11


@pytest.mark.parametrize("jump", [-3600, -30, 30, 3600])
def test_a_clock_that_jumps_blocks_nobody_for_longer_and_opens_nothing_beyond_a_full_bucket(
    world: FakeWorld, api: Gateway, ledger: FakeRateLedger, jump: int
) -> None:
    while register(api, 0).status != 429:
        pass

    world.clock.advance(seconds=jump)
    let_in = sum(register(api, number).status != 429 for number in range(1, 20))

    assert let_in == {-3600: 10, -30: 0, 30: 5, 3600: 10}[jump]


def test_an_invocation_is_not_counted(api: Gateway, ledger: FakeRateLedger) -> None:
    for slim in (True, False):
        answer = Gateway(is_invoke_slim=slim).post("/v1/plugins/nothing/invoke", {}, "hugo")
        assert "RateLimit-Limit" not in answer.headers

    assert ledger.calls == 0


def test_who_may_not_is_counted_too_so_that_denials_do_not_fill_the_records(
    world: FakeWorld, api: Gateway, ledger: FakeRateLedger
) -> None:
    statuses = [register(api, number, "vera").status for number in range(20)]

    assert statuses == [403] * 10 + [429] * 10
    assert len(denials(world)) == 10


def test_requests_go_on_while_the_ledger_is_away_and_it_is_not_asked_each_time(
    world: FakeWorld, api: Gateway, ledger: FakeRateLedger
) -> None:
    ledger.is_away = True

    answers = [register(api, number) for number in range(12)]

    assert {answer.status for answer in answers} == {201}
    assert "RateLimit-Limit" not in answers[0].headers
    assert ledger.calls == 1
    ledger.is_away = False
    world.clock.advance(seconds=5)
    assert standing(register(api, 12))[:2] == (10, 9)


@pytest.mark.parametrize("username", ["ana", "mallory"])
def test_a_name_has_five_attempts_whether_there_is_such_a_user_or_not(
    world: FakeWorld, api: Gateway, ledger: FakeRateLedger, username: str
) -> None:
    answers = [log_in(api, username) for _ in range(7)]

    assert [answer.status for answer in answers] == [401] * 5 + [429] * 2
    assert [standing(answer) for answer in answers[:6]] == [(5, left, 12) for left in (4, 3, 2, 1, 0, 0)]
    assert answers[6].json["detail"] == "These are too many attempts to log in: the limit is 5 a minute."
    assert log_in(api, "bob", "secret of bob").status == 200
    assert username not in repr(ledger.tried)


@pytest.mark.usefixtures("ledger")
def test_the_delay_between_attempts_grows_until_one_succeeds(world: FakeWorld, api: Gateway) -> None:
    delays = []
    for _ in range(4):
        while (answer := log_in(api)).status != 429:
            pass
        delays.append(int(answer.headers["Retry-After"]))
        world.clock.advance(seconds=delays[-1])
    assert delays == [12, 24, 48, 96]

    assert log_in(api, password="secret of ana").status == 200

    world.clock.advance(seconds=3600)
    assert [log_in(api).status for _ in range(6)] == [401] * 5 + [429]


@pytest.mark.usefixtures("ledger")
def test_the_right_password_does_not_help_while_a_name_has_to_wait_nor_another_spelling_or_address(
    api: Gateway,
) -> None:
    for spelling in ("ana", "ANA", " ana", "Ana", "\uff41na"):
        assert log_in(api, spelling).status == 401

    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    answer = api.post(LOGIN, {"username": "ana", "password": "secret of ana"}, None, headers=forwarded)

    assert answer.status == 429


def test_nobody_gets_to_guess_while_the_ledger_is_away(world: FakeWorld, api: Gateway, ledger: FakeRateLedger) -> None:
    ledger.is_away = True

    answer = log_in(api, password="secret of ana")

    assert (answer.status, answer.code) == (503, "SERVICE_UNAVAILABLE")
    assert world.tables.records == []


def test_a_malformed_login_costs_no_attempt(api: Gateway, ledger: FakeRateLedger) -> None:
    for _ in range(10):
        assert api.post(LOGIN, {"username": "ana"}, None).status == 400

    assert ledger.calls == 0


def test_a_version_counts_as_one_whether_it_comes_with_its_plugin_or_alone(
    api: Gateway, ledger: FakeRateLedger
) -> None:
    for number in range(3):
        assert register(api, number).status == 201
    body = {"type": "Other", "version": "1.0.0"}
    for number in range(3, 8):
        assert api.post("/v1/plugins", {"name": f"plugin-{number}", **body}).status == 201

    refused = api.post("/v1/plugins", {"name": "plugin-8", **body})

    assert (refused.status, standing(refused)[0]) == (429, 5)
    assert api.post("/v1/plugins/plugin-0/versions", {}).status == 429
    assert register(api, 9).status == 201


@pytest.mark.usefixtures("ledger")
def test_a_refresh_token_is_used_at_most_as_often_as_a_route_that_changes_something(api: Gateway) -> None:
    answers = [api.post("/v1/authentication/refresh", {"refreshToken": "refresh-ana"}, None) for _ in range(11)]

    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "6"
    assert api.post("/v1/authentication/refresh", {"refreshToken": "refresh-bob"}, None).status == 200
