"""A minute after something is recorded: seal it, so that nobody can change or drop the record unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint

from chalicelib import bootstrap
from chalicelib.adapters.dynamodb.audit_streams import streamed_record
from chalicelib.logs import function_logger
from chalicelib.services import seals

blueprint = Blueprint(__name__)

logger = function_logger()


@blueprint.lambda_function(name="seal_audit")
def seal_audit(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """
    Take a batch of the audit table's stream, in which the template lets only new records through.

    Safe to run twice. Whatever fails here fails the whole batch, which then comes again; what the stream gives up
    after a day of that, or drops, `sweep_audit` has sealed long before.
    """
    sealed = seals.seal_records(map(streamed_record, event["Records"]), bootstrap.ports())
    logger.info("sealed", extra={"delivered": len(event["Records"]), "sealed": sealed})
    return {"sealed": sealed}
