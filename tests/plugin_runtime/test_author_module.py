"""What authors import, used alone as in their own tests."""

import pytest

from hotswap_plugin import PluginContext, PluginError, Secrets


def test_a_context_can_be_made_with_nothing_for_a_test() -> None:
    context = PluginContext()

    assert context.tenant_id == "tenant"
    assert dict(context.config) == dict(context.secrets) == context.state == {}
    assert context.remaining_ms() == 30_000
    assert context.logger.name == "plugin"


def test_a_context_keeps_its_own_copy_of_config_and_secrets() -> None:
    config, secrets = {"a": 1}, {"key": "value"}
    context = PluginContext(config=config, secrets=secrets, remaining_ms=lambda: 5)

    config["a"] = 2
    secrets.clear()

    assert context.config["a"] == 1
    assert context.secrets["key"] == "value"
    assert context.remaining_ms() == 5


def test_secrets_show_their_names_and_not_their_values() -> None:
    secrets = Secrets({"b": "value-b", "a": "value-a"})

    assert repr(secrets) == str(secrets) == "Secrets(a, b)"
    assert sorted(secrets) == ["a", "b"]
    assert len(secrets) == 2


def test_a_plugin_error_keeps_its_errors_as_plain_mappings() -> None:
    error = PluginError("refused", errors=iter([{"field": "/a", "message": "m", "fix": "f"}]))

    assert error.errors == ({"field": "/a", "message": "m", "fix": "f"},)
    with pytest.raises(PluginError, match="refused"):
        raise error
