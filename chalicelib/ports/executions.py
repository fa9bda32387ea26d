"""Step Functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.domain.diagnoses import ExecutionState


class Executions(Protocol):
    """Step Functions."""

    def start(self, machine: str, name: str, given: Mapping[str, Any]) -> str:
        """
        Start ``intake`` or ``deployment``; return the execution's ARN. The same name starts once.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """

    def arn_of(self, machine: str, name: str) -> str:
        """Say which ARN the execution *name* of a machine has, started or not."""

    def state_of(self, machine: str, name: str) -> ExecutionState:
        """
        Say how the execution *name* of a machine stands; Missing if there is none.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """

    def wake(self, token: str) -> None:
        """
        Let the state that waits with *token* go on; it then looks into the tables for what to do.

        A token that waits no more is no error: the execution has ended, or was woken before.

        Raises:
            TransientError: Step Functions throttles or is unreachable.
        """
