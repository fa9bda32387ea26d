"""Overrides: what was signed opens, and nothing else does."""

from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import DomainError, ForbiddenError, ValidationError
from chalicelib.domain.overrides import Override, sign, verify
from chalicelib.domain.routes import Target

KEY = b"k" * 32
NOW = "2026-11-22T15:00:00.000Z"
GREEN = Target("2.0.0", "v2-0-0", "2", "bb", has_state=True)
OVERRIDE = Override("echo", "Production", GREEN, "ana", "2026-11-22T15:05:00.000Z")
TOKEN = sign(OVERRIDE, KEY)


def opened(
    token: str = TOKEN, key: bytes = KEY, *, plugin_id: str = "echo", environment: str = "Production", now: str = NOW
) -> Override:
    return verify(token, key, plugin_id=plugin_id, environment=environment, now=now)


def test_what_was_signed_opens_with_the_whole_target() -> None:
    assert opened() == OVERRIDE


def test_what_may_be_repeated_is_not_signed_for_nobody_stands_in_for_a_version_asked_for_by_hand() -> None:
    repeats = OVERRIDE._replace(target=GREEN._replace(is_isolated=True, retryable=("charge",)))

    assert opened(sign(repeats, KEY)) == OVERRIDE._replace(target=GREEN._replace(is_isolated=True))


@pytest.mark.parametrize(
    "where",
    [
        {"plugin_id": "tax"},
        {"environment": "QA"},
        {"now": OVERRIDE.expires_at},
        {"now": "2026-11-22T15:05:00.001Z"},
        {"now": "2027-01-01T00:00:00.000Z"},
    ],
)
def test_for_another_plugin_or_environment_or_too_late_it_is_forbidden_with_a_fix(where: dict[str, str]) -> None:
    with pytest.raises(ForbiddenError) as refused:
        opened(**where)  # type: ignore[arg-type]

    assert "POST" in refused.value.fix


@pytest.mark.parametrize(
    "token",
    ["", "x", "ünicode", "a" * 5000, TOKEN[:-1], TOKEN + "=", TOKEN + "A", TOKEN[1:], "A" * 100, TOKEN + "\n"],
)
def test_what_nobody_signed_is_refused(token: str) -> None:
    with pytest.raises(ValidationError) as refused:
        opened(token)

    assert refused.value.errors[0].field == "/X-HotSwap-Override"


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ValidationError):
        opened(key=b"x" * 32)


def test_who_changes_the_version_needs_the_key() -> None:
    other = sign(OVERRIDE._replace(target=Target("9.9.9", "v9-9-9", "9", "cc")), b"guessed")

    with pytest.raises(ValidationError):
        opened(other)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_"))
def test_no_changed_character_goes_unseen(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]

    if changed == TOKEN:
        assert opened(changed) == OVERRIDE
        return
    with pytest.raises(DomainError):
        opened(changed)


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=200))
def test_a_token_is_signed_with_hmac_of_sha256_whatever_the_length_of_the_key(body: bytes, key: bytes) -> None:
    override = OVERRIDE._replace(author=body.hex())

    raw = base64.urlsafe_b64decode(sign(override, key) + "==")

    assert raw[:32] == hmac.digest(key, b"override\0" + raw[32:], "sha256")
    assert opened(sign(override, key), key=key) == override
