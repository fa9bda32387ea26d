"""The policies of environments: who must agree, when tenants may be moved, and what comes from below."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.preconditions import revision_of
from chalicelib.api.resources.policies import PolicyResource, PutPolicyBody
from chalicelib.domain.authorization import Caller
from chalicelib.domain.ids import check_environment
from chalicelib.ports import Ports
from chalicelib.services.policies import PutPolicy
from chalicelib.services.policies import put_policy as put

blueprint = ApiBlueprint(__name__)


@blueprint.route("/environments/{environment}/policy")
@endpoint(blueprint)
def show_policy(environment: str, ports: Ports) -> Ok[PolicyResource]:
    """
    Show what an environment asks of a deployment, and whether it is open now.

    Raises:
        ValidationError: There is no such environment (400).
    """
    policy = ports.policies.get(check_environment(environment))

    return Ok(PolicyResource.of(policy, ports.clock.now()), revision=policy.revision)


@blueprint.route("/environments/{environment}/policy", methods=["PUT"])
@endpoint(blueprint, body=PutPolicyBody)
def put_policy(
    environment: str, body: PutPolicyBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[PolicyResource]:
    """
    Replace the policy of an environment as a whole; approvals that were asked for keep the rule of their time.

    Raises:
        ValidationError: Something in it can't be (400).
        PreconditionFailedError: It was changed since you read it (412).
        PreconditionRequiredError: If-Match is missing (428).
    """
    policy = body.policy(check_environment(environment))
    command = PutPolicy(caller, policy, revision_of(if_match), body.reason, validate_only=validate_only)
    changed = put(command, ports)

    return Ok(PolicyResource.of(changed, ports.clock.now()), revision=changed.revision)
