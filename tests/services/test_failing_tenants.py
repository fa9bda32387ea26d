"""Whom a container counts one by one: those who fail, and so that no count looks worse than the truth."""

from chalicelib.services.failing_tenants import MAX_WATCHED, FailingTenants
from tests.canaries import chance


def test_who_never_fails_is_not_counted() -> None:
    failing: FailingTenants[str] = FailingTenants()

    for _ in range(100):
        failing.note("acme", has_failed=False)

    assert failing.take() == {}


def test_a_tenant_is_counted_from_after_its_first_failure_on() -> None:
    failing: FailingTenants[str] = FailingTenants()

    for has_failed in (False, True, True, False, True):
        failing.note("acme", has_failed=has_failed)

    assert failing.take() == {"acme": {"requests": 3, "failures": 2}}
    assert failing.take() == {}
    failing.note("acme", has_failed=False)
    assert failing.take() == {"acme": {"requests": 1, "failures": 0}}


def test_so_many_are_watched_and_no_more_those_who_failed_last() -> None:
    failing: FailingTenants[int] = FailingTenants()
    for tenant in range(MAX_WATCHED + 1):
        failing.note(tenant, has_failed=True)

    for tenant in range(MAX_WATCHED + 1):
        failing.note(tenant, has_failed=False)

    assert set(failing.take()) == set(range(1, MAX_WATCHED + 1))


def test_what_is_counted_in_many_containers_is_the_true_rate() -> None:
    """Failures alone, with the calls of the containers that saw one, would be several times the truth."""
    source = chance(3)
    requests = failures = 0

    for _ in range(2_000):
        failing: FailingTenants[str] = FailingTenants()
        for _ in range(20):
            failing.note("acme", has_failed=source.random() < 0.1)
        counted = failing.take().get("acme", {})
        requests, failures = requests + counted.get("requests", 0), failures + counted.get("failures", 0)

    assert requests > 10_000
    assert 0.09 < failures / requests < 0.11
