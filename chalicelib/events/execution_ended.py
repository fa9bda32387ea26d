"""Whenever an execution ends badly, or is stopped: take back what its deployment has, and close its books."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.domain.diagnoses import ExecutionState
from chalicelib.logs import function_logger
from chalicelib.services import convergence

blueprint = Blueprint(__name__)

logger = function_logger()

#: A deployment's own execution is named by its id and attempt; one that watches for it, by step and round as well.
_NAME = re.compile(r"(?P<id>dep_[0-9A-HJKMNP-TV-Z]{26})-(?P<attempt>[0-9]{1,6})(?:-[0-9]{1,6}-[0-9]{1,9})?")


@blueprint.lambda_function(name="execution_ended")
def execution_ended(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """
    Hear from EventBridge that an execution of the deployment or observe machine FAILED, TIMED_OUT or was ABORTED.

    Idempotent, and it is not alone: the machine itself, and `reconcile` within a minute, do the same. A deployment
    that has ended, and one that has begun another attempt since, stays as it is.
    """
    name, state = event["detail"]["name"], ExecutionState(event["detail"]["status"])
    named = _NAME.fullmatch(name)
    if named is None:
        logger.warning("an execution of somebody else", extra={"execution": name})
        return {"status": None}
    ended = convergence.end_with_execution(named["id"], int(named["attempt"]), state, bootstrap.ports())
    logger.info("execution ended", extra={"execution": name, "state": state, "deployment_status": ended.status})
    return {"status": ended.status}
