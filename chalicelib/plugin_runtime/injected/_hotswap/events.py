"""The event that a caller sends: who asks what of the plugin, on behalf of which tenant."""

from .failures import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TEXTS = ("operation", "tenantId", "environment")
_OBJECTS = ("input", "config", "secrets")


def is_probe(event: object) -> bool:
    """Tell whether the intake asks for the plugin itself rather than for an operation."""
    return isinstance(event, dict) and event.get("hotswap") == "probe"


class Call:
    """One call of an operation, as it was asked for; Lambda parsed it for this call alone."""

    def __init__(self, event: object) -> None:
        """
        Read *event*.

        Raises:
            Failure: It is not the event of the protocol (InvalidInput). Hosts may call the function
                themselves, so this can be anything.
        """
        if not isinstance(event, dict):
            raise _malformed("", "is not an object", "Send an object with operation, tenantId, environment and input.")
        for name in _TEXTS:
            if not isinstance(event.get(name), str) or not event[name]:
                raise _malformed(f"/{name}", "is missing or not a text", f"Send {name} as a text.")
        for name in _OBJECTS:
            if not isinstance(event.get(name, {}), dict):
                raise _malformed(f"/{name}", "is not an object", f"Send {name} as a JSON object.")
        secrets = event.get("secrets", {})
        if not all(isinstance(value, str) for value in secrets.values()):
            raise _malformed("/secrets", "holds something else than texts", "Send each secret as a text.")
        if not isinstance(event.get("state") or {}, dict):
            raise _malformed("/state", "is not an object", "Send the state as it was last returned, or null.")
        self.operation: str = event["operation"]
        self.tenant_id: str = event["tenantId"]
        self.environment: str = event["environment"]
        self.input: dict[str, Any] = event.get("input", {})
        self.config: dict[str, Any] = event.get("config", {})
        self.secrets: dict[str, str] = secrets
        self.state: dict[str, Any] = event.get("state") or {}
        self.execution_id = str(event.get("executionId") or "")
        self.trace_id = str(event.get("traceId") or "")


def _malformed(field: str, message: str, fix: str) -> Failure:
    return Failure(
        "InvalidInput",
        "The event is not one that a plugin understands.",
        [{"field": field, "message": message, "fix": fix}],
    )
