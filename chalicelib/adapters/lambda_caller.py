"""The one call of the hot path: a plugin's version through its alias."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import code_of, is_transient, is_unreachable
from chalicelib.domain.errors import PayloadTooLargeError, PluginFailedError, PluginTimeoutError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: Lambda's codes for a version that is still being made or woken up.
_NOT_READY = frozenset({"CodeArtifactUserPendingException", "ResourceConflictException", "ResourceNotReadyException"})
_FIX = "Its developer finds the reason in the plugin's log under the trace id."


def function_name(stack: str, plugin_id: str) -> str:
    """Name the function of a plugin."""
    return f"{stack}-plugin-{plugin_id}"


class LambdaCaller:
    """Calls versions, each at most once: what a plugin has done can't be taken back by a repeat."""

    def __init__(self, client: Callable[[], LambdaClient], stack: str) -> None:
        self._client = client
        self._stack = stack

    def call(
        self, plugin_id: str, alias: str, payload: Mapping[str, Any], *, isolated_for: str | None = None
    ) -> dict[str, Any]:
        """
        Call a version through its alias and return the runtime's answer.

        Lambda takes a tenant for a function that isolates tenants, and for no other.

        Raises:
            PluginTimeoutError: It did not answer in its time (504).
            PluginFailedError: The process died, or its answer is not the runtime's (502).
            PayloadTooLargeError: Lambda takes no such payload (413).
            TransientError: Lambda throttles or is unreachable (503).
        """
        whose: Any = {} if isolated_for is None else {"TenantId": isolated_for}
        try:
            response = self._client().invoke(
                FunctionName=function_name(self._stack, plugin_id),
                Qualifier=alias,
                Payload=json.dumps(dict(payload)).encode(),
                **whose,
            )
            content = response["Payload"].read()
        except Exception as error:  # whatever a client can raise; what is not known passes as it is
            raise _translate(error, plugin_id, alias) from error
        if response.get("FunctionError"):
            raise _died(plugin_id, content, response.get("ExecutedVersion", ""))
        return _answer_of(plugin_id, content)


def _translate(error: Exception, plugin_id: str, alias: str) -> Exception:
    code = code_of(error)
    if code == "ResourceNotFoundException":
        return PluginFailedError(f"{plugin_id} has no version that answers to {alias}.", fix="Deploy a version again.")
    if code == "RequestTooLargeException":
        return PayloadTooLargeError("The input is too large for a plugin.", fix="Send less than 6 MB.")
    if is_unreachable(error) and type(error).__name__ == "ReadTimeoutError":
        return _timed_out(plugin_id)
    if code in _NOT_READY or is_transient(error):
        return TransientError(f"{plugin_id} can't be reached at the moment.")
    return error


def _died(plugin_id: str, content: bytes, lambda_version: str) -> Exception:
    """Tell why Lambda itself, not the runtime in the plugin, reports an error; its words stay inside."""
    report = _parse(content)
    details = report if isinstance(report, dict) else {}
    if details.get("errorType") == "Sandbox.Timedout" or "Task timed out" in str(details.get("errorMessage", "")):
        error: PluginFailedError | PluginTimeoutError = _timed_out(plugin_id)
    else:
        error = PluginFailedError(f"{plugin_id} stopped before it answered.", fix=_FIX)
    error.lambda_version = lambda_version
    return error


def _answer_of(plugin_id: str, content: bytes) -> dict[str, Any]:
    answer = _parse(content)
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise PluginFailedError(f"{plugin_id} did not answer in the way of a plugin.", fix=_FIX)
    return answer


def _parse(content: bytes) -> object:
    try:
        parsed: object = json.loads(content)
    except ValueError:
        return None
    return parsed


def _timed_out(plugin_id: str) -> PluginTimeoutError:
    return PluginTimeoutError(
        f"{plugin_id} did not answer in its time.", fix="Try again, or raise resources.timeoutSeconds in plugin.json."
    )
