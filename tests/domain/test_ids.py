"""Names of plugins, tenants and environments: the contract's patterns and a fix for what breaks them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import ValidationError
from chalicelib.domain.ids import check_environment, check_plugin_id, check_tenant_id
from chalicelib.domain.plugins import Plugin, PluginFilter, PluginStatus, PluginType
from chalicelib.domain.policies import DEFAULT_POLICIES


@pytest.mark.parametrize("name", ["abc", "payment-processor-stripe", "a1b", "a" * 40])
def test_a_plugin_may_have_a_name_of_the_contract(name: str) -> None:
    assert check_plugin_id(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ab",
        "1abc",
        "-abc",
        "abc-",
        "Abc",
        "a_b",
        "a b",
        "a" * 41,
        "zahlüng",
        "abc\n",
        "../etc",
        "\u0430-\u0431-\u0432",
    ],
)
def test_a_plugin_name_that_breaks_the_pattern_is_refused_with_a_fix(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_plugin_id(name)

    assert refused.value.errors[0].field == "/name"
    assert "a-z" in refused.value.fix


@pytest.mark.parametrize("name", ["", "-a", "Acme", "a" * 64, "acmé", "acme/../globex", "acme#1"])
def test_a_tenant_id_that_breaks_the_pattern_is_refused_with_a_fix(name: str) -> None:
    with pytest.raises(ValidationError):
        check_tenant_id(name)


@pytest.mark.parametrize("text", ["development", "PRODUCTION", "", "Prod"])
def test_an_environment_is_spelled_as_in_the_contract(text: str) -> None:
    with pytest.raises(ValidationError, match="no such environment"):
        check_environment(text)


@pytest.mark.parametrize("check", [check_plugin_id, check_tenant_id])
def test_an_error_quotes_at_most_eighty_characters_of_what_it_got(check: Callable[[str], str]) -> None:
    with pytest.raises(ValidationError) as refused:
        check("X" * 10_000)

    assert len(refused.value.errors[0].message) < 200


def test_only_development_needs_no_approval_and_production_needs_two() -> None:
    assert {environment.value: policy.approvals.needed for environment, policy in DEFAULT_POLICIES.items()} == {
        "Development": 0,
        "QA": 1,
        "Staging": 1,
        "Production": 2,
    }


def test_a_listing_holds_what_was_asked_for_and_never_a_deleted_plugin() -> None:
    plugin = Plugin("echo", PluginType.OTHER, "dev", "", "", tags=("a", "b"))
    deleted = Plugin("gone", PluginType.OTHER, "dev", "", "", status=PluginStatus.DELETED)

    assert PluginFilter().admits(plugin)
    assert PluginFilter(type=PluginType.OTHER, status=PluginStatus.ACTIVE, tags=("b",)).admits(plugin)
    assert not PluginFilter(tags=("a", "c")).admits(plugin)
    assert not PluginFilter(type=PluginType.AUTH_PROVIDER).admits(plugin)
    assert not PluginFilter(status=PluginStatus.DELETED).admits(deleted)
