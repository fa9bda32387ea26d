"""Reading ``plugin.json``: the bytes of a stranger become a manifest, or everything that is wrong with them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from chalicelib.domain.findings import Finding
from chalicelib.domain.isolation import PER_TENANT
from chalicelib.domain.json_schemas import instance_errors, pointer, schema_findings
from chalicelib.domain.manifest import HealthCheck, Manifest, Operation, Permissions, Resources, SandboxTest

#: The manifest is kept inside the version's item, and DynamoDB takes 400 KB an item.
MAX_MANIFEST_BYTES: Final = 128 * 1024
#: An author mends some, then asks again; and the findings are kept in the same item.
MAX_FINDINGS: Final = 50

_FILE = "plugin.json"
_FIXES: Final = {
    "name": "Use the plugin's registered id: 3 to 40 of a-z, 0-9 and '-', beginning with a letter.",
    "version": "Use SemVer 2.0 without leading zeros: 1.0.0, 2.1.0-beta.1, 1.0.0+build.5.",
    "entryPoint": 'Write "module:function", for example "stripe_gateway:handle", without ".py" or slashes.',
    "runtime": "Use python3.11, python3.12, python3.13 or python3.14.",
    "operations": 'Name each operation with letters, digits, "_", "-" or "."; give at least one, or leave it out.',
    "secrets": "List the names only, each once: letters, digits, '-' and '_', beginning with a letter.",
    "dependencies": 'Map the id of a plugin to a range of versions: {"currency-converter": "^1.4"}.',
    "hostApi": 'Write a range such as ">=1,<2".',
    "permissions": 'List bare host names in lower case ("api.stripe.com"), without scheme, port or path.',
    "resources": "Use memoryMb 128 to 10240, timeoutSeconds 1 to 900, and concurrencies 1 to 1000.",
    "stateSchema": "Use a whole number, 0 or more, that grows when the shape of the state changes.",
    "isolation": "Use shared, or per_tenant; dedicated is known, but not to be had in this release.",
}


@dataclass(frozen=True, slots=True)
class InvalidManifest:
    """A ``plugin.json`` that can't be used; at least one finding says why."""

    findings: tuple[Finding, ...]


class _DuplicateKeyError(ValueError):
    """An object names a key twice, so readers would disagree about what it says."""


def parse_manifest(raw: bytes) -> Manifest | InvalidManifest:
    """Read the bytes of a ``plugin.json`` and find everything wrong with it at once."""
    document = _read(raw)
    if isinstance(document, Finding):
        return InvalidManifest((document,))
    schemas = tuple(_schema_findings(document))
    try:
        manifest = Manifest.model_validate_json(json.dumps(document))
    except ValidationError as error:
        fields = tuple(_field_finding(detail) for detail in error.errors(include_url=False, include_input=False))
        return InvalidManifest((fields + schemas)[:MAX_FINDINGS])
    # An instance can be held against a schema only once the schema itself is sound.
    found = schemas or tuple(_contradictions(manifest))
    return InvalidManifest(found[:MAX_FINDINGS]) if found else manifest


def _read(raw: bytes) -> dict[str, Any] | Finding:
    if len(raw) > MAX_MANIFEST_BYTES:
        return Finding(
            "MANIFEST_TOO_LARGE",
            _FILE,
            f"The manifest has more than {MAX_MANIFEST_BYTES // 1024} KiB.",
            "Shorten its schemas and sandbox tests.",
        )
    try:
        document = json.loads(raw.decode("utf-8"), object_pairs_hook=_unambiguous, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return Finding("MANIFEST_UNREADABLE", _FILE, *_diagnosis(error))
    if not isinstance(document, dict):
        return Finding("MANIFEST_UNREADABLE", _FILE, "It is JSON, but not an object.", 'Begin it with "{".')
    return document


def _diagnosis(error: ValueError | RecursionError) -> tuple[str, str]:
    """Return what is wrong and what to do about it."""
    match error:
        case UnicodeDecodeError():
            return f"Byte {error.start} is not UTF-8.", "Save the file as UTF-8."
        case json.JSONDecodeError():
            place = f"line {error.lineno}, column {error.colno}"
            return f"It is not JSON at {place}: {error.msg}.", f"Mend the JSON at {place}."
        case _DuplicateKeyError():
            return f"The key {error} stands twice in one object.", "Keep one of the two."
        case RecursionError():
            return "It is nested too deeply.", "Flatten it: a manifest needs no more than a few levels."
        case _:
            return f"It holds a number that JSON does not know: {str(error)[:80]}.", "Write a plain number."


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(repr(key[:80]) for key in keys if keys.count(key) > 1))
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _field_finding(detail: ErrorDetails) -> Finding:
    # Pydantic marks an error in a *key* with "[key]"; the key itself is the place for us.
    path = [part for part in detail["loc"] if part != "[key]"]
    where = f"{_FILE}#{pointer(path)}"
    fix = _FIXES.get(str(path[0]) if path else "", "See the manifest's description in the documentation.")
    match detail["type"]:
        case "missing":
            return Finding("MANIFEST_FIELD_MISSING", where, f"{path[-1]} is missing.", f"Add it. {fix}")
        case "extra_forbidden":
            return Finding(
                "MANIFEST_FIELD_UNKNOWN", where, f"There is no field {str(path[-1])[:80]!r} here.", _spelling(path)
            )
        case "enum" | "literal_error":
            expected = (detail.get("ctx") or {}).get("expected", "")
            return Finding("MANIFEST_FIELD_INVALID", where, "That is not one of the known values.", f"Use {expected}.")
        case _:
            return Finding("MANIFEST_FIELD_INVALID", where, _sentence(detail["msg"]), fix)


