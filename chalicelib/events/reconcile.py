"""Every minute: do what nobody else is there to do, because time has passed or somebody died."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.logs import function_logger
from chalicelib.services import aftercare, approval_sweeps, convergence, turns

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="reconcile")
def reconcile(_event: CloudWatchEvent) -> dict[str, Any]:
    """
    Let approvals run out and remind people before, wake who was not told, and start whose turn has come.

    Then compare deployments with their leases, executions and routes, and heal what disagrees, and look after those
    that have ended: pins of their guard, and what they left serving.

    Safe to run at any time and twice at once: each change is bound to what was read.
    """
    ports = bootstrap.ports()
    sweep = approval_sweeps.expire_approvals(ports)
    begun = turns.start_waiting(ports)
    healed = convergence.converge(ports)
    cared = aftercare.look_after(ports)
    failed = dict((*sweep.failed, *healed.failed, *cared.failed))
    for name, why in failed.items():
        logger.warning("not looked after", extra={"what": name, "why": why})
    told = {**sweep._asdict(), **healed._asdict(), **cared._asdict(), "begun": begun, "failed": failed}
    done = {name: list(ids) for name, ids in told.items()}
    logger.info("reconciled", extra={name: len(ids) for name, ids in done.items()})
    return done
