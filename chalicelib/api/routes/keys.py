"""Keys that machines call with."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Created, Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.models import PageResource
from chalicelib.api.resources.keys import CreateKeyBody, KeyListing, KeyResource, RotateKeyBody, ToldKeyResource
from chalicelib.domain.authorization import Caller
from chalicelib.domain.times import rfc3339
from chalicelib.ports import Ports
from chalicelib.services import machine_keys
from chalicelib.services.machine_keys import RevokeKey

blueprint = ApiBlueprint(__name__)


@blueprint.route("/keys", methods=["POST"])
@endpoint(blueprint, body=CreateKeyBody, told_once="key")
def create_key(body: CreateKeyBody, caller: Caller, ports: Ports, *, validate_only: bool) -> Created[ToldKeyResource]:
    """
    Create a key for a program that calls as a Host; the answer is the only place where it is told.

    A repeat with its `Idempotency-Key` makes no other key, and its `key` is null: revoke one whose answer you did
    not get.
    """
    told = machine_keys.create_key(body.to_command(caller, validate_only=validate_only), ports)

    resource = ToldKeyResource.of_told(told, rfc3339(ports.clock.now()))
    return Created(resource, location=f"/keys/{told.key.id}", revision=told.key.revision)


@blueprint.route("/keys")
@endpoint(blueprint, query=KeyListing)
def list_keys(query: KeyListing, ports: Ports) -> Ok[PageResource[KeyResource]]:
    """List keys, ended ones too, the oldest first; never their secrets."""
    scope, now = query.scope("/keys"), rfc3339(ports.clock.now())
    page = ports.machine_keys.page(query.request("/keys", ports.cursors))

    shown = PageResource[KeyResource].of(page, lambda key: KeyResource.of(key, now), cursors=ports.cursors, scope=scope)
    return Ok(shown)


@blueprint.route("/keys/{key_id}")
@endpoint(blueprint)
def show_key(key_id: str, ports: Ports) -> Ok[KeyResource]:
    """Show a key; never its secrets."""
    key = machine_keys.find_key(key_id, ports)

    return Ok(KeyResource.of(key, rfc3339(ports.clock.now())), revision=key.revision)


@blueprint.route("/keys/{key_id}/rotate", methods=["POST"])
@endpoint(blueprint, body=RotateKeyBody, told_once="key")
def rotate_key(
    key_id: str, body: RotateKeyBody, caller: Caller, ports: Ports, *, validate_only: bool
) -> Ok[ToldKeyResource]:
    """
    Give a key a new secret, told here only; the ones before stay good for the overlap.

    A repeat with its `Idempotency-Key` changes nothing more, and its `key` is null. Rotate again if you did not get
    the answer; nothing that is in use ends sooner for it.

    Raises:
        ConflictError: It is over, too many of its secrets are still good, or somebody else changed it (409).
    """
    told = machine_keys.rotate_key(body.to_command(caller, key_id, validate_only=validate_only), ports)

    return Ok(ToldKeyResource.of_told(told, rfc3339(ports.clock.now())), revision=told.key.revision)


@blueprint.route("/keys/{key_id}", methods=["DELETE"])
@endpoint(blueprint)
def revoke_key(key_id: str, caller: Caller, ports: Ports, *, validate_only: bool) -> Ok[KeyResource]:
    """
    End a key for good; every request with it is refused within a minute. It stays in the list.

    Raises:
        StaleRevisionError: Somebody else changed it at the same moment (409).
    """
    key = machine_keys.revoke_key(RevokeKey(caller, key_id, validate_only=validate_only), ports)

    return Ok(KeyResource.of(key, rfc3339(ports.clock.now())), revision=key.revision)
