"""Whenever an alarm of CloudWatch is raised that names a plugin and an environment: take back what is tried there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.alarms import RaisedAlarm
from chalicelib.logs import function_logger
from chalicelib.services import alarms

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.lambda_function(name="alarm_raised")
def alarm_raised(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """
    Hear from EventBridge that an alarm named ``<stack>/<plugin>/<environment>[/…]`` went into ALARM.

    Idempotent, and it is not alone: whoever notices first rolls back. An alarm that was raised before the candidate
    served anybody, and one of a place where nothing is tried, changes nothing.
    """
    detail = event["detail"]
    raised_at = datetime.fromisoformat(detail["state"]["timestamp"])
    alarm = RaisedAlarm(detail["alarmName"], str(detail["state"].get("reason", "no reason given")), raised_at)
    deployment = alarms.hear_alarm(alarm, bootstrap.ports())
    told = {"deployment_id": deployment.id, "status": str(deployment.status)} if deployment else {"status": None}
    logger.info("alarm raised", extra={"alarm": alarm.name, **told})
    return told
