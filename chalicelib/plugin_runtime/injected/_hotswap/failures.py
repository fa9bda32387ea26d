"""Typed failures: what a caller learns when a call did not succeed, and no more than that."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

MAX_MESSAGE_CHARACTERS = 1_000
MAX_ERRORS = 20


class Failure(Exception):  # noqa: N818 - an outcome with a kind of its own, as in the protocol
    """
    The outcome of a call that failed.

    *kind* is one of UnknownOperation, InvalidInput, InvalidOutput, PluginRaised, PluginError and
    EntryPointFailed. Messages never carry a trace, a path or the text of an exception.
    """

    def __init__(self, kind: str, message: str, errors: "Iterable[Mapping[str, str]]" = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.errors = tuple(errors)

    def document(self) -> "dict[str, Any]":
        """Return it as it goes over the wire."""
        errors = [
            {key: str(error.get(key, ""))[:MAX_MESSAGE_CHARACTERS] for key in ("field", "message", "fix")}
            for error in self.errors[:MAX_ERRORS]
        ]
        return {"kind": self.kind, "message": self.message[:MAX_MESSAGE_CHARACTERS], "errors": errors}
