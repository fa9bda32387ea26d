"""Verdicts as they were given, in memory."""

from dataclasses import dataclass

from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.given_verdicts import GivenVerdict
from chalicelib.domain.pages import Page, PageRequest
from tests.fakes.tables import FakeTables, page_of


@dataclass
class FakeVerdicts:
    """Verdicts."""

    tables: FakeTables

    def append(self, given: GivenVerdict) -> None:
        with self.tables.lock:
            self.tables.verdicts.setdefault((given.deployment_id, given.place), given)

    def page(self, deployment_id: str, request: PageRequest) -> Page[GivenVerdict]:
        own = ((place, one) for (owner, place), one in self.tables.verdicts.items() if owner == deployment_id)
        return page_of(sorted(own, key=lambda pair: pair[0], reverse=True), request)


def require_new_verdict(tables: FakeTables, given: GivenVerdict) -> None:
    """Raise if there is one in its place."""
    if (given.deployment_id, given.place) in tables.verdicts:
        raise StaleRevisionError("Somebody else gave it in between.", fix="Read it again.")
