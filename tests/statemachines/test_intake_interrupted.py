"""An intake that was cut short is taken up again, and one that is started twice runs once."""

import pytest

from chalicelib.domain.versions import VersionStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines, handlers
from tests.steps.worlds import PLUGIN, a_package, announce, intake_given, stored_version
from tests.steps.worlds import run as run_step

ORDER = ["verify_package", "publish_version", "measure_init", "mark_ready"]


@pytest.mark.parametrize("done", range(1, len(ORDER) + 1))
def test_an_intake_that_was_interrupted_ends_ready_when_it_runs_again(
    done: int, world: FakeWorld, run: Machines
) -> None:
    announce(world, a_package())
    for name in ORDER[:done]:
        run_step(handlers()[name], world.ports, **intake_given())

    execution = run.run("intake", name="again", **intake_given())

    assert execution.end == "Ready"
    assert stored_version(world).status is VersionStatus.READY
    assert len(world.functions.functions[PLUGIN].published) == 1


def test_an_intake_that_is_started_twice_runs_once(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())

    first = run.run("intake", name="echo-v1-0-0", **intake_given())
    second = run.run("intake", name="echo-v1-0-0", **intake_given())

    assert first == second
    assert run.functions.called == ORDER
