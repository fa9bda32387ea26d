"""A world, and the machines that run in it."""

from collections.abc import Iterator

import pytest

from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, machines
from tests.steps.worlds import a_world


@pytest.fixture(name="world")
def make_world() -> FakeWorld:
    return a_world()


@pytest.fixture(name="run")
def make_machines(world: FakeWorld) -> Iterator[Machines]:
    with machines(world) as running:
        yield running
