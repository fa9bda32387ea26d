"""Explanations: every rule of the resolution in its order, what it said of one tenant, and which one matched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.domain.resolution import Reason, Resolution, bucket_of, resolve
from chalicelib.domain.routes import FULL_BPS, Route, SplitBy, Target
from chalicelib.domain.tenants import Tenant, TenantStatus

if TYPE_CHECKING:
    from chalicelib.domain.installations import Installation


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: does it hold for this tenant, is it the first that does, and why or why not, in a sentence."""

    rule: Reason
    holds: bool
    why: str
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    A decision with all that led to it.

    *bucket* (0 to 9,999) is None where there is no route to be split. Exactly one of *rules* has matched, the one
    that *resolution* names.
    """

    resolution: Resolution
    bucket: int | None
    rules: tuple[Rule, ...]

    @property
    def matched(self) -> Rule:
        """The rule that decided."""
        return next(rule for rule in self.rules if rule.matched)


def explain(
    route: Route | None,
    tenant: Tenant | None,
    installation: Installation | None,
    *,
    now: str,
    override: Target | None = None,
) -> Explanation:
    """Say of each rule whether it holds, and decide as `resolve` does, whose arguments these are."""
    bucket = bucket_of(route.plugin_id, route.salt, tenant.id) if route and tenant else None
    resolution = resolve(route, tenant, installation, now=now, override=override)
    rules = (
        _blocked(tenant),
        _not_installed(tenant, installation),
        _pin(route, installation, now),
        _override(route, override),
        _experiment(route, bucket),
        _ring(route, tenant),
        _canary(route, bucket),
        _stable(route),
        _not_deployed(route),
    )
    return Explanation(resolution, bucket, tuple(_marked(rule, resolution.reason) for rule in rules))


def _yes(rule: Reason, why: str) -> Rule:
    return Rule(rule, holds=True, why=why)


def _no(rule: Reason, why: str) -> Rule:
    return Rule(rule, holds=False, why=why)


def _marked(rule: Rule, reason: Reason) -> Rule:
    return replace(rule, matched=rule.rule is reason)


def _blocked(tenant: Tenant | None) -> Rule:
    if tenant is not None and tenant.status is TenantStatus.SUSPENDED:
        return _yes(Reason.BLOCKED, f"{tenant.id} is suspended: nothing serves it.")
    return _no(Reason.BLOCKED, "The tenant is not suspended.")


def _not_installed(tenant: Tenant | None, installation: Installation | None) -> Rule:
    if tenant is None or installation is None:
        return _yes(Reason.NOT_INSTALLED, "The tenant has not installed the plugin.")
    if not installation.is_enabled:
        return _yes(Reason.NOT_INSTALLED, "The tenant has disabled the plugin.")
    return _no(Reason.NOT_INSTALLED, "The plugin is installed and enabled.")


def _pin(route: Route | None, installation: Installation | None, now: str) -> Rule:
    pin = installation.pin if installation else None
    if pin is None:
        return _no(Reason.PIN, "The tenant is not pinned.")
    if route is None or pin.environment != route.environment:
        return _no(Reason.PIN, f"The pin to {pin.target.version} is for {pin.environment}.")
    if not pin.holds(route.environment, now):
        return _no(Reason.PIN, f"The pin to {pin.target.version} expired at {pin.expires_at}.")
    if pin.target.version in route.blocked:
        return _no(Reason.PIN, f"The pin to {pin.target.version} holds no more: that version is blocked.")
    until = f" until {pin.expires_at}" if pin.expires_at else ""
    return _yes(Reason.PIN, f"{pin.author} pinned the tenant to {pin.target.version}{until}: {pin.reason}")


def _override(route: Route | None, override: Target | None) -> Rule:
    if override is None:
        return _no(Reason.OVERRIDE, "The request carries no override.")
    if route is not None and override.version in route.blocked:
        return _no(Reason.OVERRIDE, f"The override to {override.version} holds no more: that version is blocked.")
    return _yes(Reason.OVERRIDE, f"The request carries an override to {override.version}.")


def _experiment(route: Route | None, bucket: int | None) -> Rule:
    if route is None or not route.variants or bucket is None:
        return _no(Reason.EXPERIMENT, "No experiment is running.")
    upper = 0
    for variant in route.variants:
        lower, upper = upper, upper + variant.share_bps
        if lower <= bucket < upper:
            why = f"Bucket {bucket} is in variant {variant.name} ({lower} to {upper - 1}), which is"
            return _yes(Reason.EXPERIMENT, f"{why} {variant.target.version}.")
    return _no(Reason.EXPERIMENT, f"Bucket {bucket} is not below {upper}: it takes no part in the experiment.")


def _ring(route: Route | None, tenant: Tenant | None) -> Rule:
    if route is None or route.candidate is None or tenant is None or not route.candidate_rings:
        return _no(Reason.RING, "No ring is on a candidate.")
    rings = ", ".join(route.candidate_rings)
    if tenant.ring in route.candidate_rings:
        return _yes(Reason.RING, f"Ring {tenant.ring} is on the candidate {route.candidate.version}.")
    return _no(Reason.RING, f"Ring {tenant.ring} is not among those on the candidate ({rings}).")


def _canary(route: Route | None, bucket: int | None) -> Rule:
    if route is None or route.candidate is None or bucket is None:
        return _no(Reason.CANARY, "No candidate is being tried.")
    version, share_bps = route.candidate.version, route.candidate_bps
    if share_bps == FULL_BPS:
        return _yes(Reason.CANARY, f"The candidate {version} has 100 %.")
    if share_bps == 0:
        return _no(Reason.CANARY, f"The candidate {version} has 0 %.")
    if route.split_by is SplitBy.REQUEST and route.stable is not None:
        return _yes(Reason.CANARY, f"{share_bps / 100:g} % of requests go to {version}, drawn anew for each.")
    share = f"{share_bps} ({share_bps / 100:g} % on {version})"
    if bucket < share_bps:
        return _yes(Reason.CANARY, f"Bucket {bucket} is below {share}.")
    return _no(Reason.CANARY, f"Bucket {bucket} is not below {share}.")


def _stable(route: Route | None) -> Rule:
    if route is None or route.stable is None:
        return _no(Reason.STABLE, "There is no stable version yet.")
    return _yes(Reason.STABLE, f"{route.stable.version} is the stable version of {route.environment}.")


def _not_deployed(route: Route | None) -> Rule:
    if route is None or route.stable is None:
        return _yes(Reason.NOT_DEPLOYED, "Nothing is deployed that could serve this tenant.")
    return _no(Reason.NOT_DEPLOYED, "Something is deployed.")
