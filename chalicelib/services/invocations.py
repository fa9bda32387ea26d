"""Invoke a plugin for a tenant: resolve, call the version's alias, answer. The hot path: keep it light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import require_tenant
from chalicelib.domain.errors import (
    DomainError,
    FieldError,
    ForbiddenError,
    NotFoundError,
    PluginFailedError,
    ValidationError,
)
from chalicelib.domain.installations import Installation, UninstalledError, is_reference, secret_context
from chalicelib.domain.resolution import Reason, Resolution, resolve
from chalicelib.domain.secret_reads import SecretsRead
from chalicelib.domain.servings import Serving
from chalicelib.domain.tenants import Tier
from chalicelib.domain.times import rfc3339
from chalicelib.services.served_calls import CALLERS_FAULT, Wanted, call_version, may_serve

if TYPE_CHECKING:
    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.ids import Environment
    from chalicelib.domain.routes import Route, Target
    from chalicelib.serving_ports import ServingPorts

#: What the pointers of a failure point into; others name what is wrong beside it.
_POINTS_INTO = {"InvalidInput": "/input", "InvalidOutput": "/result"}


class InvokePlugin(NamedTuple):
    """Ask a plugin to do *operation* for a tenant; *override* is the token of one, as it was sent."""

    caller: Caller
    plugin_id: str
    tenant_id: str
    operation: str
    input: Mapping[str, Any]
    environment: Environment
    override: str | None = None


class Invocation(NamedTuple):
    """
    What came back, which version served and why.

    *duration_ms* is the wall time of the call to the plugin. *is_metered* is False when quotas could not be counted,
    *is_state_lost* True when the installation went during the call, and what the plugin would keep with it.
    *stood_in_for* is the version on trial that failed, where stable answered instead.
    """

    result: Mapping[str, Any]
    version: str
    execution_id: str
    duration_ms: float
    trace_id: str
    reason: str
    is_metered: bool = True
    is_state_lost: bool = False
    stood_in_for: str = ""


def invoke_plugin(command: InvokePlugin, ports: ServingPorts) -> Invocation:
    """
    Run one operation of the version that serves this tenant.

    Raises:
        NotFoundError: The tenant is not the caller's, or has not installed the plugin (404).
        ForbiddenError: The tenant is suspended, or the override is over or for something else (403).
        ValidationError: The plugin has no such operation, the input breaks its schema, or the override is forged (400).
        QuotaExceededError: The tenant has used up a quota of the plugin (429).
        PluginFailedError: The plugin failed (502).
        PluginTimeoutError: It did not answer in its time (504).
        StaleRevisionError: Another call changed the plugin's state for this tenant at the same time (409).
    """
    require_tenant(command.caller, command.tenant_id)
    installation = ports.reads.installation(command.tenant_id, command.plugin_id)
    route = ports.reads.route(command.plugin_id, command.environment)
    tenant = ports.reads.tenant(command.tenant_id)
    decision = resolve(
        route,
        tenant,
        installation,
        rfc3339(ports.clock.now()),
        None if command.override is None else _overriding(command.override, command, route, ports),
    )
    target = _serving(decision, command, route)
    alias = command.environment.alias if decision.by_request else target.alias
    execution_id = ports.ids.new("exe")
    tier = tenant.tier if tenant else Tier.FREE
    overrides = installation.quotas if installation else {}
    with ports.quotas.admit(command.tenant_id, command.plugin_id, tier, overrides) as admission:
        state, revision = ports.states.load(command.tenant_id, command.plugin_id) if target.has_state else ({}, 0)
        payload = _payload(command, installation, state, execution_id, ports)

        began = ports.clock.now()
        wanted = Wanted(command.plugin_id, alias, command.operation, payload, target, decision, route, tenant)
        with ports.secret_reads.meanwhile(_read_for(command, wanted, rfc3339(began))):
            served = call_version(wanted, ports)

    answer, reason = served.answer, Reason.STABLE if served.stood_in_for else decision.reason
    # A rollback or another pin may bring back a version that this container has noted before: it is noted again, and
    # so it is where the plugin was uninstalled, with what was noted, and installed anew.
    under = (
        target.version,
        decision.reason,
        route and route.epoch,
        installation and (installation.created_at, installation.revision),
    )
    serving = Serving(command.plugin_id, command.environment, served.version, reason, rfc3339(began))
    # Neither a smoke test nor a call that another version had to answer is what serves a tenant.
    if decision.reason is not Reason.OVERRIDE and not served.stood_in_for:
        ports.servings.note(command.tenant_id, serving, under=under)
    result = _result_of(answer, command, served.target)
    is_state_lost = target.has_state and "state" in answer and not _keep(answer["state"], revision, installation, ports)
    return Invocation(
        result,
        served.version,
        execution_id,
        round(served.duration_ms, 1),
        command.caller.trace_id,
        reason,
        is_metered=admission.is_metered,
        is_state_lost=is_state_lost,
        stood_in_for=served.stood_in_for,
    )


def _keep(state: Mapping[str, Any], revision: int, installation: Installation | None, ports: ServingPorts) -> bool:
    """
    Keep the state that a call made; tell whether it could be kept.

    Whoever uninstalls a plugin, or erases a tenant, during a call wants nothing of it to stay. What the call did is
    done all the same, so its result goes to the host.
    """
    if installation is None:
        return False
    tenant_id, plugin_id = installation.tenant_id, installation.plugin_id
    try:
        ports.states.store(tenant_id, plugin_id, state, revision=revision, installed_at=installation.created_at)
    except UninstalledError:
        return False
    return True


def _overriding(token: str, command: InvokePlugin, route: Route | None, ports: ServingPorts) -> Target:
    """Open an override; who sends none waits for nothing of it, not even its import."""
    from chalicelib.domain import overrides  # noqa: PLC0415 - told above

    key = ports.override_key.find()
    if key is None:
        raise overrides.not_ours()
    now = rfc3339(ports.clock.now())
    opened = overrides.verify(token, key, plugin_id=command.plugin_id, environment=command.environment, now=now)
    if route is not None and opened.target.version in route.blocked:
        raise ForbiddenError(
            f"The override is for {opened.target.version}, which is blocked.", fix="Leave the override out."
        )
    return opened.target


def _serving(decision: Resolution, command: InvokePlugin, route: Route | None) -> Target:
    if decision.target is not None:
        return decision.target
    if decision.reason is Reason.BLOCKED:
        raise ForbiddenError(f"Tenant {command.tenant_id} is suspended.", fix="Ask an Admin to activate the tenant.")
    if decision.reason is Reason.NOT_DEPLOYED:
        if route is not None and route.blocked:
            raise NotFoundError(
                f"Nobody serves {command.plugin_id} in {command.environment}: {', '.join(route.blocked)} is blocked, "
                "and no version that was good before is left.",
                fix=f'Deploy another one: POST /deployments {{"environment": "{command.environment}", …}}.',
            )
        raise NotFoundError(
            f"No version of {command.plugin_id} is deployed in {command.environment}.",
            fix=f'Deploy one: POST /deployments {{"environment": "{command.environment}", …}}.',
        )
    raise NotFoundError(
        f"{command.tenant_id} has not installed {command.plugin_id}.",
        fix=f"Enable it: POST /tenants/{command.tenant_id}/plugins/{command.plugin_id}/enable.",
    )


def _payload(
    command: InvokePlugin,
    installation: Installation | None,
    state: Mapping[str, Any],
    execution_id: str,
    ports: ServingPorts,
) -> dict[str, Any]:
    """Everything that the plugin gets; it can read nothing by itself."""
    sealed = installation.sealed_secrets if installation else {}
    return {
        "operation": command.operation,
        "input": command.input,
        "tenantId": command.tenant_id,
        "environment": command.environment,
        "config": installation.config if installation else {},
        "secrets": {name: _opened(name, text, command, ports) for name, text in sealed.items()},
        "state": state,
        "executionId": execution_id,
        "traceId": command.caller.trace_id,
    }


def _read_for(command: InvokePlugin, wanted: Wanted, at: str) -> SecretsRead | None:
    """Say which secrets the plugin gets, if any."""
    names = tuple(sorted(wanted.payload["secrets"]))
    if not names:
        return None
    return SecretsRead(
        command.caller, command.tenant_id, command.plugin_id, command.environment, may_serve(wanted), names, at
    )


def _opened(name: str, kept: str, command: InvokePlugin, ports: ServingPorts) -> str:
    """Open a secret that is kept here, or read one that is referred to; the host can mend neither, its owner can."""
    if not is_reference(kept):
        return ports.secrets.unseal(kept, secret_context(command.tenant_id, command.plugin_id, name))
    try:
        return ports.references().read(command.tenant_id, kept)
    except DomainError as error:
        raise PluginFailedError(
            f"{command.plugin_id} was not called: its secret {name} can't be read where it is kept.",
            fix=f"{error.fix} PUT …/secrets/{name} checks it.",
        ) from error


def _result_of(answer: Mapping[str, Any], command: InvokePlugin, target: Target) -> Mapping[str, Any]:
    """Return the result, or turn the runtime's typed failure into ours; nothing else of the plugin gets out."""
    if answer.get("ok") is True:
        result: Mapping[str, Any] = answer["result"]
        return result
    failure = answer.get("failure", {})
    kind = str(failure.get("kind", "Unknown"))
    within = _POINTS_INTO.get(kind, "")
    errors = tuple(
        FieldError(within + error["field"], error["message"], error["fix"]) for error in failure.get("errors", ())
    )
    family: type[DomainError] = ValidationError if kind in CALLERS_FAULT else PluginFailedError
    fix = "Correct the request." if kind in CALLERS_FAULT else "Look at the plugin's logs by this traceId."
    message = failure.get("message", "the plugin failed")
    raise family(f"{command.plugin_id} {target.version} ({kind}): {message}", fix=fix, errors=errors)
