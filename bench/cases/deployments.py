"""What a deployment takes beyond the waits that were asked for, and what Step Functions asks for it."""

import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from bench.deploying import VERSIONS, Deploying, strategies
from bench.echo_stack import EchoStack, echo_stack
from bench.figures import Interval, percentile
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort
from chalicelib.domain.list_prices import AS_OF, STATE_TRANSITION_USD
from hotswap.resources.deployments import Deployment

PLUGIN = "bench-deployed"
TENANTS = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen")
#: ISSUE C: a canary of six shifts, in the emulator; the promise to users is 30 s.
_MOST_SECONDS = 3.0
_WAITED_SECONDS = 1
#: Of each strategy: a canary alone takes eight seconds.
_RUNS = 10


class _Run(NamedTuple):
    """Seconds beyond the waits, and the state transitions that AWS would count."""

    beyond_seconds: float
    transitions: int
    shifts: int


def measure(effort: Effort) -> Findings:
    """Deploy two versions in turns, by each strategy."""
    with echo_stack() as stack:
        deploying = Deploying(stack)
        deploying.publish(PLUGIN)
        # Also starts every function that a deployment needs, as a stack that is in use has them started.
        deploying.deploy(PLUGIN, VERSIONS[0], strategies("PT0S")["Direct"])
        deploying.install(PLUGIN, TENANTS)
        runs = {name: [*_runs(deploying, wishes, effort)] for name, wishes in strategies("PT1S").items()}
    return Findings(
        tuple(_beyond(name, taken) for name, taken in runs.items()),
        (
            f"Every wait is {_WAITED_SECONDS} s; the time of API Gateway, all functions and both machines is in it.",
            "ABTesting stops for a person, who here decides within a second or so.",
            *(_priced(name, taken) for name, taken in runs.items()),
            f"All transitions of the deployment's execution and of those that watch; a look costs three ({AS_OF}).",
        ),
    )


def _runs(deploying: Deploying, wishes: dict[str, Any], effort: Effort) -> Iterable[_Run]:
    for _ in range(min(_RUNS, effort.quiet_turns)):
        ended = deploying.deploy(PLUGIN, deploying.other(PLUGIN), wishes)
        yield _Run(beyond_waits(ended), _transitions(deploying.stack, ended), _shifts(ended))


def beyond_waits(ended: Deployment) -> float:
    """Count the seconds from the request to the end that nobody had asked it to wait."""
    assert ended.created_at is not None
    assert ended.ended_at is not None
    waited = sum(step.seconds or 0.0 for step in ended.plan if step.kind == "observe")
    return (ended.ended_at - ended.created_at).total_seconds() - waited


def _shifts(ended: Deployment) -> int:
    return sum(step.kind == "shift" for step in ended.plan)


def _transitions(stack: EchoStack, ended: Deployment) -> int:
    """Count the states that were entered; a retry would count once more."""
    machines = stack.client("stepfunctions")
    own = str(ended.raw["executionArn"])
    watching, _, _ = own.rpartition(":")
    observe = watching.replace(":execution:", ":stateMachine:").removesuffix("deployment") + "observe"
    listed = machines.list_executions(stateMachineArn=observe, maxResults=1000)["executions"]
    watched = [one["executionArn"] for one in listed if one["name"].startswith(f"{ended.id}-")]
    return sum(_entered(machines, arn) for arn in (own, *watched))


def _entered(machines: Any, arn: str) -> int:  # noqa: ANN401 - a client, of which the emulator's is one
    history = machines.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    return sum(event["type"].endswith("StateEntered") for event in history)


def _beyond(name: str, runs: list[_Run]) -> Measure:
    seconds = [run.beyond_seconds for run in runs]
    return Measure(
        what=f"{name}, {runs[0].shifts} shift{'s' if runs[0].shifts > 1 else ''}",
        ours=f"{runs[0].transitions} transitions",
        result=Interval(statistics.median(seconds), min(seconds), percentile(seconds, 0.95)),
        unit=Unit.SECONDS,
        n=len(seconds),
        aim=_MOST_SECONDS,
    )


def _priced(name: str, runs: list[_Run]) -> str:
    transitions = statistics.median(run.transitions for run in runs)
    return f"{name}: {transitions:.0f} transitions, ${transitions * STATE_TRANSITION_USD:.4f}."


CASE = Case(
    name="deployments",
    title="Time and price of a deployment, beyond its waits",
    method=f"From the request to Completed, without the waits of its plan; {len(TENANTS)} tenants, in the emulator.",
    measure=measure,
    is_slow=True,
)
