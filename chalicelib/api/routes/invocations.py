"""
The route of an invocation: it puts the path, its authorizer and its shape into the API's definition.

On AWS and in the emulator the path leads to the invoke function directly; whoever runs the whole API in one
process gets the same code from here.
"""

from __future__ import annotations

from chalice import Response

from chalicelib.api import invoke
from chalicelib.api.answers import Ok
from chalicelib.api.blueprints import ApiBlueprint
from chalicelib.api.contracts import contract_of
from chalicelib.api.resources.invocations import InvocationResource, InvokeBody

blueprint = ApiBlueprint(__name__)


def invoke_plugin(plugin_id: str) -> Ok[InvocationResource]:
    """
    Run one operation of the version that serves this tenant.

    The headers `X-HotSwap-Version` and `X-HotSwap-Reason` say which version that was, and why.

    Raises:
        ValidationError: The plugin has no such operation, the input breaks its schema, or the override is forged (400).
        ForbiddenError: The tenant is suspended, or the override is over or for something else (403).
        NotFoundError: The tenant is not yours, has not installed the plugin, or nothing is deployed (404).
        StaleRevisionError: Another call changed the plugin's state for this tenant at the same time (409).
        PluginFailedError: The plugin failed (502).
        PluginTimeoutError: It did not answer in its time (504).
    """
    raise NotImplementedError(plugin_id)  # the promise alone: `answer_invocation` keeps it


@blueprint.route("/plugins/{plugin_id}/invoke", methods=["POST"], name="answer_invocation")
def answer_invocation(plugin_id: str) -> Response:  # noqa: ARG001 (it is in the event, where `invoke` reads it)
    """Run one operation of the version that serves this tenant."""
    event = blueprint.current_request.to_original_event()
    reply = invoke.answer_proxied(event, blueprint.lambda_context)

    return Response(body=reply.body, status_code=reply.status, headers=dict(reply.headers))


answer_invocation.contract = contract_of(invoke_plugin, body=InvokeBody)
