"""From a stored deployment to the domain."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.deployment_items import DeploymentItem
from chalicelib.adapters.dynamodb.documents import Values, route_of, target_of
from chalicelib.adapters.dynamodb.items import values_of
from chalicelib.domain.deployments import Deployment, DeploymentStatus, HealthCheck, Hold, OnConflict
from chalicelib.domain.plans import Plan, Reach, Step, StepKind, StepStatus
from chalicelib.domain.routes import SplitBy, Variant
from chalicelib.domain.strategies import Strategy
from chalicelib.domain.verdicts import Verdict


def deployment_of(item: DeploymentItem) -> Deployment:
    """Make a deployment."""
    values = values_of(item, Deployment)
    return Deployment(
        **{
            **values,
            "target": target_of(values["target"]),
            "strategy": Strategy(values["strategy"]),
            "plan": Plan(tuple(_step_of(step) for step in values["plan"]["steps"])),
            "status": DeploymentStatus(values["status"]),
            "last_known_good": route_of(values["last_known_good"]) if "last_known_good" in values else None,
            "health_checks": tuple(HealthCheck(**check) for check in values["health_checks"]),
            "split_by": SplitBy(values["split_by"]),
            "on_conflict": OnConflict(values["on_conflict"]),
            "ends_as": DeploymentStatus(values["ends_as"]) if "ends_as" in values else None,
            "sent_back": tuple(values.get("sent_back", ())),
            "is_watched": bool(values.get("is_watched")),
            "hold": Hold(**values["hold"]) if "hold" in values else None,
            "changed_by": tuple(values.get("changed_by", ())),
        }
    )


def _step_of(values: Values) -> Step:
    verdict, reach = values.get("verdict"), values.get("reach")
    variants = (Variant(**{**arm, "target": target_of(arm["target"])}) for arm in values["variants"])
    return Step(
        **{
            **values,
            "kind": StepKind(values["kind"]),
            "status": StepStatus(values["status"]),
            "rings": tuple(values["rings"]),
            "variants": tuple(variants),
            "reach": Reach(**{**reach, "sample": tuple(reach["sample"])}) if reach else None,
            "verdict": Verdict.from_document(verdict) if verdict else None,
        }
    )
