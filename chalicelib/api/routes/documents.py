"""The API's own description: for programs, and for people."""

from __future__ import annotations

from functools import lru_cache

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Html, JsonText
from chalicelib.api.blueprints import ApiBlueprint

blueprint = ApiBlueprint(__name__)


@lru_cache(maxsize=1)
def _texts() -> tuple[str, str]:
    """Make both once a process, when somebody asks."""
    # Nobody else should wait for their import, nor for that of all the other routes.
    from chalicelib.api.application import app  # noqa: PLC0415
    from chalicelib.api.docs_page import render  # noqa: PLC0415
    from chalicelib.api.openapi import document_of, write  # noqa: PLC0415

    document = document_of(app.load_all())
    return write(document), render(document)


@blueprint.route("/v1/openapi.json", authorizer=None)
@endpoint(blueprint, is_open=True)
def show_openapi() -> JsonText:
    """Describe this API in OpenAPI 3.1."""
    return JsonText(_texts()[0])


@blueprint.route("/docs", authorizer=None)
@endpoint(blueprint, is_open=True)
def show_docs() -> Html:
    """Describe this API on a page for people."""
    return Html(_texts()[1])
