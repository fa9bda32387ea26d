"""Every minute: let aliases follow the versions that were blocked."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.services import retirements

blueprint = Blueprint(__name__)

logger = Logger(level=os.environ.get("HOTSWAP_LOG_LEVEL", "INFO"))


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="settle_versions")
def settle_versions(_event: CloudWatchEvent) -> dict[str, Any]:
    """
    Finish what a request that blocked a version began.

    Safe to run at any time and twice at once: each part of it changes nothing when it is done already.
    """
    blocks = retirements.finish_blocks(bootstrap.ports())
    for name, why in blocks.failed:
        logger.warning("block not finished", extra={"version": name, "why": why})
    logger.info("settled", extra={"finished": blocks.finished, "failed": len(blocks.failed)})
    return {"finished": list(blocks.finished), "failed": [name for name, _ in blocks.failed]}
