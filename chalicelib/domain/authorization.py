"""Authorization: the one table that decides who may do what; what is not in it is refused."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.errors import FieldError, ForbiddenError, NotFoundError, ValidationError
from chalicelib.domain.ids import Environment

#: Header in which a machine names the person that it acts for.
ON_BEHALF_OF = "X-HotSwap-On-Behalf-Of"
MAX_PERSON = 128


class ForeignTenantError(NotFoundError):
    """The caller named a tenant that is not its own: answered as if there were none (404), and recorded."""


class Role(StrEnum):
    """Groups of the user pool."""

    ADMIN = "Admin"
    DEVELOPER = "Developer"
    APPROVER = "Approver"
    TENANT_OWNER = "TenantOwner"
    HOST = "Host"
    VIEWER = "Viewer"


class Caller(NamedTuple):
    """
    Who asks, as the verified token says; nothing of it ever comes from a request's body.

    *tenant_id* is the tenant that a TenantOwner owns; *ip* and *user_agent* are what the gateway saw.
    *on_behalf_of* is whom a machine says that it acts for: recorded, and good for nothing else.
    *only_actions* and *only_tenants* narrow what a machine's key is for; None does not.
    """

    username: str
    roles: frozenset[Role]
    tenant_id: str | None = None
    trace_id: str = ""
    ip: str = ""
    user_agent: str = ""
    on_behalf_of: str = ""
    only_actions: frozenset[str] | None = None
    only_tenants: frozenset[str] | None = None

    @property
    def is_admin(self) -> bool:
        """Tell whether every rule but tenant data of others is open."""
        return Role.ADMIN in self.roles


#: The product itself, when it acts on nobody's behalf at that moment (steps, schedules).
SYSTEM = Caller("system", frozenset())

_ALL = frozenset(Role)
_DEVELOPER = frozenset({Role.ADMIN, Role.DEVELOPER})
_ADMIN = frozenset({Role.ADMIN})
_APPROVER = frozenset({Role.ADMIN, Role.APPROVER})
_OWNER = frozenset({Role.ADMIN, Role.TENANT_OWNER})
#: Each reads a part of the trail (domain/audit.py); only who reads all of it can tell whether it is whole.
_AUDITOR = frozenset({Role.ADMIN, Role.TENANT_OWNER, Role.VIEWER})

#: Action (the name of its route handler) → roles that may try it. CONTRACT §3, "Who".
PERMISSIONS: dict[str, frozenset[Role]] = {
    "show_me": _ALL,
    "register_plugin": _DEVELOPER,
    "list_plugins": _ALL,
    "show_plugin": _ALL,
    "update_plugin": _DEVELOPER,
    "delete_plugin": _DEVELOPER,
    "deprecate_plugin": _DEVELOPER,
    "create_version": _DEVELOPER,
    "finalize_version": _DEVELOPER,
    "list_versions": _ALL,
    "show_version": _ALL,
    "download_version": _DEVELOPER,
    "deprecate_version": _DEVELOPER,
    "yank_version": _DEVELOPER,
    "unyank_version": _DEVELOPER,
    "block_version": _DEVELOPER,
    "mint_override": _DEVELOPER,
    "create_deployment": _DEVELOPER,
    "list_deployments": _ALL,
    "show_deployment": _ALL,
    "show_timeline": _ALL,
    "list_verdicts": _ALL,
    "pause_deployment": _DEVELOPER,
    "resume_deployment": _DEVELOPER,
    "advance_deployment": _DEVELOPER,
    "promote_deployment": _DEVELOPER,
    "abort_deployment": _DEVELOPER,
    "rollback_deployment": _DEVELOPER,
    "retry_deployment": _DEVELOPER,
    "post_observations": frozenset({Role.ADMIN, Role.DEVELOPER, Role.HOST}),
    "show_plugin_health": _ALL,
    "show_plugin_metrics": _ALL,
    "check_plugin_health": _ALL,
    "show_doctor": _ADMIN,
    "create_key": _ADMIN,
    "list_keys": _ADMIN,
    "show_key": _ADMIN,
    "rotate_key": _ADMIN,
    "revoke_key": _ADMIN,
    "list_audit": _AUDITOR,
    "export_audit": _AUDITOR,
    "verify_audit": _ADMIN,
    "list_approvals": _APPROVER,
    "show_approval": _APPROVER,
    "approve_approval": _APPROVER,
    "reject_approval": _APPROVER,
    "approve_deployment": _APPROVER,
    "reject_deployment": _APPROVER,
    "show_policy": _ALL,
    "put_policy": _ADMIN,
    "show_rings": _ALL,
    "put_rings": _ADMIN,
    "create_tenant": _ADMIN,
    "list_tenants": _ADMIN,
    "show_tenant": _OWNER,
    "update_tenant": _OWNER,
    "delete_tenant": _ADMIN,
    "export_tenant": _OWNER,
    "uninstall_plugin": _OWNER,
    "list_installations": _OWNER,
    "list_usage": _OWNER,
    "enable_plugin": _OWNER,
    "disable_plugin": _OWNER,
    "show_config": _OWNER,
    "put_config": _OWNER,
    "list_config_revisions": _OWNER,
    "restore_config": _OWNER,
    "put_pin": _OWNER,
    "delete_pin": _OWNER,
    "put_secret": _OWNER,
    "delete_secret": _OWNER,
    "show_effective": _OWNER,
    "invoke_plugin": frozenset({Role.ADMIN, Role.HOST, Role.TENANT_OWNER}),
}

#: Where each role may deploy.
DEPLOY_ROLES: dict[Environment, frozenset[Role]] = {
    Environment.DEVELOPMENT: _DEVELOPER,
    Environment.QA: _DEVELOPER,
    Environment.STAGING: _ADMIN,
    Environment.PRODUCTION: _ADMIN,
}


def require_permission(caller: Caller, action: str) -> None:
    """
    Raise unless one of the caller's roles may try *action*; an action without an entry is nobody's.

    Raises:
        ForbiddenError: None of them may (403).
    """
    allowed = PERMISSIONS.get(action, frozenset())
    if not caller.roles & allowed:
        raise ForbiddenError(
            f"Your roles may not {action.replace('_', ' ')}.", fix=f"Ask for one of: {', '.join(sorted(allowed))}."
        )
    if caller.only_actions is not None and action not in caller.only_actions:
        raise ForbiddenError(f"This key may not {action.replace('_', ' ')}.", fix="Use a key that is made for it.")


def require_tenant(caller: Caller, tenant_id: str) -> None:
    """
    Raise when *tenant_id* is another tenant's: it is then as if it did not exist.

    Admin and Host name any tenant, a key only those that it is for, a TenantOwner only its own.

    Raises:
        ForeignTenantError: It is not the caller's (404, so that nobody learns who exists).
    """
    is_reached = bool(caller.roles & {Role.ADMIN, Role.HOST}) or (caller.tenant_id == tenant_id and tenant_id != "")
    if is_reached and (caller.only_tenants is None or tenant_id in caller.only_tenants):
        return
    raise _foreign(tenant_id)


def require_known_tenants(caller: Caller, tenant_ids: AbstractSet[str]) -> None:
    """
    Raise when a key names tenants that it is not for, where a caller without a key may name any.

    Raises:
        ForeignTenantError: One is none of the key's (404).
    """
    others = tenant_ids - caller.only_tenants if caller.only_tenants is not None else frozenset()
    if others:
        raise _foreign(min(others))


def acting_for(caller: Caller, person: str | None) -> Caller:
    """
    Let a machine say whom it acts for; it is written into the records of what it does.

    Raises:
        ForbiddenError: The caller is a person, who acts for nobody else (403).
        ValidationError: That can't be a name (400).
    """
    if person is None:
        return caller
    if Role.HOST not in caller.roles:
        raise ForbiddenError("Only a machine says whom it acts for.", fix=f"Leave {ON_BEHALF_OF} out.")
    if not (0 < len(person) <= MAX_PERSON and person.isprintable()):
        fix = f"Send 1 to {MAX_PERSON} printable characters, such as a user name."
        raise ValidationError("That can't be a person.", fix=fix, errors=(FieldError(ON_BEHALF_OF, "No name.", fix),))
    return caller._replace(on_behalf_of=person)


def may_know_tenants(caller: Caller) -> bool:
    """Tell whether the caller may learn which tenants there are, as whoever plans or approves a deployment must."""
    return bool(caller.roles & {Role.ADMIN, Role.DEVELOPER, Role.APPROVER})


def tenant_not_found(tenant_id: str) -> NotFoundError:
    """Say that there is no such tenant, in the same words whether it exists or not."""
    return NotFoundError(f"There is no tenant {tenant_id!r}.", fix="Check the id.")


def _foreign(tenant_id: str) -> ForeignTenantError:
    """Say the same of a tenant that is another's."""
    said = tenant_not_found(tenant_id)
    return ForeignTenantError(said.detail, fix=said.fix)


def require_plugin_owner(caller: Caller, owner: str, plugin_id: str) -> None:
    """
    Raise unless the caller owns the plugin or is Admin.

    Raises:
        ForbiddenError: Someone else owns it (403).
    """
    if not caller.is_admin and caller.username != owner:
        raise ForbiddenError(f"{plugin_id} belongs to another developer.", fix="Ask its owner or an Admin.")


def require_deployer(caller: Caller, environment: Environment) -> None:
    """
    Raise unless the caller may deploy to *environment*.

    Raises:
        ForbiddenError: The environment is not open to the caller's roles (403).
    """
    allowed = DEPLOY_ROLES[environment]
    if not caller.roles & allowed:
        raise ForbiddenError(
            f"Your roles may not deploy to {environment}.", fix=f"Ask for one of: {', '.join(sorted(allowed))}."
        )
