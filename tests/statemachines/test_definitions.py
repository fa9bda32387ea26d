"""The machines as texts: complete, alike in what must be alike, and described by their README."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from chalicelib.domain.plans import StepKind
from chalicelib.services.versions import INTAKE_LIFETIME
from chalicelib.steps.take_step import NONE_LEFT, RUNNABLE
from tests.statemachines.machines import MACHINES, ROOT, definition, handlers, tasks

NAMES = ["intake", "deployment"]
RETRY = [
    {
        "ErrorEquals": [
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.TooManyRequestsException",
            "TransientError",
        ],
        "IntervalSeconds": 1,
        "BackoffRate": 2,
        "MaxDelaySeconds": 20,
        "MaxAttempts": 8,
        "JitterStrategy": "FULL",
    }
]
COMPENSATIONS = {"intake": "RejectVersion", "deployment": "RollBack"}
ROW = re.compile(r"^\| (\w+) \| `(\w+)` \| `(\w+)` \| `\$\{(\w+)\}` \| `(\$\.\w+)` \|$", re.MULTILINE)


def function_of(state: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", state).lower()


def followers(state: dict[str, Any]) -> Iterator[str]:
    for place in (state, *state.get("Catch", []), *state.get("Choices", [])):
        if "Next" in place:
            yield place["Next"]
    if "Default" in state:
        yield state["Default"]


def every_task() -> list[tuple[str, str, dict[str, Any]]]:
    return [(machine, name, state) for machine in NAMES for name, state in tasks(machine).items()]


@pytest.mark.parametrize("machine", NAMES)
def test_every_state_can_be_reached_and_every_next_exists(machine: str) -> None:
    asl = definition(machine)
    reached, ahead = set(), [asl["StartAt"]]

    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += followers(asl["States"][name])

    assert reached == set(asl["States"])


@pytest.mark.parametrize("machine", NAMES)
def test_every_machine_has_a_limit_and_tells_how_its_time_is_spent(machine: str) -> None:
    asl = definition(machine)

    limits = [state["TimeoutSeconds"] for state in tasks(machine).values()]
    loop_again = 3 * tasks(machine).get("TakeStep", {"TimeoutSeconds": 0})["TimeoutSeconds"]
    retries = 9 * max(limits) + 91

    assert sum(limits) + loop_again + retries < asl["TimeoutSeconds"] == 3600
    assert "Time:" in asl["Comment"]
    assert "QueryLanguage" not in asl
    assert all(state["Comment"].endswith(".") for state in asl["States"].values())


@pytest.mark.parametrize("machine, name, state", every_task())
def test_every_task_has_a_limit_the_one_retry_and_a_catch_for_everything(
    machine: str, name: str, state: dict[str, Any]
) -> None:
    (catch,) = state["Catch"]

    assert state["Resource"] == f"${{{name}Arn}}"
    assert 0 < state["TimeoutSeconds"] < 900
    assert state["Retry"] == RETRY
    assert (catch["ErrorEquals"], catch["ResultPath"]) == (["States.ALL"], "$.error")
    assert name == COMPENSATIONS[machine] or catch["Next"] == COMPENSATIONS[machine]


@pytest.mark.parametrize("machine", NAMES)
def test_no_task_writes_over_the_result_of_another_or_over_the_input(machine: str) -> None:
    paths = [state["ResultPath"] for state in tasks(machine).values()]

    assert len({*paths, "$.error", "$.plugin_id", "$.version", "$.deployment_id", "$.trace_id"}) == len(paths) + 5


@pytest.mark.parametrize("machine", NAMES)
def test_choices_are_questions_and_never_lead_nowhere(machine: str) -> None:
    choices = {name: one for name, one in definition(machine)["States"].items() if one["Type"] == "Choice"}

    assert all(name.endswith("?") and "Default" in one for name, one in choices.items())


@pytest.mark.parametrize("machine", NAMES)
def test_whatever_compensates_is_tried_again_until_it_worked(machine: str) -> None:
    states = definition(machine)["States"]
    compensation = COMPENSATIONS[machine]

    rest = states[compensation]["Catch"][0]["Next"]

    assert (states[rest]["Type"], states[rest]["Next"]) == ("Wait", compensation)


def test_the_loop_has_a_state_for_every_kind_that_a_step_may_have() -> None:
    question = definition("deployment")["States"]["WhichStep?"]

    kinds = {choice["StringEquals"] for choice in question["Choices"]}

    assert kinds == {*RUNNABLE, NONE_LEFT}
    assert set(StepKind) >= RUNNABLE
    assert question["Default"] == "RollBack"


def test_every_step_is_a_state_and_every_state_a_step_of_the_same_name() -> None:
    states = {function_of(name) for _, name, _ in every_task()}

    assert states == set(handlers())


def test_every_step_is_deployed_as_the_function_of_its_own_module() -> None:
    application = import_module("app").app

    deployed = {one.name: one.handler_string for one in application.pure_lambda_functions}

    assert {name: deployed.get(name) for name in handlers()} == {
        name: f"chalicelib.steps.{name}.{name}" for name in handlers()
    }


@pytest.mark.parametrize("machine, name, state", every_task())
def test_a_state_outlives_its_function(machine: str, name: str, state: dict[str, Any]) -> None:
    stages = json.loads((ROOT / ".chalice" / "config.json").read_text())["stages"]

    limits = [stage["lambda_functions"][function_of(name)]["lambda_timeout"] for stage in stages.values()]

    assert all(limit < state["TimeoutSeconds"] for limit in limits)


def test_the_readme_maps_states_to_functions_placeholders_and_results() -> None:
    expected = [
        (machine, name, function_of(name), f"{name}Arn", state["ResultPath"]) for machine, name, state in every_task()
    ]

    assert sorted(ROW.findall((MACHINES / "README.md").read_text())) == sorted(expected)


@pytest.mark.parametrize("machine", NAMES)
def test_the_readme_draws_every_state(machine: str) -> None:
    drawn = (MACHINES / "README.md").read_text().split("```mermaid")[1 + NAMES.index(machine)]

    assert [name for name in definition(machine)["States"] if name not in drawn] == []


@pytest.mark.parametrize("function", sorted(handlers()))
def test_a_step_says_which_state_it_is_what_it_reads_and_where_its_result_goes(function: str) -> None:
    state = next((name, one) for _, name, one in every_task() if function_of(name) == function)
    handler: Any = handlers()[function]

    doc = handler.func._original_func.__doc__

    assert doc.strip().startswith(f"State ``{state[0]}``")
    assert f"writes ``{state[1]['ResultPath']}``" in doc


def test_no_intake_lives_longer_than_finalizing_again_believes() -> None:
    assert definition("intake")["TimeoutSeconds"] <= INTAKE_LIFETIME.total_seconds()
