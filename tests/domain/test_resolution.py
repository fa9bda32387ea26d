"""Which version serves a tenant: deterministic, monotonic, exact at the ends, fair, and never a surprise."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.resolution import Reason, Resolution, bucket_of, resolve
from chalicelib.domain.routes import FULL_BPS, Route, SplitBy, Target, Variant
from chalicelib.domain.tenants import Tenant, TenantStatus

NOW = "2026-11-22T12:00:00.000Z"
BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
RED = Target("0.9.0", "v0-9-0", "7", "cc")
EVERYBODY = (Variant("a", GREEN, FULL_BPS),)
ROUTE = Route("echo", "Production", salt="pepper", stable=BLUE, candidate=GREEN, candidate_bps=1_000)
ACME = Tenant("acme", "Acme", NOW, NOW)
INSTALLED = Installation("acme", "echo", NOW, NOW)

tenant_ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
shares = st.integers(min_value=0, max_value=FULL_BPS)


def served(tenant_id: str, share_bps: int) -> Resolution:
    """Resolve an installed tenant at a share of the candidate."""
    tenant = ACME._replace(id=tenant_id)
    return resolve(ROUTE._replace(candidate_bps=share_bps), tenant, INSTALLED._replace(tenant_id=tenant_id), now=NOW)


@pytest.mark.parametrize(
    "route, tenant, installation, reason",
    [
        (ROUTE, ACME._replace(status=TenantStatus.SUSPENDED), INSTALLED, Reason.BLOCKED),
        (None, ACME._replace(status=TenantStatus.SUSPENDED), None, Reason.BLOCKED),
        (ROUTE, None, INSTALLED, Reason.NOT_INSTALLED),
        (ROUTE, ACME, None, Reason.NOT_INSTALLED),
        (ROUTE, ACME, INSTALLED._replace(is_enabled=False), Reason.NOT_INSTALLED),
        (None, ACME, INSTALLED, Reason.NOT_DEPLOYED),
        (ROUTE._replace(stable=None, candidate_bps=0), ACME, INSTALLED, Reason.NOT_DEPLOYED),
    ],
)
def test_nobody_serves_when_a_rule_says_so_and_the_reason_tells_which(
    route: Route | None, tenant: Tenant | None, installation: Installation | None, reason: Reason
) -> None:
    assert resolve(route, tenant, installation, now=NOW) == Resolution(None, reason)


@given(tenant_ids, shares)
def test_the_same_question_has_the_same_answer(tenant_id: str, share_bps: int) -> None:
    assert served(tenant_id, share_bps) == served(tenant_id, share_bps)


@given(tenant_ids, shares, shares)
def test_r20_raising_the_share_never_moves_a_tenant_back(tenant_id: str, one: int, other: int) -> None:
    lower, higher = sorted((one, other))

    if served(tenant_id, lower).target == GREEN:
        assert served(tenant_id, higher).target == GREEN


@given(tenant_ids)
def test_r20_no_share_and_the_full_share_are_exact(tenant_id: str) -> None:
    assert served(tenant_id, 0) == Resolution(BLUE, Reason.STABLE)
    assert served(tenant_id, FULL_BPS) == Resolution(GREEN, Reason.CANARY)


PIN = Pin("Production", RED, "contract says so", "olga", NOW)


@pytest.mark.parametrize(
    "pin,served_by",
    [
        (PIN, Resolution(RED, Reason.PIN)),
        (PIN._replace(expires_at="2026-11-22T12:00:00.001Z"), Resolution(RED, Reason.PIN)),
        (PIN._replace(expires_at=NOW), Resolution(BLUE, Reason.STABLE)),
        (PIN._replace(environment="QA"), Resolution(BLUE, Reason.STABLE)),
    ],
)
def test_a_pin_holds_its_tenant_in_its_environment_until_it_expires(pin: Pin, served_by: Resolution) -> None:
    installation = INSTALLED._replace(pin=pin)

    assert resolve(ROUTE._replace(candidate_bps=0), ACME, installation, now=NOW) == served_by


@given(tenant_ids, shares)
def test_a_pinned_tenant_never_moves_by_accident(tenant_id: str, share_bps: int) -> None:
    route = ROUTE._replace(candidate_bps=share_bps, candidate_rings=("general",), variants=EVERYBODY)
    tenant = ACME._replace(id=tenant_id)

    decision = resolve(route, tenant, INSTALLED._replace(pin=PIN), now=NOW, override=GREEN)

    assert decision == Resolution(RED, Reason.PIN)


def test_the_rules_come_in_the_order_of_the_contract() -> None:
    route = ROUTE._replace(candidate_bps=FULL_BPS, candidate_rings=("general",), variants=EVERYBODY)
    pinned = INSTALLED._replace(pin=PIN)
    suspended = ACME._replace(status=TenantStatus.SUSPENDED)

    reasons = [
        resolve(route, suspended, pinned, now=NOW, override=GREEN).reason,
        resolve(route, ACME, None, now=NOW, override=GREEN).reason,
        resolve(route, ACME, pinned, now=NOW, override=GREEN).reason,
        resolve(route, ACME, INSTALLED, now=NOW, override=GREEN).reason,
        resolve(route, ACME, INSTALLED, now=NOW).reason,
        resolve(route._replace(variants=()), ACME, INSTALLED, now=NOW).reason,
        resolve(route._replace(variants=(), candidate_rings=()), ACME, INSTALLED, now=NOW).reason,
        resolve(route._replace(variants=(), candidate_rings=(), candidate_bps=0), ACME, INSTALLED, now=NOW).reason,
    ]

    assert reasons == [reason for reason in Reason if reason is not Reason.NOT_DEPLOYED]


def test_an_override_reaches_a_version_that_nobody_else_gets() -> None:
    route = ROUTE._replace(candidate_bps=0)

    assert resolve(route, ACME, INSTALLED, now=NOW, override=RED) == Resolution(RED, Reason.OVERRIDE)


def test_a_ring_is_on_the_candidate_at_any_share_and_other_rings_are_not() -> None:
    route = ROUTE._replace(candidate_bps=0, candidate_rings=("internal", "beta"))

    assert resolve(route, ACME._replace(ring="beta"), INSTALLED, now=NOW) == Resolution(GREEN, Reason.RING)
    assert resolve(route, ACME, INSTALLED, now=NOW) == Resolution(BLUE, Reason.STABLE)


@given(tenant_ids)
def test_an_experiment_keeps_each_tenant_on_one_variant_and_the_rest_on_stable(tenant_id: str) -> None:
    arms = (Variant("a", BLUE, 2_000), Variant("b", GREEN, 3_000))
    route = ROUTE._replace(candidate=None, candidate_bps=0, variants=arms)

    decision = resolve(route, ACME._replace(id=tenant_id), INSTALLED, now=NOW)

    bucket = bucket_of("echo", "pepper", tenant_id)
    expected = Resolution(BLUE, Reason.EXPERIMENT) if bucket < 2_000 else Resolution(GREEN, Reason.EXPERIMENT)
    assert decision == (expected if bucket < 5_000 else Resolution(BLUE, Reason.STABLE))


def test_a_split_by_request_is_left_to_the_alias_except_at_the_ends() -> None:
    route = ROUTE._replace(split_by=SplitBy.REQUEST)

    assert resolve(route, ACME, INSTALLED, now=NOW) == Resolution(BLUE, Reason.CANARY, by_request=True)
    assert not resolve(route._replace(candidate_bps=0), ACME, INSTALLED, now=NOW).by_request
    assert not resolve(route._replace(candidate_bps=FULL_BPS), ACME, INSTALLED, now=NOW).by_request


def test_ten_percent_of_many_tenants_are_ten_percent_within_four_sigma() -> None:
    tenants = 100_000

    on_candidate = sum(bucket_of("echo", "pepper", f"tenant-{number}") < 1_000 for number in range(tenants))

    sigma = (tenants * 0.1 * 0.9) ** 0.5
    assert abs(on_candidate - tenants * 0.1) < 4 * sigma


def test_no_tenant_is_always_the_guinea_pig_of_every_plugin() -> None:
    first = {number for number in range(10_000) if bucket_of("echo", "a", f"tenant-{number}") < 1_000}
    second = {number for number in range(10_000) if bucket_of("tax", "b", f"tenant-{number}") < 1_000}

    assert 60 < len(first & second) < 140  # 100 expected, sigma 9.5: the linear CRC-32 reached 186


def test_a_bucket_never_changes_between_releases() -> None:
    assert bucket_of("payment-processor-stripe", "pepper", "acme") == 2_518


def test_a_route_that_was_written_anew_is_decided_anew() -> None:
    before = ROUTE._replace(candidate_bps=0)
    assert resolve(before, ACME, INSTALLED, now=NOW) == Resolution(BLUE, Reason.STABLE)

    after = before.shift(FULL_BPS, fence=0)

    assert resolve(after, ACME, INSTALLED, now=NOW) == Resolution(GREEN, Reason.CANARY)
    assert resolve(before, ACME, INSTALLED, now=NOW) == Resolution(BLUE, Reason.STABLE)


def test_a_decision_leaves_no_trace_in_what_is_stored_or_compared() -> None:
    asked, unasked = ROUTE._replace(), ROUTE._replace()

    resolve(asked, ACME, INSTALLED, now=NOW)

    assert asked == unasked
    assert asked._asdict() == unasked._asdict()
    assert repr(asked) == repr(unasked)


TARGETS = (BLUE, GREEN, RED)
NOBODY = Resolution(None, Reason.NOT_DEPLOYED)


def by_the_contract(
    route: Route | None, tenant: Tenant | None, installation: Installation | None, override: Target | None
) -> Resolution:
    """Decide rule by rule, as CONTRACT §5 has them; nothing is remembered, nothing worked out before."""
    if tenant is None or installation is None:
        is_suspended = tenant is not None and tenant.status is TenantStatus.SUSPENDED
        return Resolution(None, Reason.BLOCKED if is_suspended else Reason.NOT_INSTALLED)
    if tenant.status is TenantStatus.SUSPENDED:
        return Resolution(None, Reason.BLOCKED)
    if not installation.is_enabled:
        return Resolution(None, Reason.NOT_INSTALLED)
    pin, blocked = installation.pin, route.blocked if route else ()
    if pin and route and pin.holds(route.environment, NOW) and pin.target.version not in blocked:
        return Resolution(pin.target, Reason.PIN)
    if override and override.version not in blocked:
        return Resolution(override, Reason.OVERRIDE)
    return split_of(route, tenant) if route else NOBODY


def split_of(route: Route, tenant: Tenant) -> Resolution:
    """Decide by the route alone: experiment, ring, canary, stable."""
    digest = hashlib.blake2b(f"{route.plugin_id}:{route.salt}:{tenant.id}".encode(), digest_size=8).digest()
    bucket, begins = int.from_bytes(digest, "big") % 10_000, 0
    for variant in route.variants:
        if begins <= bucket < begins + variant.share_bps:
            return Resolution(variant.target, Reason.EXPERIMENT)
        begins += variant.share_bps
    if route.candidate is None:
        return Resolution(route.stable, Reason.STABLE) if route.stable else NOBODY
    if tenant.ring in route.candidate_rings:
        return Resolution(route.candidate, Reason.RING)
    is_split = 0 < route.candidate_bps < FULL_BPS
    if is_split and route.split_by is SplitBy.REQUEST and route.stable:
        return Resolution(route.stable, Reason.CANARY, by_request=True)
    if bucket < route.candidate_bps:
        return Resolution(route.candidate, Reason.CANARY)
    return Resolution(route.stable, Reason.STABLE) if route.stable else NOBODY


maybe_targets = st.none() | st.sampled_from(TARGETS)
parts = st.lists(st.builds(Variant, st.just("a"), st.sampled_from(TARGETS), st.integers(0, 3_000)), max_size=3)
some_shares = st.sampled_from([0, 1, 1_000, 5_000, 9_999, FULL_BPS]) | shares
rings_of_candidate = st.lists(st.sampled_from(["internal", "beta", "general"]), max_size=2)
some_routes = st.builds(
    Route,
    plugin_id=st.sampled_from(["echo", "tax"]),
    environment=st.just("Production"),
    salt=st.sampled_from(["pepper", "salt", ""]),
    stable=maybe_targets,
    candidate=maybe_targets,
    candidate_bps=some_shares,
    candidate_rings=rings_of_candidate.map(tuple),
    variants=st.just(()) | parts.map(tuple),
    split_by=st.sampled_from(SplitBy),
    blocked=st.lists(st.sampled_from([target.version for target in TARGETS]), max_size=2).map(tuple),
)
some_pins = st.builds(
    PIN._replace,
    environment=st.sampled_from(["Production", "QA"]),
    target=st.sampled_from(TARGETS),
    expires_at=st.sampled_from([None, NOW, "2026-11-22T12:00:00.001Z"]),
)
some_installations = st.builds(
    INSTALLED._replace, is_enabled=st.sampled_from([True, True, False]), pin=st.none() | some_pins
)


@settings(max_examples=600)
@given(
    st.none() | some_routes,
    st.lists(tenant_ids, min_size=1, max_size=8),
    st.sampled_from(["internal", "beta", "general"]),
    st.sampled_from([*TenantStatus, TenantStatus.ACTIVE, None]),
    st.none() | some_installations,
    maybe_targets,
)
def test_whatever_is_remembered_of_a_route_every_answer_is_that_of_the_rules(
    route: Route | None,
    ids: list[str],
    ring: str,
    status: TenantStatus | None,
    installation: Installation | None,
    override: Target | None,
) -> None:
    for tenant_id in ids:
        tenant = ACME._replace(id=tenant_id, ring=ring, status=status) if status else None

        assert resolve(route, tenant, installation, NOW, override) == by_the_contract(
            route, tenant, installation, override
        )
