"""Tell that somebody is there."""

from __future__ import annotations

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.resources.problems import HealthResource
from chalicelib.settings import Settings

blueprint = ApiBlueprint(__name__)


@blueprint.route("/health", authorizer=None)
@endpoint(blueprint, is_open=True)
def show_health() -> Ok[HealthResource]:
    """Tell that the API answers, and which version of the product it is."""
    return Ok(HealthResource(status="ok", version=Settings.from_environment().version))
