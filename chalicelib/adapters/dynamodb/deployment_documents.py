"""From a stored deployment to the domain."""

from __future__ import annotations

from chalicelib.adapters.dynamodb.deployment_items import DeploymentItem
from chalicelib.adapters.dynamodb.documents import Values, route_of
from chalicelib.adapters.dynamodb.items import values_of
from chalicelib.domain.deployments import Deployment, DeploymentStatus, HealthCheck
from chalicelib.domain.plans import Plan, Step, StepKind, StepStatus, Verdict
from chalicelib.domain.routes import Target
from chalicelib.domain.strategies import Strategy


def deployment_of(item: DeploymentItem) -> Deployment:
    """Make a deployment."""
    values = values_of(item, Deployment)
    return Deployment(
        **{
            **values,
            "target": Target(**values["target"]),
            "strategy": Strategy(values["strategy"]),
            "plan": Plan(tuple(_step_of(step) for step in values["plan"]["steps"])),
            "status": DeploymentStatus(values["status"]),
            "last_known_good": route_of(values["last_known_good"]) if "last_known_good" in values else None,
            "health_checks": tuple(HealthCheck(**check) for check in values["health_checks"]),
        }
    )


def _step_of(values: Values) -> Step:
    verdict = values.get("verdict")
    return Step(
        **{
            **values,
            "kind": StepKind(values["kind"]),
            "status": StepStatus(values["status"]),
            "verdict": Verdict(**verdict) if verdict else None,
        }
    )
