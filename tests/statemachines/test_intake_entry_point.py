"""A published version whose entry point can't be called is rejected with what its developer must mend."""

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import PluginFailedError, PluginTimeoutError
from chalicelib.domain.versions import VersionStatus
from tests.fakes import FakeWorld
from tests.statemachines.machines import Machines
from tests.steps.worlds import a_package, announce, answer_badly, answer_truly, intake_given, stored_version


def _raises_at_import(world: FakeWorld) -> None:
    answer_badly(world, "1.0.0", "EntryPointFailed", "ImportError: No module named 'stripe' (echo.py, line 1)")


CASES: dict[str, tuple[Callable[[FakeWorld], None], str, str]] = {
    "raises": (_raises_at_import, "ENTRY_POINT_FAILED", "No module named 'stripe'"),
    "hangs": (
        lambda world: world.functions.fail_next("call", PluginTimeoutError("no answer in 30 s")),
        "ENTRY_POINT_TIMEOUT",
        "timeoutSeconds",
    ),
    "dies": (
        lambda world: world.functions.fail_next("call", PluginFailedError("The process ended.")),
        "ENTRY_POINT_CRASHED",
        "The process ended.",
    ),
}


@pytest.mark.parametrize("arrange, code, words", CASES.values(), ids=CASES)
def test_an_entry_point_that_does_not_import_rejects_the_version(
    arrange: Callable[[FakeWorld], None], code: str, words: str, world: FakeWorld, run: Machines
) -> None:
    announce(world, a_package())
    arrange(world)

    execution = run.run("intake", **intake_given())

    (finding,) = stored_version(world).findings
    assert execution.states[-5:] == [
        "MeasureInit",
        "IsEntryPointSound?",
        "RejectVersion",
        "HowDidItEnd?",
        "Rejected",
    ]
    assert (finding.code, finding.where) == (code, "plugin.json#/entryPoint")
    assert words in finding.message
    assert finding.fix


def test_a_version_that_runs_other_code_than_was_announced_never_becomes_ready(world: FakeWorld, run: Machines) -> None:
    announce(world, a_package())
    answer_truly(world, "1.0.0", "00" * 32)

    execution = run.run("intake", **intake_given())

    (finding,) = stored_version(world).findings
    assert execution.end == "IntakeFailed"
    assert stored_version(world).status is VersionStatus.DRAFT
    assert finding.code == "INTAKE_FAILED"
    assert "not the build that was published" in finding.message
