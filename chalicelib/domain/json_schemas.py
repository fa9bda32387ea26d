"""
JSON Schemas that plugins bring along: draft-07, complete in themselves, and what breaks them.

jsonschema is imported when the first schema is checked: it costs a tenth of a start of the API function, and
few requests have one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from chalicelib.domain.errors import FieldError
from chalicelib.domain.findings import Finding

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError as SchemaViolation

DIALECT: Final = "http://json-schema.org/draft-07/schema#"

#: A caller who sent rubbish learns enough from this many errors; a stored finding must stay small.
MAX_ERRORS: Final = 20

_TYPE_NAMES: Final = {"object": "a JSON object", "array": "an array", "integer": "a whole number", "null": "null"}


def schema_findings(schema: Mapping[str, Any], where: str) -> tuple[Finding, ...]:
    """
    Say all that keeps *schema* from being used; *where* is its own place (``plugin.json#/configSchema``).

    A reference may only point into the same schema (``#/definitions/…``): whoever compiles a remote
    one would fetch an address of the author's choosing. An ``$id`` inside would move what it points to.
    """
    dialect = schema.get("$schema", DIALECT)
    if str(dialect).rstrip("#") != DIALECT.rstrip("#"):
        return (
            Finding(
                "SCHEMA_DIALECT",
                f"{where}/$schema",
                f"The schema is written in the dialect {str(dialect)[:100]!r}, not in draft-07.",
                f'Write "$schema": "{DIALECT}", or leave it out.',
            ),
        )
    broken = tuple(
        Finding(
            "SCHEMA_INVALID",
            where + pointer(error.absolute_path),
            f"This is not a valid JSON Schema (draft-07): {_shortened(error.message)}.",
            "Correct this keyword; https://json-schema.org/draft-07 describes each.",
        )
        for error in _ordered(_schema_validator().iter_errors(schema))
    )
    return broken or tuple(_reference_findings(schema, where))


def instance_errors(schema: Mapping[str, Any], instance: object, *, field: str = "") -> tuple[FieldError, ...]:
    """Say all that keeps *instance* from matching *schema*; *field* is the pointer of *instance* itself."""
    return tuple(
        FieldError(field + pointer(error.absolute_path), _shortened(error.message), fix_of(error))
        for error in _ordered(_instance_validator(schema).iter_errors(instance))
    )


def fix_of(error: SchemaViolation) -> str:
    """Turn the keyword that *error* broke into an instruction."""
    limit: Any = error.validator_value
    match error.validator:
        case "type":
            names = [limit] if isinstance(limit, str) else list(limit)
            return "Send " + " or ".join(_TYPE_NAMES.get(name, f"a {name}") for name in names) + "."
        case "required":
            return "Add what is missing."
        case "additionalProperties":
            return "Remove what the schema does not name, or correct its spelling."
        case "enum":
            return "Use one of " + _shortened(", ".join(map(repr, limit))) + "."
        case _:
            return f"Make it satisfy {error.validator}: {_shortened(repr(limit))}."


def pointer(path: Iterable[str | int]) -> str:
    """Write *path*, an iterable of keys and 0-based indexes, as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


@cache
def _schema_validator() -> Draft7Validator:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - see above

    return Draft7Validator(Draft7Validator.META_SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)


def _instance_validator(schema: Mapping[str, Any]) -> Draft7Validator:
    from jsonschema import Draft7Validator  # noqa: PLC0415 - see above
    from referencing import Registry  # noqa: PLC0415 - see above

    # A registry is given, because without one the library fetches what a reference names from the network.
    return Draft7Validator(schema, registry=Registry())


def _reference_findings(node: object, where: str) -> Iterator[Finding]:
    """Walk a valid schema; `$ref` counts wherever it stands as a key, since a compiler may follow it there."""
    stack: list[tuple[object, str]] = [(node, where)]
    root = node
    while stack:
        here, at = stack.pop()
        if isinstance(here, Mapping):
            target = here.get("$ref")
            if isinstance(target, str) and not _resolves(root, target):
                yield Finding(
                    "SCHEMA_REFERENCE",
                    f"{at}/$ref",
                    f"{_shortened(repr(target))} does not point into this same schema.",
                    'Copy what you refer to under "definitions" and write "#/definitions/…".',
                )
            if at != where and isinstance(here.get("$id"), str):
                yield Finding(
                    "SCHEMA_REFERENCE",
                    f"{at}/$id",
                    "A part of the schema has an $id of its own, so that references in it would lead elsewhere.",
                    "Remove the $id.",
                )
            stack.extend((child, at + pointer((key,))) for key, child in here.items())
        elif isinstance(here, list):
            stack.extend((child, f"{at}/{index}") for index, child in enumerate(here))


def _resolves(root: object, target: str) -> bool:
    if not re.fullmatch(r"#(/[^%]*)?", target):
        return False
    here = root
    for part in target.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, Mapping) and key in here:
            here = here[key]
        elif isinstance(here, list) and key.isascii() and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        else:
            return False
    return isinstance(here, Mapping | bool)


def _ordered(errors: Iterator[SchemaViolation]) -> list[SchemaViolation]:
    return sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])[:MAX_ERRORS]


def _shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
