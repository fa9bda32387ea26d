"""The page on which people decide; its address is in the input of the state that waits for them."""

from __future__ import annotations

import secrets

from chalicelib.api._endpoint import endpoint
from chalicelib.api.answers import Html
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.domain.approvals import require_approval_id

blueprint = ApiBlueprint(__name__)


@blueprint.route("/approvals/{approval_id}", authorizer=None)
@endpoint(blueprint, is_open=True)
def show_approval_page(approval_id: str) -> Html:
    """
    Ask for a login on a page for people, then show what is asked and take the decision.

    It is the same page whether there is such an approval or not: before the login it tells nothing.

    Raises:
        NotFoundError: No approval could have this id (404).
    """
    # Nobody else should wait for its import.
    from chalicelib.api.approval_page import render  # noqa: PLC0415

    nonce = secrets.token_urlsafe(16)

    return Html(render(require_approval_id(approval_id), nonce), nonce)
