"""Blueprints: one authorizer for every route, unless a route says that it is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalice import Blueprint

from chalicelib.api.authorizer import verify_token


class ApiBlueprint(Blueprint):
    """
    A Blueprint whose routes need a token by default: forgetting the authorizer can't open one.

    The authorizer is one object for all Blueprints; Chalice fills in its configuration when the
    authorizer's own Blueprint is registered.
    """

    def route(self, path: str, **options: Any) -> Callable[..., Any]:  # noqa: ANN401 (Chalice's own signature)
        """Register a route; ``authorizer=None`` opens it to everyone."""
        return super().route(path, **{"authorizer": verify_token, **options})
