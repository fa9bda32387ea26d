"""Who may do what: the table of the contract, default deny, and another tenant is as if it did not exist."""

from __future__ import annotations

import pytest

from chalicelib.domain.authorization import (
    PERMISSIONS,
    SYSTEM,
    Caller,
    Role,
    require_deployer,
    require_permission,
    require_plugin_owner,
    require_tenant,
)
from chalicelib.domain.errors import ForbiddenError, NotFoundError
from chalicelib.domain.ids import Environment

ALL = set(Role)
DEVELOPERS = {Role.ADMIN, Role.DEVELOPER}

#: CONTRACT §3, column "Who", written down a second time on purpose: two hands must agree.
CONTRACT = {
    "show_me": ALL,
    "register_plugin": DEVELOPERS,
    "list_plugins": ALL,
    "show_plugin": ALL,
    "update_plugin": DEVELOPERS,
    "delete_plugin": DEVELOPERS,
    "deprecate_plugin": DEVELOPERS,
    "create_version": DEVELOPERS,
    "finalize_version": DEVELOPERS,
    "list_versions": ALL,
    "show_version": ALL,
    "download_version": DEVELOPERS,
    "deprecate_version": DEVELOPERS,
    "yank_version": DEVELOPERS,
    "unyank_version": DEVELOPERS,
    "block_version": DEVELOPERS,
    "mint_override": DEVELOPERS,
    "create_deployment": DEVELOPERS,
    "list_deployments": ALL,
    "show_deployment": ALL,
    "show_timeline": ALL,
    "list_verdicts": ALL,
    "pause_deployment": DEVELOPERS,
    "resume_deployment": DEVELOPERS,
    "advance_deployment": DEVELOPERS,
    "promote_deployment": DEVELOPERS,
    "abort_deployment": DEVELOPERS,
    "rollback_deployment": DEVELOPERS,
    "retry_deployment": DEVELOPERS,
    "post_observations": {Role.ADMIN, Role.DEVELOPER, Role.HOST},
    "show_plugin_health": set(Role),
    "show_plugin_metrics": set(Role),
    "check_plugin_health": set(Role),
    "show_doctor": {Role.ADMIN},
    "create_key": {Role.ADMIN},
    "list_keys": {Role.ADMIN},
    "show_key": {Role.ADMIN},
    "rotate_key": {Role.ADMIN},
    "revoke_key": {Role.ADMIN},
    "list_audit": {Role.ADMIN, Role.TENANT_OWNER, Role.VIEWER},
    "export_audit": {Role.ADMIN, Role.TENANT_OWNER, Role.VIEWER},
    "verify_audit": {Role.ADMIN},
    "list_approvals": {Role.ADMIN, Role.APPROVER},
    "show_approval": {Role.ADMIN, Role.APPROVER},
    "approve_approval": {Role.ADMIN, Role.APPROVER},
    "reject_approval": {Role.ADMIN, Role.APPROVER},
    "approve_deployment": {Role.ADMIN, Role.APPROVER},
    "reject_deployment": {Role.ADMIN, Role.APPROVER},
    "show_policy": ALL,
    "put_policy": {Role.ADMIN},
    "show_rings": ALL,
    "put_rings": {Role.ADMIN},
    "create_tenant": {Role.ADMIN},
    "list_tenants": {Role.ADMIN},
    "show_tenant": {Role.ADMIN, Role.TENANT_OWNER},
    "update_tenant": {Role.ADMIN, Role.TENANT_OWNER},
    "delete_tenant": {Role.ADMIN},
    "export_tenant": {Role.ADMIN, Role.TENANT_OWNER},
    "uninstall_plugin": {Role.ADMIN, Role.TENANT_OWNER},
    "list_installations": {Role.ADMIN, Role.TENANT_OWNER},
    "list_usage": {Role.ADMIN, Role.TENANT_OWNER},
    "enable_plugin": {Role.ADMIN, Role.TENANT_OWNER},
    "disable_plugin": {Role.ADMIN, Role.TENANT_OWNER},
    "show_config": {Role.ADMIN, Role.TENANT_OWNER},
    "put_config": {Role.ADMIN, Role.TENANT_OWNER},
    "list_config_revisions": {Role.ADMIN, Role.TENANT_OWNER},
    "restore_config": {Role.ADMIN, Role.TENANT_OWNER},
    "put_pin": {Role.ADMIN, Role.TENANT_OWNER},
    "delete_pin": {Role.ADMIN, Role.TENANT_OWNER},
    "put_secret": {Role.ADMIN, Role.TENANT_OWNER},
    "delete_secret": {Role.ADMIN, Role.TENANT_OWNER},
    "show_effective": {Role.ADMIN, Role.TENANT_OWNER},
    "invoke_plugin": {Role.ADMIN, Role.HOST, Role.TENANT_OWNER},
}


def caller(*roles: Role, tenant_id: str | None = None) -> Caller:
    return Caller("someone", frozenset(roles), tenant_id)


def test_the_table_and_the_contract_name_the_same_actions() -> None:
    assert set(PERMISSIONS) == set(CONTRACT)


@pytest.mark.parametrize("action", sorted(CONTRACT))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_contract_gives_it_and_nothing_else(action: str, role: Role) -> None:
    if role in CONTRACT[action]:
        require_permission(caller(role), action)
        return

    with pytest.raises(ForbiddenError) as refused:
        require_permission(caller(role), action)
    assert refused.value.fix


@pytest.mark.parametrize("who", [caller(*Role), SYSTEM])
def test_an_action_without_an_entry_is_nobodys(who: Caller) -> None:
    with pytest.raises(ForbiddenError):
        require_permission(who, "erase_everything")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.HOST])
def test_admin_and_host_name_any_tenant(role: Role) -> None:
    require_tenant(caller(role), "globex")


def test_an_owner_reaches_its_own_tenant_only() -> None:
    owner = caller(Role.TENANT_OWNER, tenant_id="acme")

    require_tenant(owner, "acme")
    with pytest.raises(NotFoundError):
        require_tenant(owner, "globex")


@pytest.mark.parametrize("tenant_id", [None, ""])
def test_an_owner_without_a_tenant_in_its_token_reaches_none(tenant_id: str | None) -> None:
    owner = caller(Role.TENANT_OWNER, tenant_id=tenant_id)

    for wanted in ("acme", ""):
        with pytest.raises(NotFoundError):
            require_tenant(owner, wanted)


def test_only_the_owner_or_an_admin_changes_a_plugin() -> None:
    require_plugin_owner(caller(Role.DEVELOPER), "someone", "echo")
    require_plugin_owner(caller(Role.ADMIN), "another", "echo")

    with pytest.raises(ForbiddenError):
        require_plugin_owner(caller(Role.DEVELOPER), "another", "echo")


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize("role", list(Role))
def test_developers_deploy_to_the_lower_environments_and_admins_everywhere(
    environment: Environment, role: Role
) -> None:
    may = role is Role.ADMIN or (role is Role.DEVELOPER and environment in {"Development", "QA"})

    if may:
        require_deployer(caller(role), environment)
        return
    with pytest.raises(ForbiddenError):
        require_deployer(caller(role), environment)
