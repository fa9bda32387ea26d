"""A world, and the machines that run in it."""

from collections.abc import Iterator

import pytest

from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, machines
from tests.steps.worlds import a_world


@pytest.fixture(name="world")
def make_world() -> FakeWorld:
    return a_world()


@pytest.fixture(name="_machines", scope="module")
def make_machines() -> Iterator[Machines]:
    with machines() as running:
        yield running


@pytest.fixture(name="run")
def enter_world(_machines: Machines, world: FakeWorld) -> Iterator[Machines]:
    with _machines.inside(world):
        yield _machines
