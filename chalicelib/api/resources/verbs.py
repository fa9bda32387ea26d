"""What people send with the verbs of a deployment."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Text
from chalicelib.api.preconditions import revision_of
from chalicelib.domain.authorization import Caller
from chalicelib.domain.verbs import Verb
from chalicelib.services.verbs import SayVerb


class VerbBody(Body):
    """Why, and at which step the caller has seen the deployment."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The vendor has an outage."}]})

    reason: Annotated[Text, Field(min_length=1, description="Say why; whoever reads the timeline sees it.")]
    step_index: Annotated[
        int | None,
        Field(ge=0, description="Do it only while this is the current step (0-based); else 412. Instead of If-Match."),
    ] = None

    def to_command(
        self, caller: Caller, verb: Verb, deployment_id: str, if_match: str | None, *, validate_only: bool
    ) -> SayVerb:
        """
        Make the command of the use case; ``If-Match`` is optional, for an emergency needs no reading first.

        Raises:
            PreconditionFailedError: It is no ETag of ours (412).
        """
        return SayVerb(
            caller,
            verb,
            deployment_id,
            self.reason,
            revision=revision_of(if_match) if if_match else None,
            step_index=self.step_index,
            validate_only=validate_only,
        )


class PromoteBody(VerbBody):
    """Also which variant of an experiment wins."""

    outcome_version: Annotated[
        str | None,
        Field(max_length=64, description="Out of an experiment: the variant that wins; absent: the candidate."),
    ] = None

    def to_command(
        self, caller: Caller, verb: Verb, deployment_id: str, if_match: str | None, *, validate_only: bool
    ) -> SayVerb:
        """Make the command of the use case."""
        command = super().to_command(caller, verb, deployment_id, if_match, validate_only=validate_only)
        return command._replace(outcome_version=self.outcome_version)


class RollbackBody(VerbBody):
    """Also which version is to serve."""

    to_version: Annotated[
        str | None,
        Field(max_length=64, description="Of a Completed one: any retained version; absent: what served before it."),
    ] = None

    def to_command(
        self, caller: Caller, verb: Verb, deployment_id: str, if_match: str | None, *, validate_only: bool
    ) -> SayVerb:
        """Make the command of the use case."""
        command = super().to_command(caller, verb, deployment_id, if_match, validate_only=validate_only)
        return command._replace(to_version=self.to_version)
