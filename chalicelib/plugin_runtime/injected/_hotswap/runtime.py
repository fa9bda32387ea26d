"""Answering one event: check, call, check again, and turn whatever goes wrong into a typed failure."""

import time
from contextlib import suppress

from hotswap_plugin import PluginContext, PluginError

from .events import Call, is_probe
from .failures import Failure
from .loading import Plugin, elapsed_ms
from .logs import ExecutionLogger, redactor, write_line
from .results import check_size, plain_object
from .violations import JsonSchemaValuesException, error_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Runtime:
    """Serves one plugin for the life of a container. Between two calls it remembers nothing of the first."""

    def __init__(self, package: str, *, started: float) -> None:
        """
        Load the plugin that lies in the folder *package*; if that fails, each call will say so.

        *started* (of ``time.perf_counter``) is when the container began with our code.
        """
        self._plugin = Plugin(package)
        self._is_cold = True
        # The container outlives a failed start: it tells the intake why, and tries again with the next call.
        with suppress(Failure):
            self._plugin.load()
        self._init_ms = elapsed_ms(started)

    def answer(self, event: object, remaining_ms: "Callable[[], int]") -> "dict[str, Any]":
        """Answer an invocation or a probe; never raises, since Lambda would show the trace to the caller."""
        started = time.perf_counter()
        metrics = {"initMs": self._init_ms, "runMs": 0.0, "coldStart": self._is_cold}
        self._is_cold = False
        call: Call | None = None
        try:
            if is_probe(event):
                body = self._probe()
            else:
                call = Call(event)
                body = self._perform(call, remaining_ms)
            answer: dict[str, Any] = {"ok": True, **body}
        except Failure as failure:
            answer = {"ok": False, "failure": failure.document()}
        metrics["runMs"] = elapsed_ms(started)
        self._log(call, answer, metrics)
        return {**answer, "version": self._plugin.release["version"], "metrics": metrics}

    def _probe(self) -> "dict[str, Any]":
        try:
            self._plugin.load()
        except Failure as failure:
            # Only the intake sends probes, and its findings are for the plugin's developers.
            raise Failure(failure.kind, self._plugin.diagnosis(failure.__cause__ or failure)) from failure
        return {"probe": {**self._plugin.release, "entryPoint": self._plugin.entry_point}}

    def _perform(self, call: Call, remaining_ms: "Callable[[], int]") -> "dict[str, Any]":
        handle = self._plugin.load()
        if call.operation not in self._plugin.operations:
            fix = f"Use one of {', '.join(self._plugin.operations)}."
            errors = [{"field": "/operation", "message": "is not an operation of this plugin", "fix": fix}]
            raise Failure("UnknownOperation", "The plugin has no such operation.", errors)
        self._check(call.operation, "input", call.input, "The input does not match the operation's schema.")
        _, state_before = plain_object(call.state, "The state")
        context = self._context(call, remaining_ms)
        try:
            returned = handle(call.operation, call.input, context)
        except PluginError as error:
            redact = redactor(call.secrets)
            errors = [{key: redact(str(text)) for key, text in one.items()} for one in error.errors]
            raise Failure("PluginError", redact(error.message), errors) from error
        # Also SystemExit, KeyboardInterrupt and the like: what one call does must not end the container.
        except BaseException as error:
            context.logger.exception("the plugin raised")
            raise Failure("PluginRaised", "The plugin failed while it worked on the call.") from error
        return self._accept(call, returned, context.state, state_before)

    def _accept(self, call: Call, returned: object, state: object, state_before: str) -> "dict[str, Any]":
        result, result_text = plain_object(returned, "The result")
        self._check(call.operation, "output", result, "The result does not match the operation's schema.")
        new_state, state_text = plain_object(state, "The state")
        check_size(result_text, state_text)
        return {"result": result} if state_text == state_before else {"result": result, "state": new_state}

    def _check(self, operation: str, side: str, value: object, message: str) -> None:
        try:
            self._plugin.check(operation, side)(value)
        except JsonSchemaValuesException as violation:
            kind = "InvalidInput" if side == "input" else "InvalidOutput"
            raise Failure(kind, message, map(error_document, violation.errors)) from violation
        except RecursionError as error:
            kind = "InvalidInput" if side == "input" else "InvalidOutput"
            raise Failure(kind, "The data is nested too deeply.") from error

    def _context(self, call: Call, remaining_ms: "Callable[[], int]") -> PluginContext:
        release = self._plugin.release
        logger = ExecutionLogger(release["name"], self._fields(call), redactor(call.secrets))
        return PluginContext(
            tenant_id=call.tenant_id,
            plugin=release["name"],
            version=release["version"],
            environment=call.environment,
            config=call.config,
            secrets=call.secrets,
            state=call.state,
            logger=logger,
            remaining_ms=remaining_ms,
        )

    def _fields(self, call: Call | None) -> "dict[str, Any]":
        fields = {"plugin": self._plugin.release["name"], "version": self._plugin.release["version"]}
        if call is not None:
            fields |= {
                "tenantId": call.tenant_id,
                "environment": call.environment,
                "operation": call.operation,
                "executionId": call.execution_id,
                "traceId": call.trace_id,
            }
        return fields

    def _log(self, call: Call | None, answer: "dict[str, Any]", metrics: "dict[str, Any]") -> None:
        """Write the one line that each call has; MiniStack waits 50 ms for it when there is none."""
        outcome = {"ok": answer["ok"], **metrics}
        if not answer["ok"]:
            outcome["failure"] = answer["failure"]["kind"]
        write_line("INFO", "answered", {**self._fields(call), **outcome})
