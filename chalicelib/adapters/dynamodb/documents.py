"""From stored values to the domain, for what both the repositories and the hot path read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from sys import intern
from typing import Any

from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.routes import Route, SplitBy, Target, Variant
from chalicelib.domain.tenants import Tenant, TenantStatus, Tier

#: Attributes by name, JSON parts already parsed, absent ones left out.
Values = Mapping[str, Any]


def target_of(values: Values) -> Target:
    """Make a target, or give the one that is equal to it."""
    return _shared(Target(**{**values, "retryable": tuple(values.get("retryable", ()))}))


@lru_cache(maxsize=1_024)
def _shared(target: Target) -> Target:
    """Keep equal targets once: the pins of thousands of tenants name the same few versions."""
    return target


def _maybe_target(values: Values | None) -> Target | None:
    return target_of(values) if values else None


def route_of(values: Values) -> Route:
    """Make a route."""
    targets = {name: _maybe_target(values.get(name)) for name in ("stable", "candidate", "previous")}
    variants = tuple(Variant(**{**arm, "target": target_of(arm["target"])}) for arm in values["variants"])
    split = {"candidate_rings": tuple(values["candidate_rings"]), "split_by": SplitBy(values["split_by"])}
    blocked = tuple(values.get("blocked", ()))
    return Route(**{**values, **targets, **split, "variants": variants, "blocked": blocked})


def tenant_of(values: Values) -> Tenant:
    """Make a tenant."""
    return Tenant(**{**values, "tier": Tier(values["tier"]), "status": TenantStatus(values["status"])})


def installation_of(values: Values) -> Installation:
    """Make an installation."""
    return Installation(**{**values, "pin": pin_of(values.get("pin"))})


def pin_of(values: Values | None) -> Pin | None:
    """Make a pin, of words that are kept once for all pins; None stays None."""
    if not values:
        return None
    words = {name: intern(value) for name, value in values.items() if isinstance(value, str)}
    return Pin(**{**values, **words, "target": target_of(values["target"])})
