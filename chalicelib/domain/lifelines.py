"""Lifelines: what keeps each deployment that has not ended from standing still for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.approvals import LONGEST_WAIT_SECONDS
from chalicelib.domain.deployments import FIRST_LEASE_SECONDS, DeploymentStatus
from chalicelib.domain.silences import PATIENCE_SECONDS

if TYPE_CHECKING:
    from chalicelib.domain.deployments import Deployment

#: TimeoutSeconds of the deployment machine: nothing that is live is older.
MACHINE_SECONDS = 60 * 24 * 3600
#: `reconcile` runs so often.
SWEEP_SECONDS = 60


class Lifeline(NamedTuple):
    """
    Who has to move a deployment on, how long that may take, and what happens then, whoever has died.

    *seconds* is the longest that it may stay so once its owner is silent or the limit of a person's patience is
    reached; *then* is what `reconcile` or the machine does.
    """

    owner: str
    deadline: str
    seconds: int
    then: str


#: The name of what waits in the queue, which has the status of what begins.
QUEUED = "Pending, queued"

#: Everything that is not final, and what it is that ends it; a test holds the runbook's table to this one.
LIFELINES: Mapping[str, Lifeline] = {
    QUEUED: Lifeline(
        "whoever gives the lease back; `reconcile`",
        "a minute after its turn has come",
        SWEEP_SECONDS,
        "it begins, or ends as Failed if its version may not serve any more",
    ),
    DeploymentStatus.PENDING: Lifeline(
        "its execution's first states",
        "90 s, its first lease",
        FIRST_LEASE_SECONDS,
        "started if it never was; Failed once the lease has run out",
    ),
    DeploymentStatus.PENDING_APPROVAL: Lifeline(
        "the approvers",
        "the policy's time (48 h), 30 days at most",
        LONGEST_WAIT_SECONDS,
        "reminded before, then Rejected, or escalated, as the policy says",
    ),
    DeploymentStatus.IN_PROGRESS: Lifeline(
        "its execution",
        "seconds if the execution has ended; two minutes after a sign of it was due",
        PATIENCE_SECONDS + SWEEP_SECONDS,
        "RolledBack, or Failed if it had touched nothing",
    ),
    DeploymentStatus.PAUSED: Lifeline(
        "whoever paused it; its execution goes on watching",
        "two minutes after a sign of its execution was due; 60 days, the machine's own limit",
        MACHINE_SECONDS,
        "RolledBack",
    ),
    DeploymentStatus.ROLLING_BACK: Lifeline(
        "whoever took the traffic back",
        "a minute",
        SWEEP_SECONDS,
        "alias, books and lease are closed as it was meant; the traffic is back already",
    ),
}


def lifeline_of(deployment: Deployment) -> Lifeline:
    """
    Return what keeps *deployment* going.

    Raises:
        KeyError: It has ended: nothing has to.
    """
    return LIFELINES[QUEUED if deployment.is_queued else deployment.status]
