import pytest

from chalicelib.domain.measurements import Histogram, Outcomes
from chalicelib.domain.sides import Counted
from chalicelib.domain.tallies import SLOT_SECONDS
from chalicelib.domain.warm_ups import FEWEST_CONTAINERS, MOST_CONTAINERS, containers_for


def counted(slot: int, each_second: float, milliseconds: float, version: str = "1.0.0") -> Counted:
    requests = int(each_second * SLOT_SECONDS)
    return Counted(slot, version, Outcomes(requests, 0, Histogram.of_durations([milliseconds] * requests)))


@pytest.mark.parametrize(
    "each_second, milliseconds, containers",
    [(0.01, 5, FEWEST_CONTAINERS), (1, 60, FEWEST_CONTAINERS), (2, 500, 5), (10, 200, 7), (100, 400, MOST_CONTAINERS)],
)
def test_containers_are_as_many_as_requests_are_under_way_at_once(
    each_second: float, milliseconds: float, containers: int
) -> None:
    assert containers_for([counted(7, each_second, milliseconds)]) == containers


def test_without_counts_there_are_the_fewest() -> None:
    assert containers_for([]) == FEWEST_CONTAINERS


def test_the_busiest_piece_of_time_decides_with_the_calls_of_all_versions() -> None:
    quiet, busy = counted(7, 1, 100), [counted(8, 5, 200, version) for version in ("1.0.0", "2.0.0")]

    assert containers_for([quiet, *busy, quiet._replace(slot=9)]) == 7


def test_one_call_that_took_for_ever_is_no_reason_to_start_many() -> None:
    row = Counted(7, "1.0.0", Outcomes(1, 0, Histogram.of_durations([10_000_000.0])))

    assert containers_for([row]) == 3
