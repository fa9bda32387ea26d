"""Executions of the state machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalicelib.adapters import aws_clients
from chalicelib.adapters.aws_errors import translated
from chalicelib.domain.diagnoses import ExecutionState

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

#: Regions elsewhere than in the partition ``aws`` begin so.
_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


class StepFunctionsExecutions:
    """Starts executions; the name of one decides whether it is the same."""

    def __init__(self, client: Callable[[], SFNClient], *, stack: str, account_id: str) -> None:
        self._client = client
        self._stack = stack
        self._account_id = account_id

    @translated("Step Functions")
    def start(self, machine: str, name: str, given: Mapping[str, Any]) -> str:
        """
        Start ``intake`` or ``deployment``; return the execution's ARN. The same name starts once.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """
        client = self._client()
        try:
            started = client.start_execution(
                stateMachineArn=self._arn("stateMachine", machine), name=name, input=json.dumps(dict(given))
            )
        except client.exceptions.ExecutionAlreadyExists:
            return self.arn_of(machine, name)
        return started["executionArn"]

    def arn_of(self, machine: str, name: str) -> str:
        """Say which ARN the execution *name* of a machine has, started or not."""
        return f"{self._arn('execution', machine)}:{name}"

    @translated("Step Functions")
    def state_of(self, machine: str, name: str) -> ExecutionState:
        """
        Say how the execution *name* of a machine stands; Missing if there is none.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """
        client = self._client()
        try:
            status: str = client.describe_execution(executionArn=self.arn_of(machine, name))["status"]
        except client.exceptions.ExecutionDoesNotExist:
            return ExecutionState.MISSING
        # One that is to be redriven is about to run again.
        return ExecutionState.RUNNING if status == "PENDING_REDRIVE" else ExecutionState(status)

    @translated("Step Functions")
    def wake(self, token: str) -> None:
        """
        Let the state that waits with *token* go on; it then looks into the tables for what to do.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """
        client = self._client()
        gone = (
            client.exceptions.TaskTimedOut,
            client.exceptions.TaskDoesNotExist,
            client.exceptions.InvalidToken,
        )
        with suppress(*gone):
            client.send_task_success(taskToken=token, output="{}")

    def _arn(self, kind: str, machine: str) -> str:
        # A dry run tells an ARN too, and should not wait for a client.
        region = aws_clients.region()
        partition = next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")
        return f"arn:{partition}:states:{region}:{self._account_id}:{kind}:{self._stack}-{machine}"
