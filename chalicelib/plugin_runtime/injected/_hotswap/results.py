"""What the plugin returned, made into plain JSON data, or refused."""

import json

from .failures import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Lambda carries 6 MB of answer (Lambda quotas, "Invocation payload"); the rest is for what we put around it.
MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 16 * 1024


def plain_object(value: object, name: str) -> "tuple[dict[str, Any], str]":
    """
    Return *value* as JSON data and as JSON text; *name* is what it is called in a message.

    Going through text leaves nothing behind that only looks like JSON (subclasses, tuples, shared parts),
    and makes sure that Lambda can encode it.

    Raises:
        Failure: It is no JSON object (InvalidOutput).
    """
    if not isinstance(value, dict):
        raise _refused(f"{name} is {_article(value)}, not an object", "Return a dict.")
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
        return json.loads(text), text
    except TypeError as error:
        raise _refused(
            f"{name} holds something that JSON can't carry", "Return texts, numbers, lists and dicts."
        ) from error
    except UnicodeEncodeError as error:
        raise _refused(f"{name} holds half a character (a lone surrogate)", "Return valid text.") from error
    except (ValueError, RecursionError) as error:
        fix = "Return finite numbers, and nothing that contains itself."
        raise _refused(f"{name} holds NaN, an infinity, or itself", fix) from error


def check_size(*texts: str) -> None:
    """
    Refuse an answer that Lambda would cut off.

    Raises:
        Failure: The texts together are too large (InvalidOutput).
    """
    size = sum(len(text.encode()) for text in texts)
    if size > MAX_ANSWER_BYTES:
        message = f"The answer has {size:,} bytes; Lambda carries {MAX_ANSWER_BYTES:,}"
        raise _refused(message, "Return less, for example a page, or a reference to where the data lies.")


def _article(value: object) -> str:
    return "nothing (None)" if value is None else f"a {type(value).__name__}"


def _refused(message: str, fix: str) -> Failure:
    errors = [{"field": "", "message": message, "fix": fix}]
    return Failure("InvalidOutput", "The plugin answered with something that is not allowed.", errors)
