"""
What MiniStack loses of a handler's exception: its class, by which state machines retry and catch.

On AWS ``errorType`` is the name of the exception's class; MiniStack calls every one of a warm function
``Runtime.HandlerError``. Its worker writes the trace into the log, so the name is found there. Without it,
no passing trouble would be retried here. What is wrapped is pinned in `infra.local.pins`.
"""

import re
from typing import Any

_UNNAMED = "Runtime.HandlerError"


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.services import lambda_svc

    original = lambda_svc._execute_function_warm  # noqa: SLF001 - what is wrapped is private

    def execute_function_warm(*given: object) -> dict[str, Any]:
        answer: dict[str, Any] = original(*given)
        body = answer.get("body")
        if answer.get("error") and isinstance(body, dict) and body.get("errorType") == _UNNAMED:
            name = class_name(str(answer.get("log", "")), str(body.get("errorMessage", "")))
            answer["body"] = {**body, "errorType": name or _UNNAMED}
        return answer

    lambda_svc._execute_function_warm = execute_function_warm  # noqa: SLF001


def class_name(log: str, message: str) -> str | None:
    """
    Find the class of the exception that was raised last with *message*; None when the trace does not tell.

    A trace ends with ``package.module.TransientError: message``, or with the name alone if there is none.
    """
    first_line = message.partition("\n")[0]
    ending = f": {re.escape(first_line)}" if first_line else ""
    found = re.findall(rf"^(?:[\w<>]+\.)*(\w+){ending}$", log, re.MULTILINE)
    return str(found[-1]) if found else None
