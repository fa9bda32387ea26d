"""Every minute: let aliases follow the versions that were blocked, and containers those that are needed."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib import bootstrap
from chalicelib.logs import function_logger
from chalicelib.services import retirements, started_containers

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.schedule(Rate(1, unit=Rate.MINUTES), name="settle_versions")
def settle_versions(_event: CloudWatchEvent) -> dict[str, Any]:
    """
    Finish what a request that blocked a version began; start and release containers as routes and pins move.

    Safe to run at any time and twice at once: each part of it changes nothing when it is done already.
    """
    blocks = retirements.finish_blocks(bootstrap.ports())
    containers = started_containers.settle_containers(bootstrap.ports())
    failed = (*blocks.failed, *containers.failed)
    for name, why in failed:
        logger.warning("version not settled", extra={"version": name, "why": why})
    settled = {"finished": blocks.finished, "started": containers.started, "released": containers.released}
    logger.info("settled", extra={**settled, "failed": len(failed)})
    return {**{name: list(versions) for name, versions in settled.items()}, "failed": [name for name, _ in failed]}
