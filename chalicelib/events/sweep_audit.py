"""Every quarter of an hour: seal the audit records that the stream has dropped."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.logs import function_logger
from chalicelib.services import seals

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.schedule(Rate(15, unit=Rate.MINUTES), name="sweep_audit")
def sweep_audit(_event: CloudWatchEvent) -> dict[str, Any]:
    """Seal what has no seal though it is older than the stream takes; usually that is nothing."""
    sealed = seals.sweep_audit(bootstrap.ports())
    if sealed:
        logger.warning("the stream had dropped records", extra={"sealed": sealed})
    return {"sealed": sealed}
