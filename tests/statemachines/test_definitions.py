"""The machines as texts: complete, alike in what must be alike, and described by their README."""

import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from chalicelib.domain.plans import WAITS, StepKind
from chalicelib.domain.waits import EAGER_SECONDS, PATIENT_SECONDS
from chalicelib.services.versions import INTAKE_LIFETIME
from chalicelib.steps.evaluate_step import MAX_TICKS
from chalicelib.steps.take_step import EVALUATE, NONE_LEFT, PREPARE, WAIT
from tests.statemachines.machines import MACHINES, ROOT, definition, handlers, tasks

NAMES = ["intake", "deployment", "observe"]
DAY = 86_400
#: Limit of an execution's history (Step Functions, "Quotas related to state machine executions").
MAX_EVENTS = 25_000
TRIES = 9
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
COMPENSATIONS = {"intake": "RejectVersion", "deployment": "RollBack", "observe": "Unwatched"}
#: What waits for something else than its function, and so longer than a function may take.
PATIENT = {
    "AwaitApproval": "arn:${Partition}:states:::lambda:invoke.waitForTaskToken",
    "Observe": "arn:${Partition}:states:::states:startExecution.sync:2",
}
README = (MACHINES / "README.md").read_text()
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
    """List the tasks that call a function of their own name; Observe starts a machine instead."""
    return [(machine, name, state) for machine in NAMES for name, state in tasks(machine).items() if name != "Observe"]


def events_of(machine: str, state: str, *, tries: int = 1) -> int:
    """Count the events that one visit of a state leaves in the history of its execution."""
    kind, resource = definition(machine)["States"][state]["Type"], ""
    if kind == "Task":
        resource = definition(machine)["States"][state]["Resource"]
    # Entered and exited; a task is scheduled, started and ended at each try, and an integration submitted too.
    per_try = {"Task": 4 if ":::" in resource else 3}.get(kind, 0)
    return 2 + tries * per_try


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
    working = [state["TimeoutSeconds"] for name, state in tasks(machine).items() if name not in PATIENT]
    waiting = [state["TimeoutSeconds"] for name, state in tasks(machine).items() if name in PATIENT]

    # Every state of the machine once more with all of its tries, beside the longest wait.
    needed = sum(working) + TRIES * max(working) + 91 + max(waiting, default=0)

    assert needed < asl["TimeoutSeconds"]
    assert "Time:" in asl["Comment"]
    assert "QueryLanguage" not in asl
    assert all(state["Comment"].endswith(".") for state in asl["States"].values())


def test_an_intake_has_an_hour() -> None:
    assert definition("intake")["TimeoutSeconds"] == 3600


def test_a_deployment_may_ask_people_and_watch_an_experiment_and_still_has_time() -> None:
    waiting = sum(state["TimeoutSeconds"] for name, state in tasks("deployment").items() if name in PATIENT)

    assert waiting + EAGER_SECONDS < definition("deployment")["TimeoutSeconds"] == 60 * DAY


def test_an_execution_that_watches_outlives_all_its_looks_and_is_outlived_by_who_waits_for_it() -> None:
    look = tasks("observe")["EvaluateStep"]["TimeoutSeconds"]
    longest_interval = 60

    assert MAX_TICKS * (longest_interval + TRIES * look + 91) < definition("observe")["TimeoutSeconds"]
    assert definition("observe")["TimeoutSeconds"] < tasks("deployment")["Observe"]["TimeoutSeconds"]


def test_an_execution_that_watches_stays_under_the_limit_of_events_though_each_look_is_tried_to_the_end() -> None:
    states = ("EvaluateStep", "IsItOver?", "WaitForTick")
    usual = sum(events_of("observe", state) for state in states)
    worst = sum(events_of("observe", state, tries=TRIES) for state in states)

    assert (usual, worst) == (9, 33)
    assert f"{usual} a look, {worst} with all" in definition("observe")["Comment"]
    assert MAX_TICKS * worst + 100 < MAX_EVENTS


def test_r26_an_experiment_of_72_hours_looked_at_every_second_stays_under_the_limit_of_events() -> None:
    """R26: Step Functions end an execution at 25,000 events, so polling stays out of the deployment's history."""
    a_wait = sum(events_of("deployment", state) for state in ("TakeStep", "WhichStep?", "Observe"))
    a_step = max(
        sum(events_of("deployment", state) for state in ("TakeStep", "WhichStep?", name))
        for name in tasks("deployment")
    )
    eager = -(-EAGER_SECONDS // MAX_TICKS)
    patient = -(-(60 * DAY - EAGER_SECONDS) // PATIENT_SECONDS // MAX_TICKS)

    assert (eager, a_wait, a_step) == (519, 13, 13)
    assert f"{eager} of them, so {eager * a_wait:,} events" in definition("deployment")["Comment"]
    assert f"{patient * a_wait:,} more" in definition("deployment")["Comment"]
    assert (eager + patient) * a_wait + 100 * a_step < MAX_EVENTS


@pytest.mark.parametrize("machine, name, state", every_task())
def test_every_task_has_a_limit_the_one_retry_and_a_catch_for_everything(
    machine: str, name: str, state: dict[str, Any]
) -> None:
    (catch,) = state["Catch"]

    if name in PATIENT:
        assert state["Resource"] == PATIENT[name]
        assert state["Parameters"]["FunctionName"] == f"${{{name}Arn}}"
    else:
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


@pytest.mark.parametrize("machine", ["intake", "deployment"])
def test_whatever_compensates_is_tried_again_until_it_worked(machine: str) -> None:
    states = definition(machine)["States"]
    compensation = COMPENSATIONS[machine]

    rest = states[compensation]["Catch"][0]["Next"]

    assert (states[rest]["Type"], states[rest]["Next"]) == ("Wait", compensation)


def test_the_loop_has_a_state_for_every_kind_that_a_step_may_have() -> None:
    question = definition("deployment")["States"]["WhichStep?"]

    kinds = {choice["StringEquals"] for choice in question["Choices"]}

    assert kinds == {*(set(StepKind) - WAITS), PREPARE, EVALUATE, WAIT, NONE_LEFT}
    assert question["Default"] == "RollBack"


def test_r22_what_watches_is_started_by_name_so_that_starting_it_twice_starts_it_once() -> None:
    """R22: what a run makes has a name that is the same at each try."""
    state = tasks("deployment")["Observe"]

    assert state["Parameters"]["Name.$"] == "States.Format('{}-{}-{}', $$.Execution.Name, $.step.index, $.step.round)"
    assert (state["Retry"], state["Catch"][0]["Next"], state["Next"]) == (RETRY, "RollBack", "TakeStep")
    assert state["ResultPath"] == "$.observation"


def test_nothing_but_an_approval_waits_for_a_token() -> None:
    waiting = [
        name for machine in NAMES for name, one in tasks(machine).items() if "waitForTaskToken" in one["Resource"]
    ]

    assert waiting == ["AwaitApproval"]
    assert tasks("deployment")["AwaitApproval"]["Next"] == "CheckApproval"


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

    assert sorted(ROW.findall(README)) == sorted(expected)
    assert "| deployment | `Observe` | machine `observe` | `${ObserveMachineArn}` | `$.observation` |" in README


@pytest.mark.parametrize("machine", NAMES)
def test_the_readme_draws_every_state(machine: str) -> None:
    drawn = README.split("```mermaid")[1 + NAMES.index(machine)]

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
