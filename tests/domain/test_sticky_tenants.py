"""Sticky tenants fail unequally, for ever: their own past tells it from a bad version."""

from __future__ import annotations

import pytest

from tests.canaries import Canary, by_tenants, chance, share_rolled_back

#: What the product promises: at most so many good versions are rolled back over 30 looks.
MOST = 0.03


@pytest.mark.parametrize("base", [0.001, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("requests", [10, 100, 1_000])
@pytest.mark.parametrize("alikeness", [None, 20, 5])
def test_sticky_tenants_who_always_failed_more_are_no_evidence(
    base: float, requests: int, alikeness: float | None
) -> None:
    source = chance(6)

    share = share_rolled_back(
        (by_tenants(source, base=base, alikeness=alikeness, requests=requests) for _ in range(200)),
        source,
    )

    assert share <= MOST


@pytest.mark.parametrize("alikeness", [20, 5])
def test_a_history_shorter_than_the_canary_is_trusted_less(alikeness: float) -> None:
    source = chance(7)

    share = share_rolled_back(
        (by_tenants(source, base=0.05, alikeness=alikeness, requests=1_000, looks_before=5) for _ in range(300)), source
    )

    assert share <= MOST


@pytest.mark.parametrize("alikeness", [20, 5])
def test_five_times_the_errors_are_found_among_unequal_tenants(alikeness: float) -> None:
    source = chance(8)

    share = share_rolled_back(
        (by_tenants(source, base=0.01, alikeness=alikeness, requests=1_000, times_worse=5) for _ in range(150)),
        source,
    )

    assert share >= 0.9


def test_without_their_history_unequal_tenants_would_be_taken_for_a_bad_version() -> None:
    source = chance(9)
    canaries = [by_tenants(source, base=0.05, alikeness=5, requests=1_000) for _ in range(100)]

    naive = share_rolled_back(
        (Canary(c.candidate_rate, c.stable_rate, c.candidate_requests, c.stable_requests) for c in canaries),
        source,
    )

    assert naive > 3 * MOST
