"""Bounds: how far each role gets with each action, as authorization decides it, in words that can be printed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.domain.authorization import DEPLOY_ROLES, PERMISSIONS, Role


class Bound(StrEnum):
    """What a role that may try an action must own, or be allowed, of the thing that it names."""

    PLUGIN = "plugin"
    TENANT = "tenant"
    ENVIRONMENT = "environment"
    TRAIL = "trail"


NOTHING = "–"
EVERYTHING = "✓"
OWN_PLUGINS = "own plugins"
OWN_TENANT = "own tenant"
NO_TENANTS = "no tenant's"

_OF_PLUGINS = (
    *("update_plugin", "delete_plugin", "deprecate_plugin", "create_version", "finalize_version"),
    *("deprecate_version", "yank_version", "unyank_version", "block_version"),
)
_OF_TENANTS = (
    *("show_tenant", "update_tenant", "export_tenant", "uninstall_plugin", "list_installations", "list_usage"),
    *("enable_plugin", "disable_plugin", "show_config", "put_config", "list_config_revisions", "restore_config"),
    *("put_pin", "delete_pin", "put_secret", "delete_secret", "show_effective", "invoke_plugin"),
)
_OF_ENVIRONMENTS = (
    *("create_deployment", "pause_deployment", "resume_deployment", "advance_deployment", "promote_deployment"),
    *("abort_deployment", "rollback_deployment", "retry_deployment", "mint_override"),
)
#: Actions whose thing decides as well; all others are open to a role as a whole. A test walks every route and holds
#: this to what the routes answer, so a line that is missing here is found.
BOUNDS: Mapping[str, Bound] = {
    **dict.fromkeys(_OF_PLUGINS, Bound.PLUGIN),
    **dict.fromkeys(_OF_TENANTS, Bound.TENANT),
    **dict.fromkeys(_OF_ENVIRONMENTS, Bound.ENVIRONMENT),
    "list_audit": Bound.TRAIL,
    "export_audit": Bound.TRAIL,
}


def extent_of(action: str, role: Role) -> str:
    """Say how far *role* gets with *action*: not at all, everywhere, or as far as one of the words above."""
    if role not in PERMISSIONS.get(action, frozenset()):
        return NOTHING
    bound = BOUNDS.get(action)
    if bound is Bound.PLUGIN:
        return EVERYTHING if role is Role.ADMIN else OWN_PLUGINS
    if bound is Bound.TENANT:
        return OWN_TENANT if role is Role.TENANT_OWNER else EVERYTHING
    if bound is Bound.TRAIL:
        return {Role.TENANT_OWNER: OWN_TENANT, Role.VIEWER: NO_TENANTS}.get(role, EVERYTHING)
    if bound is Bound.ENVIRONMENT:
        places = [environment for environment, roles in DEPLOY_ROLES.items() if role in roles]
        return EVERYTHING if len(places) == len(DEPLOY_ROLES) else ", ".join(places) or NOTHING
    return EVERYTHING
