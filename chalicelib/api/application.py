"""
The application that the API function runs: its routes and their authorizer, but no step of a machine.

A start imports the routes that its first request needs (ADR 19). Whoever serves, describes or packages the whole API
asks for all of them: see `Api.load_all`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from chalice import Chalice

from chalicelib import cold_start
from chalicelib.api import authorizer, unknown_routes

_PLUGIN = "/v1/plugins/{plugin_id}"
_VERSION = f"{_PLUGIN}/versions/{{version}}"
_DEPLOYMENT = "/v1/deployments/{deployment_id}"
_INSTALLATION = "/v1/tenants/{tenant_id}/plugins/{plugin_id}"

#: Which module of `chalicelib.api.routes` answers the paths that begin so; of several that fit, the longest counts.
_MODULES = {
    "/health": "health",
    "/docs": "documents",
    "/v1/openapi.json": "documents",
    "/approvals": "approval_pages",
    "/v1/authentication": "authentication",
    "/v1/me": "me",
    "/v1/plugins": "plugins",
    f"{_PLUGIN}/invoke": "invocations",
    f"{_PLUGIN}/health": "plugin_health",
    f"{_PLUGIN}/health-check": "plugin_health",
    f"{_PLUGIN}/metrics": "plugin_health",
    f"{_PLUGIN}/versions": "versions",
    f"{_VERSION}/override": "overrides",
    f"{_VERSION}/deprecate": "retirements",
    f"{_VERSION}/yank": "retirements",
    f"{_VERSION}/unyank": "retirements",
    f"{_VERSION}/block": "retirements",
    "/v1/deployments": "deployments",
    f"{_DEPLOYMENT}/pause": "deployment_verbs",
    f"{_DEPLOYMENT}/resume": "deployment_verbs",
    f"{_DEPLOYMENT}/advance": "deployment_verbs",
    f"{_DEPLOYMENT}/promote": "deployment_verbs",
    f"{_DEPLOYMENT}/abort": "deployment_verbs",
    f"{_DEPLOYMENT}/rollback": "deployment_verbs",
    f"{_DEPLOYMENT}/retry": "deployment_verbs",
    f"{_DEPLOYMENT}/observations": "observations",
    f"{_DEPLOYMENT}/approve": "approvals",
    f"{_DEPLOYMENT}/reject": "approvals",
    "/v1/approvals": "approvals",
    "/v1/environments": "policies",
    "/v1/doctor": "doctor",
    "/v1/keys": "keys",
    "/v1/audit": "audit",
    "/v1/rings": "rings",
    "/v1/tenants": "tenants",
    "/v1/tenants/{tenant_id}/usage": "usage",
    "/v1/tenants/{tenant_id}/plugins": "installations",
    f"{_INSTALLATION}/config": "configurations",
    f"{_INSTALLATION}/pin": "pins",
    f"{_INSTALLATION}/effective": "effective",
}
#: Their paths do not begin with the version of the API.
_UNVERSIONED = frozenset({"health", "documents", "approval_pages"})


class Api(Chalice):
    """Chalice, but a module of routes is imported and registered when a request first asks for one of them."""

    def __init__(self) -> None:
        super().__init__("hotswap")
        self._loaded: set[str] = set()

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        """Answer an event of API Gateway's proxy integration, which names its route."""
        asked = event.get("requestContext") or {}
        path, method = asked.get("resourcePath") or "", asked.get("httpMethod") or ""
        if method in self.routes.get(path, {}):
            return self._answer(event, context)
        # What a first request makes stays as well: its models, its clients.
        with cold_start.continued():
            self._load_for(path, method)
            return self._answer(event, context)

    def load_all(self) -> Api:
        """Register every route, as whoever looks at all of them needs it; return itself."""
        for name in dict.fromkeys(_MODULES.values()):
            self._load(name)
        return self

    def _answer(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:
        answer: dict[str, Any] = super().__call__(event, context)
        return answer

    def _load_for(self, path: str, method: str) -> None:
        name = module_of(path)
        if name is not None:
            self._load(name)
        if method not in self.routes.get(path, {}):
            # The refusal tells which methods the path has, and only all routes tell that it has none.
            self.load_all()

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        module = import_module(f"chalicelib.api.routes.{name}")
        self.register_blueprint(module.blueprint, url_prefix=None if name in _UNVERSIONED else "/v1")
        self._loaded.add(name)


def module_of(path: str) -> str | None:
    """Name the module of `chalicelib.api.routes` that answers *path* (as its route writes it); None if none does."""
    fitting = [beginning for beginning in _MODULES if f"{path}/".startswith(f"{beginning}/")]
    return _MODULES[max(fitting, key=len)] if fitting else None


app = Api()

app.register_blueprint(authorizer.blueprint)
app.register_blueprint(unknown_routes.blueprint)

cold_start.finish()
