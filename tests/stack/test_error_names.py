"""A handler's exception keeps the name of its class, as on AWS: machines retry and catch by it."""

import json
from collections.abc import Callable

from tests.stack.running_stack import RunningStack

RAISES = """
class TransientError(Exception):
    pass


def handle(event, context):
    raise TransientError("passing")
"""


def test_the_error_of_a_function_is_named_after_its_class(
    stack: RunningStack, make_function: Callable[..., str]
) -> None:
    name = make_function("raises", RAISES)

    answer = stack.client("lambda").invoke(FunctionName=name)

    told = json.load(answer["Payload"])
    assert answer["FunctionError"] == "Unhandled"
    assert (told["errorType"], told["errorMessage"]) == ("TransientError", "passing")
