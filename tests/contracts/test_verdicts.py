"""Contract of verdicts: each is kept as it was given, with what follows from it or alone, and listed by time."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.ports import Ports
from tests.contracts.things import a_deployment, a_record

SEEN = Verdict(
    Outcome.INCONCLUSIVE,
    "3 of 50 requests that a pass needs",
    rule="minimum requests",
    query="requests of the candidate",
    window="since 2026-11-22T15:00:00.000Z",
    unit="requests",
    n=3,
    value=3.0,
    low=0.5,
    high=9.25,
    threshold=50.0,
    evidence=1.5,
    signals=(Verdict(Outcome.PASS, "it answered as it should", n=1),),
)


def given(second: int, verdict: Verdict = SEEN, consequence: Consequence = Consequence.NONE) -> GivenVerdict:
    return GivenVerdict.on(a_deployment(), 0, verdict, f"2026-11-22T15:00:{second:02d}.000Z", consequence)


def all_of(ports: Ports, limit: int = 100) -> list[GivenVerdict]:
    found: list[GivenVerdict] = []
    position = None
    while True:
        page = ports.verdicts.page(a_deployment().id, PageRequest(limit, position))
        found += page.items
        position = page.next_position
        if position is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_verdicts_are_listed_whole_and_newest_first_page_by_page(ports: Ports, limit: int) -> None:
    for second in (2, 1, 3):
        ports.verdicts.append(given(second))
    ports.verdicts.append(replace(given(1), deployment_id="dep_other"))
    ports.verdicts.append(replace(given(0), attempt=2))

    assert all_of(ports, limit) == [replace(given(0), attempt=2), given(3), given(2), given(1)]


def test_a_verdict_that_was_given_is_never_overwritten(ports: Ports) -> None:
    ports.verdicts.append(given(1))
    ports.verdicts.append(given(1, Verdict(Outcome.PASS, "somebody would like it better")))

    assert all_of(ports) == [given(1)]


def test_a_verdict_is_written_with_what_follows_from_it_or_not_at_all(ports: Ports) -> None:
    deployment = a_deployment()
    ports.deployments.create(deployment, None, a_record(), now=ports.clock.now())
    completing = given(1, consequence=Consequence.COMPLETE)

    ports.deployments.commit(deployment, a_record(), verdict=completing)
    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(deployment, a_record(), verdict=given(2))
    with pytest.raises(StaleRevisionError):
        ports.deployments.commit(replace(deployment, revision=1), a_record(), verdict=completing)

    assert all_of(ports) == [completing]
    assert ports.deployments.get(deployment.id).revision == 1
