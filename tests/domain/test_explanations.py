"""Explanations: whatever the question, the rule that is said to match is the one that decided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.explanations import explain
from chalicelib.domain.installations import Installation
from chalicelib.domain.pins import Pin
from chalicelib.domain.resolution import Reason, resolve
from chalicelib.domain.routes import FULL_BPS, Route, SplitBy, Target, Variant
from chalicelib.domain.tenants import Tenant, TenantStatus

NOW = "2026-11-22T12:00:00.000Z"
LATER = "2026-11-23T12:00:00.000Z"
BLUE = Target("1.0.0", "v1-0-0", "1", "aa")
GREEN = Target("2.0.0", "v2-0-0", "2", "bb")
RED = Target("0.9.0", "v0-9-0", "7", "cc")
ACME = Tenant("acme", "Acme", NOW, NOW)
INSTALLED = Installation("acme", "echo", NOW, NOW)
ROUTE = Route("echo", "Production", "pepper", stable=BLUE, candidate=GREEN, candidate_bps=1_000)

targets = st.sampled_from([BLUE, GREEN, RED])
maybe_targets = st.none() | targets
shares = st.sampled_from([0, 1, 1_000, 9_999, FULL_BPS]) | st.integers(0, FULL_BPS)
routes = st.none() | st.builds(
    Route,
    plugin_id=st.just("echo"),
    environment=st.sampled_from(["Production", "QA"]),
    salt=st.text("ab", max_size=3),
    stable=maybe_targets,
    candidate=maybe_targets,
    candidate_bps=shares,
    candidate_rings=st.lists(st.sampled_from(["internal", "beta", "general"]), unique=True).map(tuple),
    variants=st.lists(
        st.builds(Variant, st.sampled_from("ab"), targets, st.integers(0, FULL_BPS // 2)), max_size=2
    ).map(tuple),
    split_by=st.sampled_from(SplitBy),
)
tenants = st.none() | st.builds(
    Tenant,
    id=st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
    name=st.just("a"),
    created_at=st.just(NOW),
    updated_at=st.just(NOW),
    ring=st.sampled_from(["internal", "beta", "general"]),
    status=st.sampled_from(TenantStatus),
)
pins = st.builds(
    Pin,
    environment=st.sampled_from(["Production", "QA"]),
    target=targets,
    reason=st.just("contract"),
    author=st.just("olga"),
    pinned_at=st.just(NOW),
    expires_at=st.none() | st.sampled_from([NOW, LATER]),
)
installations = st.none() | st.builds(
    Installation,
    tenant_id=st.just("acme"),
    plugin_id=st.just("echo"),
    created_at=st.just(NOW),
    updated_at=st.just(NOW),
    is_enabled=st.booleans(),
    pin=st.none() | pins,
)


@given(routes, tenants, installations, maybe_targets)
def test_the_rule_that_matched_is_always_the_one_that_decided(
    route: Route | None, tenant: Tenant | None, installation: Installation | None, override: Target | None
) -> None:
    explanation = explain(route, tenant, installation, now=NOW, override=override)

    decision = resolve(route, tenant, installation, now=NOW, override=override)
    assert explanation.resolution == decision
    assert [rule.rule for rule in explanation.rules] == list(Reason)
    assert [rule.rule for rule in explanation.rules if rule.matched] == [decision.reason]
    first_that_holds = next(rule for rule in explanation.rules if rule.holds)
    assert explanation.matched == first_that_holds


@pytest.mark.parametrize(
    "explanation, sentence",
    [
        (explain(ROUTE, ACME._replace(status=TenantStatus.SUSPENDED), INSTALLED, now=NOW), "acme is suspended"),
        (explain(ROUTE, ACME, None, now=NOW), "has not installed"),
        (explain(ROUTE, ACME, INSTALLED._replace(is_enabled=False), now=NOW), "has disabled"),
        (
            explain(ROUTE, ACME, INSTALLED._replace(pin=Pin("Production", RED, "audit", "olga", NOW, LATER)), now=NOW),
            "olga pinned the tenant to 0.9.0 until 2026-11-23T12:00:00.000Z: audit",
        ),
        (explain(ROUTE, ACME, INSTALLED, now=NOW, override=RED), "an override to 0.9.0"),
        (
            explain(ROUTE._replace(variants=(Variant("b", GREEN, FULL_BPS),)), ACME, INSTALLED, now=NOW),
            "in variant b (0 to 9999), which is 2.0.0",
        ),
        (explain(ROUTE._replace(candidate_rings=("general",)), ACME, INSTALLED, now=NOW), "Ring general is on"),
        (explain(ROUTE._replace(candidate_bps=FULL_BPS), ACME, INSTALLED, now=NOW), "2.0.0 has 100 %"),
        (explain(ROUTE._replace(candidate_bps=9_999), ACME, INSTALLED, now=NOW), "below 9999 (99.99 % on 2.0.0)"),
        (explain(ROUTE._replace(split_by=SplitBy.REQUEST), ACME, INSTALLED, now=NOW), "10 % of requests go to 2.0.0"),
        (explain(ROUTE._replace(candidate=None), ACME, INSTALLED, now=NOW), "1.0.0 is the stable version of"),
        (explain(None, ACME, INSTALLED, now=NOW), "Nothing is deployed"),
    ],
)
def test_the_rule_that_matched_says_why_in_a_sentence(explanation: object, sentence: str) -> None:
    assert sentence in explanation.matched.why  # type: ignore[attr-defined]


def test_a_pin_that_does_not_hold_says_why_not() -> None:
    expired = INSTALLED._replace(pin=Pin("Production", RED, "audit", "olga", NOW, NOW))
    elsewhere = INSTALLED._replace(pin=Pin("QA", RED, "audit", "olga", NOW))

    assert "expired at" in explain(ROUTE, ACME, expired, now=NOW).rules[2].why
    assert "is for QA" in explain(ROUTE, ACME, elsewhere, now=NOW).rules[2].why


def test_there_is_no_bucket_without_a_route() -> None:
    assert explain(None, ACME, INSTALLED, now=NOW).bucket is None
    assert explain(ROUTE, ACME, INSTALLED, now=NOW).bucket is not None
