"""Who may come in, over HTTP and in the authorizer."""

import json
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.api.authorizer import RefusedError, verify_request, verify_token
from chalicelib.domain.redaction import REDACTED
from tests.api.gateway import Gateway
from tests.fakes import FakeWorld

LOGIN = "/v1/authentication/login"
REFRESH = "/v1/authentication/refresh"
ARN = "arn:aws:execute-api:us-east-1:000000000000:api/api/GET/v1/me"


def ask_authorizer(header: str) -> dict[str, Any]:
    answer: dict[str, Any] = verify_token({"type": "TOKEN", "authorizationToken": header, "methodArn": ARN}, {})
    return answer


def test_a_login_gives_tokens_and_says_who_it_is(api: Gateway) -> None:
    answer = api.post(LOGIN, {"username": "olga", "password": "secret of olga"}, None)

    assert answer.status == 200
    assert (answer.json["token"], answer.json["refreshToken"]) == ("token-olga", "refresh-olga")
    assert answer.json["expiresAt"] == "2026-11-22T16:00:00Z"
    assert answer.json["user"] == {"username": "olga", "roles": ["TenantOwner"], "tenantId": "acme"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refresh_gives_a_new_token_and_keeps_the_old_refresh_token(api: Gateway) -> None:
    answer = api.post(REFRESH, {"refreshToken": "refresh-ana"}, None)

    assert (answer.status, answer.json["token"], answer.json["refreshToken"]) == (200, "token-ana", None)
    assert api.post(REFRESH, {"refreshToken": "forged"}, None).status == 401


def test_a_wrong_password_and_an_unknown_user_are_the_same_refusal(api: Gateway) -> None:
    wrong = api.post(LOGIN, {"username": "ana", "password": "guess"}, None)
    unknown = api.post(LOGIN, {"username": "mallory", "password": "guess"}, None)

    assert (wrong.status, wrong.code) == (401, "UNAUTHORIZED")
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")
    assert (wrong.json["detail"], wrong.json["fix"]) == (unknown.json["detail"], unknown.json["fix"])


@pytest.mark.parametrize(
    "body", [{}, {"username": "ana"}, {"username": "ana", "password": 7}, {"username": "", "password": "x"}]
)
def test_half_a_login_is_refused_without_repeating_it(api: Gateway, body: object) -> None:
    answer = api.post(LOGIN, body, None)

    assert (answer.status, answer.code) == (400, "VALIDATION_ERROR")


def test_passwords_and_tokens_are_written_nowhere(
    api: Gateway, world: FakeWorld, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.post(LOGIN, {"username": "ana", "password": "secret of ana", "extra": "secret of ana"}, None)
    api.post(LOGIN, {"username": "ana", "password": "secret of ana"}, None)
    api.post(REFRESH, {"refreshToken": "refresh-ana"}, None)
    api.get("/v1/me")

    logged = [vars(record) for record in caplog.records]
    assert logged
    written = "".join(capfd.readouterr()) + repr(logged) + repr(world.tables.records)
    assert "secret of ana" not in written
    assert "token-ana" not in written
    assert "refresh-ana" not in written


def test_me_is_who_the_token_says(api: Gateway) -> None:
    assert api.get("/v1/me").json == {"username": "ana", "roles": ["Developer"], "tenantId": None}
    assert api.get("/v1/me", "otto").json["tenantId"] == "globex"


@pytest.mark.parametrize(
    "header", ["token-ana", "Basic YW5hOmFuYQ==", "Bearer ", "Bearer forged", "Bearer token-mallory", ""]
)
@pytest.mark.usefixtures("world")
def test_the_authorizer_refuses_with_the_one_word_that_the_gateway_makes_a_401_of(header: str) -> None:
    with pytest.raises(RefusedError) as refused:
        ask_authorizer(header)

    assert str(refused.value) == "Unauthorized"


@pytest.mark.usefixtures("world")
def test_the_authorizer_allows_every_route_since_its_answer_is_kept_for_the_token() -> None:
    answer = ask_authorizer("bearer token-otto")

    statement = answer["policyDocument"]["Statement"][0]
    assert statement == {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": ["arn:aws:execute-api:us-east-1:000000000000:api/api/*/*"],
    }
    assert answer["principalId"] == "otto"
    assert answer["context"] == {"username": "otto", "roles": "TenantOwner", "tenantId": "globex"}
    json.dumps(answer)


def test_without_a_token_the_gateway_lets_nobody_through(api: Gateway) -> None:
    assert api.get("/v1/me", None).status == 401
    assert api.get("/v1/me", "mallory").status == 401


def test_health_and_documents_need_no_token(api: Gateway) -> None:
    assert api.get("/health", None).json == {"status": "ok", "version": "0.1.0"}
    assert api.get("/v1/openapi.json", None).status == 200
    assert api.get("/docs", None).status == 200


FORGED = "hsk_forged-secret"


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("hidden, told", [("", "ana"), ("ip,user-name", REDACTED)])
def test_the_door_tells_in_its_log_who_came_in_unless_the_settings_keep_it_out(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    hidden: str,
    told: str,
) -> None:
    monkeypatch.setenv("HOTSWAP_REDACT", hidden)

    ask_authorizer("Bearer token-ana")

    assert json.loads(capsys.readouterr().err) == {"level": "INFO", "message": "token verified", "username": told}


def request_of(header: str, path: str = "/v1/me") -> dict[str, Any]:
    """Give what the gateway sends the authorizer; names of headers are as the client spells them."""
    return {
        "type": "REQUEST",
        "methodArn": ARN,
        "path": path,
        "headers": {"authorization": header, "traceparent": Gateway.traceparent},
        "requestContext": {"identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8"}},
    }


def test_who_is_refused_is_on_record_with_why_and_where_from_and_an_admin_finds_it(
    api: Gateway, world: FakeWorld, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RefusedError, match=r"^Unauthorized$"):
        verify_request(request_of(f"Bearer {FORGED}"), None)

    (found,) = api.get("/v1/audit?actor=unknown", "root").json["items"]
    assert (found["action"], found["result"], found["reason"]) == ("RefuseCredential", "refused", "malformed")
    assert (found["ip"], found["userAgent"], found["resource"]) == ("203.0.113.7", "curl/8", "v1/me")
    assert found["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert FORGED not in repr(world.tables.records) + "".join(capfd.readouterr())


@pytest.mark.parametrize("header", ["", "Basic YW5hOmFuYQ==", "Bearer token-ana"])
def test_nothing_is_recorded_of_who_brings_no_token_or_a_good_one(world: FakeWorld, header: str) -> None:
    with suppress(RefusedError):
        verify_request(request_of(header), None)

    assert world.tables.records == []


def test_the_token_alone_is_enough_while_the_gateway_still_sends_no_more(world: FakeWorld) -> None:
    event = {"type": "TOKEN", "authorizationToken": "Bearer token-ana", "methodArn": ARN}

    assert verify_request(event, None)["principalId"] == "ana"
    with pytest.raises(RefusedError):
        verify_request({**event, "authorizationToken": "Bearer forged"}, None)
    assert [(record.action, record.ip) for record in world.tables.records] == [("RefuseCredential", "")]
