"""What a state hands to its function: the parts of the machine's state that it reads, checked."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.domain.authorization import SYSTEM, Caller

#: What the platform's own errors mean to people; ours carry their own words.
_PLATFORM_REASONS = {
    "States.Timeout": "it took longer than it may",
    "States.DataLimitExceeded": "it gave more data than a state may hold",
}


class Given(BaseModel):
    """
    Part of the machine's state: ids only, since the truth is in the tables.

    Keys that a step does not name are other states' results, so they are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    trace_id: str = ""

    @property
    def caller(self) -> Caller:
        """The product itself, on the trace that began all this."""
        return SYSTEM._replace(trace_id=self.trace_id)


class Failure(BaseModel):
    """What Step Functions puts at ``$.error``: the error's name, and its payload as JSON text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(default="", alias="Error")
    cause: str = Field(default="", alias="Cause")

    @property
    def reason(self) -> str:
        """
        Say in words for people why the state failed.

        A name with a dot is the platform's (``States.Timeout``, ``Runtime.ExitError``); its text would show
        internals. Other names are our own errors, whose messages are written for people. What watched a step
        for us fails as ``States.TaskFailed``, and its own error is in the cause.
        """
        told = self._told()
        if self.name == "States.TaskFailed" and told.get("Error"):
            return Failure(Error=str(told["Error"]), Cause=str(told.get("Cause", ""))).reason
        if not self.name or "." in self.name:
            return _PLATFORM_REASONS.get(self.name, "the platform stopped it")
        message = told.get("errorMessage")
        return message if isinstance(message, str) and message else self.name

    def _told(self) -> dict[str, Any]:
        try:
            payload = json.loads(self.cause)
        except ValueError:
            return {}
        return payload if isinstance(payload, dict) else {}


class VersionGiven(Given):
    """A state of the intake: the version that it takes in."""

    plugin_id: str
    version: str


class DeploymentGiven(Given):
    """
    A state of a deployment.

    *attempt* is the one that this execution runs: an execution that outlives its attempt, since nobody has told it
    yet, must not touch the next one (None: whichever is live).
    """

    deployment_id: str
    attempt: int | None = None

    def is_for(self, attempt: int) -> bool:
        """Tell whether *attempt* is the one that is meant."""
        return self.attempt in (None, attempt)


class TakenStep(BaseModel):
    """A step of the plan; *index* is 0-based."""

    model_config = ConfigDict(frozen=True)

    kind: str
    index: int


class StepGiven(DeploymentGiven):
    """A state that runs one step of a deployment's plan."""

    step: TakenStep


class Result(BaseModel):
    """What a state puts at its own ResultPath."""

    model_config = ConfigDict(frozen=True)
