"""Rings: their order, and who counts with which."""

from chalicelib.domain.rings import count_by_ring


def test_tenants_are_counted_by_ring_in_the_order_of_risk() -> None:
    tenants = [("a", "general"), ("b", "beta"), ("c", "general")]

    assert list(count_by_ring(("internal", "beta", "general"), tenants).items()) == [
        ("internal", 0),
        ("beta", 1),
        ("general", 2),
    ]


def test_a_tenant_of_a_ring_that_went_counts_with_the_most_careful() -> None:
    assert count_by_ring(("beta", "general"), [("a", "gone"), ("b", "beta")]) == {"beta": 1, "general": 1}
