"""What the doctor finds: where the parts of the product disagree, why, and what heals it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from chalicelib.api.models import Query, Resource
from chalicelib.domain.diagnoses import Cure, Diagnosis
from chalicelib.domain.ids import Environment, check_plugin_id
from chalicelib.services.diagnoses import Examination


def _plugin_id(text: str) -> str:
    return check_plugin_id(text, field="/pluginId")


class DoctorQuery(Query):
    """How much is examined."""

    plugin_id: Annotated[
        Annotated[str, AfterValidator(_plugin_id)] | None,
        Field(description="Send the id of a plugin to examine it alone."),
    ] = None


class DiagnosisResource(Resource):
    """One disagreement."""

    plugin_id: str
    environment: Environment
    deployment_id: Annotated[str | None, Field(description="The deployment that it is about; null: none.")]
    what: Annotated[str, Field(description="What disagrees.")]
    cause: str
    cure: Annotated[Cure, Field(description='What the next sweep does by itself, within a minute; "none": nothing.')]
    verb: Annotated[str, Field(description="What you may safely do if you do not want to wait for that.")]

    @classmethod
    def of(cls, found: Diagnosis) -> DiagnosisResource:
        """Present a diagnosis."""
        return cls(
            plugin_id=found.plugin_id,
            environment=Environment(found.environment),
            deployment_id=found.deployment_id or None,
            what=found.what,
            cause=found.cause,
            cure=found.cure,
            verb=found.verb,
        )


class UnknownResource(Resource):
    """Something that could not be examined."""

    name: str
    why: str


class DoctorResource(Resource):
    """Every disagreement, and how much was looked at to find it."""

    is_well: Annotated[bool, Field(description="Whether everything was examined and agrees.")]
    deployments: Annotated[int, Field(description="How many have not ended.")]
    routes: int
    aliases: int
    aliases_left: Annotated[int, Field(description="Too many for one request: name a plugin to compare them.")]
    diagnoses: list[DiagnosisResource]
    unknown: list[UnknownResource]

    @classmethod
    def of(cls, found: Examination) -> DoctorResource:
        """Present an examination."""
        return cls(
            is_well=not (found.diagnoses or found.unknown),
            deployments=found.deployments,
            routes=found.routes,
            aliases=found.aliases,
            aliases_left=found.aliases_left,
            diagnoses=[DiagnosisResource.of(one) for one in found.diagnoses],
            unknown=[UnknownResource(name=name, why=why) for name, why in found.unknown],
        )
