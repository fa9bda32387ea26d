"""The real machines, run in this process by moto's interpreter, with the real handlers behind its Lambda calls."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from chalicelib import bootstrap
from chalicelib.ports import Ports
from tests.fakes import FakeWorld
from tests.fakes.identity import FakeExecutions
from tests.steps.worlds import TRACE, Handler

ROOT = Path(__file__).parents[2]
MACHINES, STEPS = ROOT / "statemachines", ROOT / "chalicelib" / "steps"
_ACCOUNT, _REGION = "123456789012", "us-east-1"
_ARN = f"arn:aws:lambda:{_REGION}:{_ACCOUNT}:function:"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/machine"
_DEADLINE_SECONDS = 20
#: What a definition names beside functions.
_OTHERS = {"Partition": "aws", "ApiUrl": "https://api.example"}


def definition(machine: str) -> dict[str, Any]:
    """Read a machine's ASL, placeholders and all."""
    loaded: dict[str, Any] = json.loads((MACHINES / f"{machine}.asl.json").read_text())
    return loaded


def tasks(machine: str) -> dict[str, dict[str, Any]]:
    """Return the Task states of a machine by name."""
    return {name: state for name, state in definition(machine)["States"].items() if state["Type"] == "Task"}


def handlers() -> dict[str, Handler]:
    """Return the handler of every step by its function's name, which is its module's too."""
    names = [path.stem for path in STEPS.glob("[!_]*.py")]
    return {name: getattr(import_module(f"chalicelib.steps.{name}"), name) for name in names}


Happening = Callable[[Mapping[str, Any]], None]


@dataclass
class Functions:
    """Stands where Lambda stands: runs handlers, and reports what they raise as Lambda's Python runtime does."""

    handlers: dict[str, Handler]
    called: list[str] = field(default_factory=list)
    before: dict[str, list[Happening]] = field(default_factory=dict)
    after: dict[str, list[Happening]] = field(default_factory=dict)

    def before_next(self, function: str, happening: Happening) -> None:
        """Let something happen before the next call of *function* that nothing was arranged for."""
        self.before.setdefault(function, []).append(happening)

    def after_next(self, function: str, happening: Happening) -> None:
        """Let something happen after the next call of *function*, before its answer is heard."""
        self.after.setdefault(function, []).append(happening)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's words
        name = FunctionName.removeprefix(_ARN)
        self.called.append(name)
        event = json.loads(Payload)
        try:
            if self.before.get(name):
                self.before[name].pop(0)(event)
            answer = self.handlers[name](event, None)
            if self.after.get(name):
                self.after[name].pop(0)(event)
        except Exception as error:  # noqa: BLE001 - as the runtime: whatever it is, it becomes an answer
            document = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": ["…"]}
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": _stream(document)}
        return {"StatusCode": 200, "Payload": _stream(answer)}


def _stream(document: object) -> io.BytesIO:
    return io.BytesIO(json.dumps(document).encode())


def raises(error: Exception) -> Happening:
    """Make a happening that ends the call."""

    def happen(event: Mapping[str, Any]) -> None:
        raise error

    return happen


@dataclass
class Execution:
    """How an execution ended: its status, the states that it went through, and a failure's name and cause."""

    status: str
    states: list[str]
    error: str = ""
    cause: str = ""

    @property
    def end(self) -> str:
        return self.states[-1]


