"""Every minute: mend the aliases that do not show their route."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.logs import function_logger
from chalicelib.services import mirrors

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="mend_aliases")
def mend_aliases(_event: CloudWatchEvent) -> dict[str, Any]:
    """
    Compare routes with their aliases and mend what has drifted.

    Safe to run at any time and twice at once: each change is bound to the revision of the alias that was read.
    """
    sweep = mirrors.mend_aliases(bootstrap.ports())
    for name, why in sweep.failed:
        logger.warning("alias not mended", extra={"alias": name, "why": why})
    logger.info("swept", extra={"compared": sweep.compared, "mended": sweep.mended, "failed": len(sweep.failed)})
    return {"compared": sweep.compared, "mended": list(sweep.mended), "failed": [name for name, _ in sweep.failed]}
