"""`invoke --override`: mint leave for one version, and use it for this one request."""

from __future__ import annotations

import pytest

from tests.client.conftest import Terminal

PLUGIN = "tax-engine"
INVOKE = ("invoke", PLUGIN, "charge", "--tenant", "acme")


@pytest.fixture
def admin(terminal: Terminal) -> Terminal:
    terminal.log_in("admin")
    terminal.api.routes[PLUGIN, "Production"] = "1.2.0"
    terminal.api.add_version(PLUGIN, "2.0.0")
    return terminal


def test_an_override_is_minted_for_a_minute_and_sent_with_the_request(admin: Terminal) -> None:
    result = admin.type(*INVOKE, "--override", "2.0.0")

    assert result.exit_code == 0
    assert admin.api.body("POST", f"/plugins/{PLUGIN}/versions/2.0.0/override") == {
        "environment": "Production",
        "ttl": "PT1M",
    }
    (sent,) = admin.api.sent("POST", f"/plugins/{PLUGIN}/invoke")
    assert sent.headers["X-HotSwap-Override"] == "leave-for-2.0.0"
    assert "leave-for" not in result.output


def test_nothing_is_minted_when_none_is_asked_for(admin: Terminal) -> None:
    admin.type(*INVOKE)

    (sent,) = admin.api.sent("POST", f"/plugins/{PLUGIN}/invoke")
    assert "X-HotSwap-Override" not in sent.headers


def test_nothing_is_invoked_when_none_is_given(admin: Terminal) -> None:
    result = admin.type(*INVOKE, "--override", "9.9.9")

    assert result.exit_code == 1
    assert "no version 9.9.9" in result.stderr
    assert admin.api.sent("POST", f"/plugins/{PLUGIN}/invoke") == []