class Machines:
    """
    All machines in moto: made once, since parsing one takes it 0.3 s, and run in one world after the other.

    Nobody sleeps: a wait moves the clock of the world. A token that a use case sends back really wakes its state.
    """

    def __init__(self) -> None:
        self.functions = Functions(handlers())
        self.waited: list[int] = []
        self._world: FakeWorld | None = None
        self._worlds = 0
        self._arns: dict[str, str] = {}
        self._client = boto3.client("stepfunctions", region_name=_REGION)

    @contextmanager
    def inside(self, world: FakeWorld) -> Iterator[None]:
        """Run in *world* for a while; executions of different worlds never have the same name."""
        self.functions = Functions(self.functions.handlers)
        self._worlds += 1
        self._world, self.waited = world, []
        with bootstrap.use(self.ports):
            yield

    @property
    def ports(self) -> Ports:
        """The ports of the world that the machines run in, with tokens that wake them."""
        assert self._world is not None
        executions: Any = _Waking(self._world.executions, self._client)
        return replace(self._world.ports, executions=executions)

    def wait(self, seconds: int) -> None:
        """Let a Wait pass."""
        assert self._world is not None
        self.waited.append(seconds)
        self._world.clock.advance(seconds=seconds)

    def histories(self, machine: str) -> list[list[Any]]:
        """Return the events of each execution of *machine* in this world, oldest first."""
        found = self._client.list_executions(stateMachineArn=self._arns[machine])["executions"]
        own = [one["executionArn"] for one in found if one["name"].startswith(f"{self._worlds}-")]
        return [_execution(arn).to_history_output()["events"] for arn in reversed(own)]

    def names(self, machine: str) -> list[str]:
        """Return the names of the executions of *machine* in this world."""
        found = self._client.list_executions(stateMachineArn=self._arns[machine])["executions"]
        start = f"{self._worlds}-"
        return sorted(one["name"].removeprefix(start) for one in found if one["name"].startswith(start))

    def run(self, machine: str, name: str = "run", **given: object) -> Execution:
        """Start an execution, or find the one of that name, and follow it to its end."""
        arn = self._arns.get(machine) or self._make(machine)
        name = f"{self._worlds}-{name}"
        payload = json.dumps({"trace_id": TRACE, "attempt": 1, **given})
        try:
            execution = self._client.start_execution(stateMachineArn=arn, name=name, input=payload)["executionArn"]
        except self._client.exceptions.ExecutionAlreadyExists:
            # What `adapters/stepfunctions.py` does too: the name says which execution it is.
            execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
        return self._follow(execution)

    def _make(self, machine: str) -> str:
        text = (MACHINES / f"{machine}.asl.json").read_text()
        for state in tasks(machine):
            function = "".join(f"_{one.lower()}" if one.isupper() else one for one in state).lstrip("_")
            text = text.replace(f"${{{state}Arn}}", _ARN + function)
        for name, value in _OTHERS.items():
            text = text.replace(f"${{{name}}}", value)
        if "${ObserveMachineArn}" in text:
            text = text.replace("${ObserveMachineArn}", self._arns.get("observe") or self._make("observe"))
        made = self._client.create_state_machine(name=machine, definition=text, roleArn=_ROLE)
        self._arns[machine] = made["stateMachineArn"]
        return self._arns[machine]

    def _follow(self, arn: str) -> Execution:
        """Wait for the end; moto runs each execution in a thread and gives no signal, so we look often."""
        tick, found = Event(), _execution(arn)
        for _ in range(_DEADLINE_SECONDS * 200):
            if found.exec_status != "RUNNING":
                break
            tick.wait(0.005)
        history = found.to_history_output()["events"]
        entered = [one["stateEnteredEventDetails"]["name"] for one in history if "stateEnteredEventDetails" in one]
        return Execution(str(found.status), entered, found.error or "", found.cause or "")


def _execution(arn: str) -> Any:
    """Give an execution as moto keeps it: its front door would write thousands of events as JSON, and read them."""
    return stepfunctions_parser_backends[_ACCOUNT][_REGION].describe_execution(arn)


class _Waking:
    """Step Functions as a use case sees it: starting is noted by the fake, waking is real."""

    def __init__(self, fake: FakeExecutions, client: Any) -> None:
        self._fake, self._client = fake, client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)

    def wake(self, token: str) -> None:
        self._fake.wake(token)
        gone = self._client.exceptions
        with suppress(gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
            self._client.send_task_success(taskToken=token, output="{}")


class _Nested:
    """Step Functions as moto's own task calls it, which says the words of a definition and not those of boto3."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def start_execution(self, *, StateMachineArn: str, Name: str, Input: str) -> dict[str, Any]:  # noqa: N803
        started = self._client.start_execution(stateMachineArn=StateMachineArn, name=Name, input=Input)
        return {"ExecutionArn": started["executionArn"]}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        found = self._client.describe_execution(executionArn=executionArn)
        return {name: value for name, value in found.items() if isinstance(value, str)}


def _pass_time(running: Machines) -> Callable[[WaitFunction, Environment, int], None]:
    def wait(self: WaitFunction, env: Environment, wait_seconds: int) -> None:
        running.wait(wait_seconds)

    return wait


@contextmanager
def machines() -> Iterator[Machines]:
    """
    Make machines that run.

    moto asks one factory for its Lambda client, and really sleeps in waits, between tries and between looks at what
    it started; it also reads a definition anew for each execution, which takes it longer than to run it. All are
    replaced, in moto, not in anything of ours.
    """
    real_clients, real_time = lambda_eval_utils.boto_client_for, retrier_decl.time
    real_nested = state_task_service_sfn.boto_client_for
    real_looks, real_wait = state_task_service_callback.time, WaitFunction._wait_interval
    real_parser = execution_worker.AmazonStateLanguageParser
    tick = Event()
    execution_worker.AmazonStateLanguageParser = SimpleNamespace(parse=cache(real_parser.parse))  # type: ignore[assignment,misc]
    retrier_decl.time = SimpleNamespace(sleep=lambda _: None)  # type: ignore[assignment]
    state_task_service_callback.time = SimpleNamespace(sleep=lambda _: tick.wait(0.005))  # type: ignore[assignment]
    try:
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            running = Machines()
            lambda_eval_utils.boto_client_for = lambda **_: running.functions  # type: ignore[assignment]
            nested = _Nested(running._client)
            state_task_service_sfn.boto_client_for = lambda **_: nested  # type: ignore[assignment]
            WaitFunction._wait_interval = _pass_time(running)  # type: ignore[assignment,method-assign]
            yield running
    finally:
        lambda_eval_utils.boto_client_for = real_clients
        state_task_service_sfn.boto_client_for = real_nested
        execution_worker.AmazonStateLanguageParser = real_parser  # type: ignore[misc]
        retrier_decl.time = real_time
        state_task_service_callback.time = real_looks
        WaitFunction._wait_interval = real_wait  # type: ignore[method-assign]
