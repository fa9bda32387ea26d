"""The rings of the product, in the order of risk."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.preconditions import revision_of
from chalicelib.api.resources.rings import PutRingsBody, RingsResource
from chalicelib.domain.authorization import Caller
from chalicelib.ports import Ports
from chalicelib.services import rings
from chalicelib.services.rings import PutRings

blueprint = ApiBlueprint(__name__)


@blueprint.route("/rings")
@endpoint(blueprint)
def show_rings(ports: Ports) -> Ok[RingsResource]:
    """Show the rings in the order in which they take a risk."""
    found = ports.rings.get()

    return Ok(RingsResource.of(found), revision=found.revision)


@blueprint.route("/rings", methods=["PUT"])
@endpoint(blueprint, body=PutRingsBody)
def put_rings(
    body: PutRingsBody, caller: Caller, ports: Ports, *, if_match: str | None, validate_only: bool
) -> Ok[RingsResource]:
    """
    Replace the list of rings: add one, change their order, or take one away that no tenant is in.

    Raises:
        ConflictError: A ring that is left out still has tenants; it says how many (409).
        PreconditionFailedError: The rings were changed since you read them (412).
        PreconditionRequiredError: If-Match is missing (428).
    """
    changed = rings.put_rings(PutRings(caller, body.rings, revision_of(if_match), validate_only=validate_only), ports)

    return Ok(RingsResource.of(changed), revision=changed.revision)
