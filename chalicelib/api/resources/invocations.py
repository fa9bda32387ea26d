"""Invocations: for the document only; the invoke function itself reads and writes without models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from chalicelib.api.models import Body, Resource
from chalicelib.domain.ids import Environment
from chalicelib.domain.resolution import Reason


class InvokeBody(Body):
    """What a plugin is to do, and for whom."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tenantId": "acme",
                    "operation": "charge",
                    "input": {"amount": 1999, "currency": "eur"},
                    "environment": "Development",
                }
            ]
        }
    )

    tenant_id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,62}$", description="Send the tenant's id.")]
    operation: Annotated[
        str, Field(min_length=1, max_length=100, description="Name an operation of the plugin's manifest.")
    ]
    input: Annotated[
        dict[str, Any],
        Field(default_factory=dict, description="Send an object that fits the operation's input schema."),
    ]
    environment: Annotated[Environment, Field(description="Use one of " + ", ".join(Environment) + ".")] = (
        Environment.PRODUCTION
    )


class InvocationResource(Resource):
    """What the plugin answered, which version that was and why that one."""

    result: dict[str, Any]
    version: str
    execution_id: str
    duration_ms: Annotated[float, Field(description="Wall time of the call to the plugin.")]
    trace_id: str
    reason: Annotated[Reason, Field(description="The rule that chose the version.")]
