"""Every quarter of an hour: seal the audit records that the stream has dropped."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger
from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.services import seals

blueprint = Blueprint(__name__)

logger = Logger(level=os.environ.get("HOTSWAP_LOG_LEVEL", "INFO"))


@blueprint.schedule(Rate(15, unit=Rate.MINUTES), name="sweep_audit")
def sweep_audit(_event: CloudWatchEvent) -> dict[str, Any]:
    """Seal what has no seal though it is older than the stream takes; usually that is nothing."""
    sealed = seals.sweep_audit(bootstrap.ports())
    if sealed:
        logger.warning("the stream had dropped records", extra={"sealed": sealed})
    return {"sealed": sealed}
