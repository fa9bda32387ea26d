"""Verbs of a deployment: each checks the state, is safe to say twice, and is recorded with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_deployer
from chalicelib.domain.deployments import Deployment, DeploymentStatus
from chalicelib.domain.errors import (
    ConflictError,
    PreconditionFailedError,
    StaleRevisionError,
    TransientError,
    UnprocessableError,
)
from chalicelib.domain.given_verdicts import Consequence, GivenVerdict
from chalicelib.domain.ids import Environment
from chalicelib.domain.ladders import newcomers
from chalicelib.domain.plans import StepKind
from chalicelib.domain.times import rfc3339
from chalicelib.domain.verbs import Verb, is_done_already, require_possible
from chalicelib.domain.verdicts import Outcome, Verdict
from chalicelib.services import rollbacks, turns
from chalicelib.services.leases import first_lease, next_fence
from chalicelib.services.records import record_of
from chalicelib.services.returns import return_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.audit import AuditRecord
    from chalicelib.domain.authorization import Caller
    from chalicelib.ports import Ports

#: How often a verb reads again when the machine writes between its read and its write.
_READS = 5


class SayVerb(NamedTuple):
    """
    Do *verb* with a deployment.

    *revision* and *step_index* (0-based) are what the caller has seen; where given, they must still be so.
    *to_version* is for a roll-back of a Completed one, *outcome_version* for a promotion out of an experiment.
    """

    caller: Caller
    verb: Verb
    deployment_id: str
    reason: str
    revision: int | None = None
    step_index: int | None = None
    to_version: str | None = None
    outcome_version: str | None = None
    validate_only: bool = False


def say_verb(command: SayVerb, ports: Ports) -> Deployment:
    """
    Do what a person wants with a deployment.

    Saying a verb again whose end is reached changes nothing. If the machine wrote between our read and our write, it
    is read and judged again.

    Raises:
        NotFoundError: There is no such deployment (404).
        ForbiddenError: The caller may not deploy there (403).
        VerbNotPossibleError: It is not where that is possible; the fix says what is (409).
        PreconditionFailedError: It is not the revision or the step that the caller has seen (412).
        DeploymentInProgressError: Another deployment is live there (409).
    """
    for attempt in range(_READS):
        deployment = ports.deployments.get(command.deployment_id)
        require_deployer(command.caller, Environment(deployment.environment))
        if is_done_already(command.verb, deployment):
            return deployment
        _require_seen(command, deployment)
        require_possible(command.verb, deployment, holds_others=holds_others(deployment, ports))
        if command.validate_only:
            return deployment
        try:
            return _DO[command.verb](deployment, command, ports)
        except StaleRevisionError:
            if attempt == _READS - 1 or command.revision is not None:
                raise
    raise AssertionError  # pragma: no cover - the loop returns or raises


def holds_others(deployment: Deployment, ports: Ports) -> bool:
    """Tell whether it was rolled back by hand, so that what is queued waits until somebody resumes it."""
    if deployment.status is not DeploymentStatus.ROLLED_BACK:
        return False
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    return lease is not None and lease.held_by == deployment.id


def _require_seen(command: SayVerb, deployment: Deployment) -> None:
    current = deployment.plan.current
    index = current.index if current else None
    if command.revision not in (None, deployment.revision):
        raise PreconditionFailedError(
            f"{deployment.id} has changed since you read it.", fix="GET it again, and send its ETag as If-Match."
        )
    if command.step_index is not None and command.step_index != index:
        raise PreconditionFailedError(
            f"{deployment.id} is at step {index}, not at {command.step_index}.", fix="GET it again, then repeat."
        )


def _pause(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    paused = deployment.pause(command.caller.username, command.reason, rfc3339(ports.clock.now()))
    return _commit(paused, command, ports)


def _resume(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    if deployment.status is DeploymentStatus.PAUSED:
        return _commit(deployment.resume(rfc3339(ports.clock.now())), command, ports)
    # It was rolled back by hand: what waited for that may begin. The fence is the lease's, not ours of then.
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    if lease is None:
        raise ValueError(f"{deployment.id} holds others, but there is no lease")
    record = _record(deployment, command, ports)
    resumed = ports.deployments.commit(deployment, record, lease=replace(lease, held_by=""))
    turns.start_next(deployment.plugin_id, deployment.environment, ports)
    return resumed


def _advance(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    current = deployment.plan.current
    if current is None or current.kind is StepKind.DECIDE:
        raise ConflictError(
            "This step waits for a decision, which nothing can skip.",
            fix="promote takes the candidate, abort leaves stable.",
        )
    now, verdict = rfc3339(ports.clock.now()), _cut_short(command)
    plan = deployment.plan.complete(current.index, now, verdict)
    advanced = replace(deployment, plan=plan, hold=None).change(command.caller.username)
    given = GivenVerdict.on(advanced, current.index, verdict, now, Consequence.COMPLETE)
    return _commit(advanced, command, ports, verdict=given, step=current.index)


def _promote(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    """Skip what is left but approvals, warm-up and smoke tests; out of an experiment, say which variant wins."""
    outcome = _outcome(deployment, command)
    now, verdict = rfc3339(ports.clock.now()), _cut_short(command)
    plan = deployment.plan.cut_to_the_end(now, verdict)
    cut = next((step.index for step in plan.steps if step.verdict is verdict), None)
    given = GivenVerdict.on(deployment, cut, verdict, now, Consequence.COMPLETE) if cut is not None else None
    promoted = replace(deployment, plan=plan, hold=None, outcome_version=outcome).change(command.caller.username)
    return _commit(promoted, command, ports, verdict=given, outcome=outcome)


def _outcome(deployment: Deployment, command: SayVerb) -> str | None:
    arms = {arm.target.version for step in deployment.plan.steps for arm in step.variants}
    wanted = command.outcome_version
    if not arms:
        if wanted not in (None, deployment.target.version):
            raise UnprocessableError(
                f"Only {deployment.target.version} can be promoted.", fix="Leave outcomeVersion out."
            )
        return deployment.outcome_version
    if wanted is not None and wanted not in arms:
        raise UnprocessableError(
            f"{wanted} is no variant of this experiment.", fix=f"Send one of: {', '.join(sorted(arms))}."
        )
    return wanted or deployment.target.version


def _abort(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    return _take_back(deployment, command, DeploymentStatus.ABORTED, ports)


def _rollback(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    if deployment.status is DeploymentStatus.COMPLETED:
        return return_to(deployment, command.to_version, _record(deployment, command, ports), ports)
    if command.to_version is not None:
        raise UnprocessableError(
            "A live deployment goes back to what served before it.",
            fix="Leave toVersion out, or roll back again once it has ended.",
        )
    return _take_back(deployment, command, DeploymentStatus.ROLLED_BACK, ports)


def _take_back(deployment: Deployment, command: SayVerb, status: DeploymentStatus, ports: Ports) -> Deployment:
    """
    Take the traffic back at once; alias and books are closed here too if Lambda answers.

    If it does not, the traffic is back all the same, and the machine or the next minute's sweep closes the books.
    """
    is_manual = status is DeploymentStatus.ROLLED_BACK
    reason = f"{command.verb} by {command.caller.username}: {command.reason}"
    order = rollbacks.RollBack(deployment.id, command.caller, reason, ends_as=status, is_manual=is_manual)
    try:
        ended = rollbacks.roll_back(order, ports)
    except TransientError:
        ended = ports.deployments.get(deployment.id)
        if ended.status is not DeploymentStatus.ROLLING_BACK:
            raise
        return ended
    turns.start_next(ended.plugin_id, ended.environment, ports)
    return ended


def _retry(deployment: Deployment, command: SayVerb, ports: Ports) -> Deployment:
    """Take the lease for a new attempt with the same version and plan; nothing measured or agreed to is taken over."""
    for target in newcomers(deployment):
        ports.versions.get(deployment.plugin_id, target.version).require_ready()
    lease = ports.deployments.lease(deployment.plugin_id, deployment.environment)
    now = ports.clock.now()
    if lease is not None:
        turns.require_turn(replace(deployment, created_at=rfc3339(now)), lease)
    again = deployment.attempt_again(command.caller.username, fence=next_fence(lease))
    again = replace(again, execution_arn=ports.executions.arn_of("deployment", again.execution_name))
    taken = ports.deployments.take(again, first_lease(again, now), _record(again, command, ports), now=now)
    return turns.start(taken, ports, trace_id=command.caller.trace_id)


def _cut_short(command: SayVerb) -> Verdict:
    why = f": {command.reason}" if command.reason else ""
    return Verdict(Outcome.INCONCLUSIVE, f"cut short by {command.caller.username}{why}", rule=f"{command.verb} by hand")


def _commit(
    deployment: Deployment, command: SayVerb, ports: Ports, *, verdict: GivenVerdict | None = None, **told: object
) -> Deployment:
    return ports.deployments.commit(deployment, _record(deployment, command, ports, **told), verdict=verdict)


def _record(deployment: Deployment, command: SayVerb, ports: Ports, **told: object) -> AuditRecord:
    return record_of(
        command.caller,
        f"{command.verb.capitalize()}Deployment",
        f"deployments/{deployment.id}",
        ports,
        after={"status": deployment.status, "attempt": deployment.attempt, **told},
        reason=command.reason,
    )


_DO: dict[Verb, Callable[[Deployment, SayVerb, Ports], Deployment]] = {
    Verb.PAUSE: _pause,
    Verb.RESUME: _resume,
    Verb.ADVANCE: _advance,
    Verb.PROMOTE: _promote,
    Verb.ABORT: _abort,
    Verb.ROLLBACK: _rollback,
    Verb.RETRY: _retry,
}
