"""What every step shares: input and ports in, a result or an error that ASL can name out, a log line each way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import Any, TypeVar

from chalicelib import bootstrap
from chalicelib.domain.errors import DomainError, StaleRevisionError, TransientError
from chalicelib.logs import function_logger
from chalicelib.ports import Ports
from chalicelib.steps._given import Given, Result

#: How often a step reads again when somebody writes between its read and its write.
_READS = 3

Input = TypeVar("Input", bound=Given)
Handler = Callable[[Mapping[str, Any], object], dict[str, Any]]

logger = function_logger()


class UnexpectedStepError(Exception):
    """A bug: the log has it whole, the machine and its users learn only where to look."""


def step(model: type[Input]) -> Callable[[Callable[[Input, Ports], Result]], Handler]:
    """
    Turn a use case of a state into a Lambda handler.

    The handler's errors are what ASL matches by name: a `DomainError` keeps its own, every `TransientError`
    becomes exactly ``TransientError`` (the one that is retried), anything else ``UnexpectedStepError``.
    """

    def decorate(use_case: Callable[[Input, Ports], Result]) -> Handler:
        state = use_case.__name__.title().replace("_", "")

        @wraps(use_case)
        def handle(event: Mapping[str, Any], context: object) -> dict[str, Any]:
            log = _Log(state, event, context)
            try:
                given = model.model_validate(event)
                result = _run(use_case, given, bootstrap.ports())
            except TransientError as error:
                log.failed(error)
                raise TransientError(error.detail, fix=error.fix) from error
            except DomainError as error:
                log.failed(error)
                raise
            except Exception as error:
                logger.exception("%s broke", state, extra=log.measured())
                raise UnexpectedStepError(
                    f"{state} failed unexpectedly; operators find the cause in its log under the trace "
                    f"{event.get('trace_id') or 'of this run'}."
                ) from error
            log.ended()
            return result.model_dump(mode="json")

        return handle

    return decorate


def _run(use_case: Callable[[Input, Ports], Result], given: Input, ports: Ports) -> Result:
    """
    Run a step; if somebody wrote between its read and its write, let it read again.

    That is safe because every step is safe to run twice, and common: the API notes the execution's ARN
    while the first states already run.
    """
    for _ in range(_READS - 1):
        try:
            return use_case(given, ports)
        except StaleRevisionError:
            continue
    try:
        return use_case(given, ports)
    except StaleRevisionError as error:
        raise TransientError(f"Others wrote in between {_READS} times: {error.detail}") from error


class _Log:
    """The lines of one run; the emulator makes a function that writes none wait for one, 50 ms."""

    def __init__(self, state: str, event: Mapping[str, Any], context: object) -> None:
        self._state = state
        self._started = perf_counter()
        self._keys = {
            "state": state,
            "trace_id": event.get("trace_id"),
            "request_id": getattr(context, "aws_request_id", None),
            **{key: event[key] for key in ("plugin_id", "version", "deployment_id") if key in event},
        }
        logger.info("%s begins", state, extra=self._keys)

    def ended(self) -> None:
        logger.info("%s ended", self._state, extra=self.measured())

    def failed(self, error: DomainError | TransientError) -> None:
        logger.warning(
            "%s failed: %s", self._state, error.detail, extra={"error": type(error).__name__, **self.measured()}
        )

    def measured(self) -> dict[str, Any]:
        """Return what every line has, and how long it took until now."""
        return {**self._keys, "duration_ms": round(1000 * (perf_counter() - self._started), 1)}
