"""The real machines, run in this process by moto's interpreter, with the real handlers behind its Lambda calls."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from chalicelib import bootstrap
from tests.fakes import FakeWorld
from tests.steps.worlds import TRACE, Handler

ROOT = Path(__file__).parents[2]
MACHINES, STEPS = ROOT / "statemachines", ROOT / "chalicelib" / "steps"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
_ROLE = "arn:aws:iam::123456789012:role/machine"
_DEADLINE_SECONDS = 20


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
    """Both machines in moto: made once, since parsing one takes it 0.3 s, and run in one world after the other."""

    def __init__(self) -> None:
        self.functions = Functions(handlers())
        self._worlds = 0
        self._arns: dict[str, str] = {}
        self._client = boto3.client("stepfunctions", region_name="us-east-1")

    @contextmanager
    def inside(self, world: FakeWorld) -> Iterator[None]:
        """Run in *world* for a while; executions of different worlds never have the same name."""
        self.functions = Functions(self.functions.handlers)
        self._worlds += 1
        with bootstrap.use(world.ports):
            yield

    def run(self, machine: str, name: str = "run", **given: object) -> Execution:
        """Start an execution, or find the one of that name, and follow it to its end."""
        arn = self._arns.get(machine) or self._make(machine)
        name = f"{self._worlds}-{name}"
        payload = json.dumps({"trace_id": TRACE, **given})
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
        # An outage is over as soon as the test says so; nobody need wait for it.
        text = text.replace('"Seconds": 15', '"Seconds": 0')
        made = self._client.create_state_machine(name=machine, definition=text, roleArn=_ROLE)
        self._arns[machine] = made["stateMachineArn"]
        return self._arns[machine]

    def _follow(self, arn: str) -> Execution:
        """Wait for the end; moto runs each execution in a thread and gives no signal, so we look often."""
        tick = Event()
        for _ in range(_DEADLINE_SECONDS * 100):
            found = self._client.describe_execution(executionArn=arn)
            if found["status"] != "RUNNING":
                break
            tick.wait(0.01)
        history = self._client.get_execution_history(executionArn=arn)["events"]
        entered = [one["stateEnteredEventDetails"]["name"] for one in history if "stateEnteredEventDetails" in one]
        return Execution(found["status"], entered, found.get("error", ""), found.get("cause", ""))


@contextmanager
def machines() -> Iterator[Machines]:
    """
    Make machines that run.

    moto asks one factory for its Lambda client, and really sleeps between tries: both are replaced, in moto,
    not in anything of ours.
    """
    real_clients, real_time = lambda_eval_utils.boto_client_for, retrier_decl.time
    retrier_decl.time = SimpleNamespace(sleep=lambda _: None)  # type: ignore[assignment]
    try:
        with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
            running = Machines()
            lambda_eval_utils.boto_client_for = lambda **_: running.functions  # type: ignore[assignment]
            yield running
    finally:
        lambda_eval_utils.boto_client_for = real_clients
        retrier_decl.time = real_time
