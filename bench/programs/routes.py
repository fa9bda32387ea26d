"""Routes as the API has them, without a service behind them: what remains is what `@endpoint` costs."""

from collections.abc import Mapping
from typing import Any

from chalice import Blueprint

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Ok
from chalicelib.api.models import Body, Resource
from chalicelib.domain.authorization import Caller


class EchoBody(Body):
    """What a request says."""

    plugin_id: str
    name: str
    revision: int


class EchoResource(Resource):
    """What an answer holds."""

    plugin_id: str
    name: str
    revision: int


def blueprint_of_ours(routes: int, document: Mapping[str, Any]) -> Blueprint:
    """Make a blueprint with so many routes; GET answers *document*, POST what it was sent."""
    blueprint = Blueprint(__name__)
    for number in range(routes):
        blueprint.route(f"/ours/{number}", methods=["GET"])(_show(blueprint, EchoResource.model_validate(document)))
        blueprint.route(f"/ours/{number}", methods=["POST"])(_register(blueprint))
    return blueprint


def _show(blueprint: Blueprint, resource: EchoResource) -> Any:  # noqa: ANN401 - what Chalice calls a view
    @endpoint(blueprint)
    def show_plugin(caller: Caller) -> Ok[EchoResource]:  # noqa: ARG001 - as handlers take it
        """Show it."""
        return Ok(resource)

    return show_plugin


def _register(blueprint: Blueprint) -> Any:  # noqa: ANN401 - what Chalice calls a view
    @endpoint(blueprint, body=EchoBody)
    def register_plugin(body: EchoBody, caller: Caller) -> Ok[EchoResource]:  # noqa: ARG001 - as handlers take it
        """Register it."""
        return Ok(EchoResource(plugin_id=body.plugin_id, name=body.name, revision=body.revision))

    return register_plugin
