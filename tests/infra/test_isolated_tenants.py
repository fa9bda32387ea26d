import pytest

from infra.local.isolated_tenants import key_for, refusal

ISOLATED = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
KEY = "000000000000:us-east-1:hotswap-plugin-echo:7"


def test_each_tenant_has_a_pool_of_its_own_under_a_key_that_the_emulator_can_still_read() -> None:
    keys = {tenant: key_for(KEY, tenant) for tenant in ("acme", "globex", "a:b")}

    assert len(set(keys.values())) == len(keys)
    assert key_for(KEY, "acme") == keys["acme"]
    for key in keys.values():
        account, region, function, qualifier = key.split(":")
        assert (account, region, function) == ("000000000000", "us-east-1", "hotswap-plugin-echo")
        assert qualifier.startswith("7@")


@pytest.mark.parametrize(
    "config, tenant, why",
    [
        (ISOLATED, "acme", ""),
        ({}, "", ""),
        ({"TenancyConfig": None}, "", ""),
        (ISOLATED, "", "Add a valid tenant ID"),
        ({}, "acme", "Remove the tenant ID"),
    ],
)
def test_a_call_names_a_tenant_where_tenants_are_isolated_and_nowhere_else(
    config: dict[str, object], tenant: str, why: str
) -> None:
    assert why in refusal(config, tenant)
    assert bool(why) == bool(refusal(config, tenant))
