"""Policies of environments: set them, and hold deployments to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import PreconditionFailedError, StaleRevisionError
from chalicelib.domain.ids import Environment
from chalicelib.domain.ladders import newcomers, require_ladder, was_current
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.policies import require_asked
from chalicelib.domain.policy_checks import check_policy
from chalicelib.domain.policy_documents import document_of
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.deployments import Deployment
    from chalicelib.domain.policies import EnvironmentPolicy
    from chalicelib.domain.routes import Target
    from chalicelib.ports import Ports


class PutPolicy(NamedTuple):
    """Ask for *policy* to hold from now on; *expected_revision* is what the caller has seen (None: any)."""

    caller: Caller
    policy: EnvironmentPolicy
    expected_revision: int | None = None
    reason: str = ""
    validate_only: bool = False


def put_policy(command: PutPolicy, ports: Ports) -> EnvironmentPolicy:
    """
    Replace the policy of an environment as a whole; the same again changes nothing.

    Approvals that were asked for already keep the rule that they were asked by.

    Raises:
        ValidationError: Something in it can't be (400).
        PreconditionFailedError: The policy was changed since the caller read it (412).
    """
    known = ports.policies.get(command.policy.environment)
    if command.expected_revision not in (None, known.revision):
        raise _changed(known)
    policy = check_policy(replace(command.policy, revision=known.revision))
    if policy == known or command.validate_only:
        return policy
    record = record_of(
        command.caller,
        "PutPolicy",
        f"environments/{policy.environment}/policy",
        ports,
        before=document_of(known),
        after=document_of(policy),
        reason=command.reason,
    )
    try:
        return ports.policies.save(policy, record)
    except StaleRevisionError as error:
        raise _changed(known) from error


def require_admitted(deployment: Deployment, ports: Ports) -> EnvironmentPolicy:
    """
    Raise unless the environment's policy, as it is now, lets *deployment* begin; return it.

    Windows and freezes are not asked here: what is closed now opens some time, and the machine waits for that.

    Raises:
        LadderError: A version that would come has not been through a lower environment (422).
        ApprovalNotPlannedError: The plan moves tenants before it asks whom the policy wants asked (422).
    """
    policy = ports.policies.get(Environment(deployment.environment))
    for target in newcomers(deployment):
        require_climbed(policy, deployment.plugin_id, target, ports)
    require_asked(policy, deployment.plan)
    return policy


def require_climbed(policy: EnvironmentPolicy, plugin_id: str, target: Target, ports: Ports) -> None:
    """
    Raise unless *target* has been through what the ladder of *policy* asks for.

    Raises:
        LadderError: It has not (422).
    """
    if policy.has_ladder:
        require_ladder(policy, target, _completed(plugin_id, ports))


def has_been_there(environment: Environment, plugin_id: str, target: Target, ports: Ports) -> bool:
    """Tell whether *target* has once become the current version of *environment*, with its approvals and all."""
    found = _completed(plugin_id, ports)
    return any(one.environment == environment and was_current(one, target) for one in found)


def _completed(plugin_id: str, ports: Ports) -> Iterator[Deployment]:
    """Go through the Completed deployments of a plugin, newest first, and read no further than somebody asks."""
    request: PageRequest | None = PageRequest(100)
    while request is not None:
        page = ports.deployments.page(request, plugin_id=plugin_id, environment=None, status=DeploymentStatus.COMPLETED)
        yield from page.items
        request = PageRequest(100, page.next_position) if page.next_position is not None else None


def _changed(policy: EnvironmentPolicy) -> PreconditionFailedError:
    return PreconditionFailedError(
        f"The policy of {policy.environment} was changed since you read it.",
        fix=f"GET /environments/{policy.environment}/policy again, and repeat with its ETag as If-Match.",
    )
