"""
What breaks a schema: the two exceptions that generated checks raise, and their translation for callers.

The checks in `_hotswap/checks/` are written by fastjsonschema when the package is built. Compiling six
schemas at start took 20 ms of each cold start (8 of them importing the compiler); importing the finished
check of the one operation that is called takes 0.3 ms. What is left at run time are these exceptions.
"""

_MAX_CHARACTERS = 200
_TYPES = {"object": "a JSON object", "array": "an array", "integer": "a whole number", "null": "null"}


class JsonSchemaValueException(ValueError):  # noqa: N818 - the name that the generated code knows
    """One place where a value breaks its schema; *name* is its path, such as ``data.items[0].id``."""

    def __init__(
        self, message: str, value: object = None, name: str = "", definition: object = None, rule: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.value = value
        self.name = name
        self.definition = definition
        self.rule = rule


class JsonSchemaValuesException(ValueError):  # noqa: N818 - the name that the generated code knows
    """All the places where a value breaks its schema."""

    def __init__(self, errors: list[JsonSchemaValueException]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def error_document(error: JsonSchemaValueException) -> dict[str, str]:
    """Say where *error* is, what is wrong and what to do; never what the value was."""
    return {"field": _pointer(error.name), "message": _message(error), "fix": _fix(error)}


def _pointer(name: str) -> str:
    """Turn ``data.items[0].id`` into ``/items/0/id``."""
    return name.removeprefix("data").replace("[", "/").replace("]", "").replace(".", "/")


def _message(error: JsonSchemaValueException) -> str:
    text = error.message.removeprefix(error.name).strip()
    return text if len(text) <= _MAX_CHARACTERS else text[: _MAX_CHARACTERS - 1] + "…"


def _fix(error: JsonSchemaValueException) -> str:
    limit = error.definition.get(error.rule) if isinstance(error.definition, dict) else None
    if error.rule == "type":
        names = [limit] if isinstance(limit, str) else list(limit or ())
        return "Send " + " or ".join(_TYPES.get(name, f"a {name}") for name in names) + "."
    if error.rule == "required":
        return "Add what is missing."
    if error.rule == "additionalProperties":
        return "Remove what the operation does not know, or correct its spelling."
    if error.rule == "enum":
        return f"Use one of {', '.join(map(repr, limit or ()))}."[:_MAX_CHARACTERS]
    return f"Make it satisfy {error.rule}: {limit!r}."[:_MAX_CHARACTERS]