def _sentence(text: str) -> str:
    return text[:300].rstrip(".") + "."


def _spelling(path: list[int | str]) -> str:
    parts: Mapping[str, type] = {
        "permissions": Permissions,
        "resources": Resources,
        "healthCheck": HealthCheck,
        "sandboxTests": SandboxTest,
        "operations": Operation,
    }
    model: Any = Manifest if len(path) == 1 else parts[str(path[0])]
    names = [field.alias or name for name, field in model.model_fields.items()]
    close = difflib.get_close_matches(str(path[-1]), names, n=1)
    return f"Did you mean {close[0]}?" if close else f"Remove it; known here: {', '.join(names)}."


def _schema_findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    """Check each schema that is an object at all; the model says it of those that are not."""
    config_schema = document.get("configSchema")
    if isinstance(config_schema, dict):
        yield from schema_findings(config_schema, f"{_FILE}#/configSchema")
    operations = document.get("operations")
    for name, operation in operations.items() if isinstance(operations, dict) else ():
        for side in ("input", "output"):
            schema = operation.get(side) if isinstance(operation, dict) else None
            if isinstance(schema, dict):
                yield from schema_findings(schema, f"{_FILE}#{pointer(('operations', name, side))}")


def _contradictions(manifest: Manifest) -> Iterator[Finding]:
    checks: tuple[Callable[[Manifest], Iterator[Finding]], ...] = (
        _unknown_operations,
        _unwell_checks,
        _limits,
        _isolation,
    )
    for check in checks:
        yield from check(manifest)


def _unknown_operations(manifest: Manifest) -> Iterator[Finding]:
    named = [(f"sandboxTests/{index}", test.operation) for index, test in enumerate(manifest.sandbox_tests)]
    if manifest.health_check:
        named.append(("healthCheck", manifest.health_check.operation))
    for place, operation in named:
        if operation not in manifest.operations:
            yield Finding(
                "MANIFEST_UNKNOWN_OPERATION",
                f"{_FILE}#/{place}/operation",
                f"There is no operation {operation!r}.",
                f"Use one of {', '.join(manifest.operations)}, or declare it under operations.",
            )


def _unwell_checks(manifest: Manifest) -> Iterator[Finding]:
    check = manifest.health_check
    if not check or check.operation not in manifest.operations:
        return
    for error in instance_errors(manifest.operations[check.operation].input, check.input, field="/healthCheck/input"):
        message = f"The health check could never pass: {error.message}."
        yield Finding("MANIFEST_HEALTH_CHECK", f"{_FILE}#{error.field}", message, error.fix)


def _limits(manifest: Manifest) -> Iterator[Finding]:
    most, kept = manifest.resources.max_concurrency, manifest.resources.provisioned_concurrency
    if most is not None and kept is not None and kept > most:
        yield Finding(
            "MANIFEST_FIELD_INVALID",
            f"{_FILE}#/resources/provisionedConcurrency",
            f"{kept} containers can't be kept ready when at most {most} may run.",
            "Raise maxConcurrency, or lower provisionedConcurrency.",
        )
    names = [test.name for test in manifest.sandbox_tests]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding(
                "MANIFEST_FIELD_INVALID",
                f"{_FILE}#/sandboxTests/{index}/name",
                f"Another sandbox test is named {name!r} too.",
                "Give each test its own name.",
            )


def _isolation(manifest: Manifest) -> Iterator[Finding]:
    # Silence would be a promise: the author would believe that each tenant has a function of its own.
    if manifest.isolation == "dedicated":
        yield Finding(
            "MANIFEST_ISOLATION_UNSUPPORTED",
            f"{_FILE}#/isolation",
            "This release has no dedicated isolation: all tenants of a plugin are served by one function.",
            'Write "per_tenant": then no container ever serves two tenants.',
        )
    # Lambda's rule ("Tenant isolation", limitations): nobody knows whose container to start ahead.
    if manifest.isolation == PER_TENANT and manifest.resources.provisioned_concurrency is not None:
        yield Finding(
            "MANIFEST_ISOLATION_PROVISIONED",
            f"{_FILE}#/resources/provisionedConcurrency",
            "Lambda keeps no containers started for a function that isolates its tenants.",
            'Remove provisionedConcurrency, or write "isolation": "shared".',
        )
