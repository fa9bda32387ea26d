"""Tell callers who they are."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.users import UserResource
from chalicelib.domain.authorization import Caller

blueprint = ApiBlueprint(__name__)


@blueprint.route("/me")
@endpoint(blueprint)
def show_me(caller: Caller) -> Ok[UserResource]:
    """Tell who the token says that you are."""
    return Ok(UserResource.of(caller))
