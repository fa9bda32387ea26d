"""Every minute: do what nobody else is there to do, because time has passed or somebody died."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.services import approval_sweeps, turns

blueprint = Blueprint(__name__)

logger = Logger(level=os.environ.get("HOTSWAP_LOG_LEVEL", "INFO"))


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="reconcile")
def reconcile(_event: CloudWatchEvent) -> dict[str, Any]:
    """
    Let approvals run out and remind people before, wake who was not told, and start whose turn has come.

    Safe to run at any time and twice at once: each change is bound to what was read.
    """
    ports = bootstrap.ports()
    sweep = approval_sweeps.expire_approvals(ports)
    begun = turns.start_waiting(ports)
    for name, why in sweep.failed:
        logger.warning("approval not looked after", extra={"approval": name, "why": why})
    done = {name: list(ids) for name, ids in sweep._asdict().items() if name != "failed"}
    logger.info("reconciled", extra={**{name: len(ids) for name, ids in done.items()}, "begun": len(begun)})
    return {**done, "begun": list(begun), "failed": [name for name, _ in sweep.failed]}
