"""The version that is in effect for a tenant, and every rule that had a say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.models import Query, Resource
from chalicelib.domain.explanations import Rule
from chalicelib.domain.ids import Environment
from chalicelib.domain.resolution import Reason
from chalicelib.domain.routes import SplitBy
from chalicelib.domain.servings import Serving
from chalicelib.services.explanations import Effective


class EffectiveQuery(Query):
    """Where it is asked for."""

    environment: Annotated[Environment, Field(description="Use one of " + ", ".join(Environment) + ".")] = (
        Environment.PRODUCTION
    )


class RuleResource(Resource):
    """One rule, in the order in which they are asked."""

    rule: Reason
    matched: Annotated[bool, Field(description="Whether it decided: true for exactly one rule.")]
    holds: Annotated[bool, Field(description="Whether it holds, also when an earlier one has decided.")]
    why: str

    @classmethod
    def of(cls, rule: Rule) -> RuleResource:
        """Present a rule."""
        return cls(rule=rule.rule, matched=rule.matched, holds=rule.holds, why=rule.why)


class ServingResource(Resource):
    """Which version answered last."""

    version: str
    reason: str
    at: Annotated[
        str, Field(description="When it first answered under the route, the installation and the rule of then.")
    ]

    @classmethod
    def of(cls, serving: Serving) -> ServingResource:
        """Present a serving."""
        return cls(version=serving.version, reason=serving.reason, at=serving.at)


class EffectiveResource(Resource):
    """Which version serves a tenant, and why."""

    tenant_id: str
    plugin_id: str
    environment: Environment
    configured_version: Annotated[str | None, Field(description="The stable version of the environment.")]
    candidate_version: Annotated[str | None, Field(description="The version that is being tried there.")]
    candidate_percentage: float
    split_by: SplitBy
    pinned_version: Annotated[
        str | None, Field(description="What the tenant's pin names, wherever it is and whether it holds or not.")
    ]
    resolved_version: Annotated[
        str | None,
        Field(description="What serves the tenant; of a split by request, the version that takes what is left."),
    ]
    digest: Annotated[str | None, Field(description="SHA-256 of the package of the resolved version.")]
    last_served: ServingResource | None
    bucket: Annotated[int | None, Field(description="The tenant's place in 0 to 9,999 for this plugin, for ever.")]
    reason: Reason
    rules: list[RuleResource]

    @classmethod
    def of(cls, found: Effective) -> EffectiveResource:
        """Present what is in effect."""
        route, target = found.route, found.explanation.resolution.target
        pin = found.installation.pin if found.installation else None
        return cls(
            tenant_id=found.tenant_id,
            plugin_id=found.plugin_id,
            environment=found.environment,
            configured_version=route.stable.version if route and route.stable else None,
            candidate_version=route.candidate.version if route and route.candidate else None,
            candidate_percentage=route.candidate_bps / 100 if route else 0,
            split_by=route.split_by if route else SplitBy.TENANT,
            pinned_version=pin.target.version if pin else None,
            resolved_version=target.version if target else None,
            digest=target.sha256 if target else None,
            last_served=ServingResource.of(found.last_serving) if found.last_serving else None,
            bucket=found.explanation.bucket,
            reason=found.explanation.resolution.reason,
            rules=[RuleResource.of(rule) for rule in found.explanation.rules],
        )
