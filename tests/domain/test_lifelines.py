"""Each status that is not final has an owner, a deadline and what happens then, in the code and in the runbook."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.lifelines import LIFELINES, MACHINE_SECONDS, QUEUED, lifeline_of
from tests.contracts.things import a_deployment

ROOT = Path(__file__).parents[2]
LIVE = [status for status in DeploymentStatus if not status.is_final]


def test_every_status_that_is_not_final_has_a_lifeline_and_no_other_has() -> None:
    assert set(LIFELINES) == {QUEUED, *LIVE}


@pytest.mark.parametrize("name", LIFELINES)
def test_every_lifeline_has_an_owner_a_deadline_and_what_happens_then(name: str) -> None:
    lifeline = LIFELINES[name]

    assert lifeline.owner
    assert lifeline.deadline
    assert lifeline.then
    assert 0 < lifeline.seconds <= MACHINE_SECONDS


def test_the_machine_ends_when_it_is_said_to() -> None:
    machine = json.loads((ROOT / "statemachines/deployment.asl.json").read_text())

    assert machine["TimeoutSeconds"] == MACHINE_SECONDS


def test_the_runbook_has_the_same_table() -> None:
    text = (ROOT / "docs/runbook.md").read_text()
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| (\w[^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE)
    }

    assert {name: rows.get(name) for name in LIFELINES} == {
        name: (one.owner, one.deadline, one.then) for name, one in LIFELINES.items()
    }


def test_a_queued_one_waits_for_its_turn_and_one_that_has_ended_for_nothing() -> None:
    deployment = a_deployment()

    assert lifeline_of(deployment) is LIFELINES[deployment.status]
    assert lifeline_of(replace(deployment, is_queued=True)) is LIFELINES[QUEUED]
    with pytest.raises(KeyError):
        lifeline_of(deployment.end(DeploymentStatus.FAILED, "it failed", "2026-11-22T15:00:00.000Z"))
