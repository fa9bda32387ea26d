"""
The OpenAPI 3.1 document, made of the routes, their handlers' docstrings and their models.

``python -m chalicelib.api.openapi`` prints it; `make openapi` keeps it in ``docs/openapi.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from chalice import Chalice
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from chalicelib.api.openapi_parts import (
    COMMON_HEADERS,
    EXTRA_HEADERS,
    FILES,
    HEADER_PARAMETERS,
    IF_MATCH,
    INFO,
    PAGES,
    PARAMETERS,
    RATE_HEADERS,
    REPEAT_KEY,
    RETRY_AFTER,
    SECURITY_SCHEMES,
    TAGS,
    problem_response,
)
from chalicelib.api.problems import KINDS
from chalicelib.api.resources.problems import ProblemResource
from chalicelib.domain.rate_limits import class_of

if TYPE_CHECKING:
    from chalicelib.api.contracts import Contract

Mode = Literal["validation", "serialization"]
REF_TEMPLATE = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Operation:
    """A route, as the document sees it."""

    path: str
    method: str
    contract: Contract
    parameters: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The concept it belongs to: what a tenant has is the tenant's, else the last collection of its path counts."""
        words = [word for word in self.path.split("/") if word in TAGS]
        if not words:
            return "about"
        return words[0] if words[0] == "tenants" else words[-1]


def operations_of(app: Chalice) -> Iterator[Operation]:
    """Go through all routes; a route that promises nothing can't be served."""
    for path, methods in app.routes.items():
        for method, entry in methods.items():
            contract: Contract = entry.view_function.contract  # type: ignore[attr-defined]
            yield Operation(path, method, contract, tuple(entry.view_args))


def document_of(app: Chalice) -> dict[str, Any]:
    """Describe every route of *app*."""
    operations = sorted(operations_of(app), key=lambda each: (each.path, each.method))
    refs, definitions = _schemas_of(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        camel = "/".join(_camel(part) for part in operation.path.split("/"))
        paths.setdefault(camel, {})[operation.method.lower()] = _operation(operation, refs)
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": "/api", "description": "The stage of API Gateway."}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions,
            "responses": _problems(refs[ProblemResource.__name__]),
            "parameters": {"IdempotencyKey": REPEAT_KEY, "IfMatch": IF_MATCH},
            "headers": {**COMMON_HEADERS, **RATE_HEADERS, "Retry-After": RETRY_AFTER},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def write(document: Mapping[str, Any]) -> str:
    """Write the document as it is committed and served."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _schemas_of(operations: list[Operation]) -> tuple[dict[str, str], dict[str, Any]]:
    bodies = {each.contract.body for each in operations if each.contract.body}
    resources = {each.contract.resource for each in operations if each.contract.resource} | {ProblemResource}
    described: list[tuple[type[BaseModel], Mode]] = [(model, "validation") for model in sorted(bodies, key=_name)]
    described += [(model, "serialization") for model in sorted(resources, key=_name)]
    found, top = models_json_schema(described, by_alias=True, ref_template=REF_TEMPLATE)
    refs = {model.__name__: schema["$ref"] for (model, _), schema in found.items()}
    return refs, dict(sorted(top["$defs"].items()))


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _operation(operation: Operation, refs: Mapping[str, str]) -> dict[str, Any]:
    contract = operation.contract
    summary, _, rest = contract.doc.partition("\n")
    described: dict[str, Any] = {
        "operationId": to_camel(contract.action),
        "summary": summary.rstrip("."),
        "description": _prose(rest) or summary,
        "tags": [operation.tag],
        "parameters": list(_parameters(operation)),
        "responses": _responses(operation, refs),
    }
    if contract.is_open:
        described["security"] = []
    if contract.body is not None:
        schema = {"$ref": refs[contract.body.__name__]}
        described["requestBody"] = {
            "required": any(field.is_required() for field in contract.body.model_fields.values()),
            "content": {"application/json": {"schema": schema, **_examples(contract.body)}},
        }
    return described


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in operation.parameters:
        yield {"name": to_camel(name), "in": "path", "required": True, **PARAMETERS[name]}
    schema = operation.contract.query.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    for name, described in schema.get("properties", {}).items():
        inlined = _inlined(described, definitions)
        text = inlined.pop("description", "With `true`, nothing changes: the answer tells what would be.")
        yield {"name": name, "in": "query", "required": False, "description": text, "schema": inlined}
    if "if_match" in operation.contract.takes:
        yield {"$ref": "#/components/parameters/IfMatch"}
    if operation.method == "POST" and operation.contract.is_repeatable:
        yield {"$ref": "#/components/parameters/IdempotencyKey"}
    if operation.contract.action in HEADER_PARAMETERS:
        yield HEADER_PARAMETERS[operation.contract.action]


def _inlined(schema: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is referred to in its place, and leave out the null that only means: not sent."""
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "title"} and value is not None}
    found = choices[0] if choices else {key: rest.pop(key) for key in [*rest] if key != "description"}
    if "$ref" in found:
        found = {**definitions[found["$ref"].rpartition("/")[2]]}
    return {**{key: value for key, value in found.items() if key not in {"title", "description"}}, **rest}


def _responses(operation: Operation, refs: Mapping[str, str]) -> dict[str, Any]:
    contract = operation.contract
    successes = {contract.status, 200} if contract.has_preview else {contract.status}
    described: dict[str, Any] = {}
    is_counted = contract.logs_in is not None or not contract.is_open
    is_counted = is_counted and class_of(contract.action, operation.method) is not None
    headers = [*COMMON_HEADERS, *RATE_HEADERS] if is_counted else [*COMMON_HEADERS]
    for status in sorted(successes):
        is_preview = status != contract.status
        text = "The dry run: what would be." if is_preview else HTTPStatus(status).phrase + "."
        extra = {} if is_preview else EXTRA_HEADERS.get(contract.action, {})
        described[str(status)] = {
            "description": text,
            "headers": {**{name: {"$ref": f"#/components/headers/{name}"} for name in headers}, **extra},
            "content": _content(contract, refs),
        }
    for status in sorted(_refusals(operation)):
        described[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return described


def _problems(ref: str) -> dict[str, Any]:
    """Describe each status that a problem can have, once."""
    statuses = sorted({kind.status for kind in KINDS.values()})
    codes = {status: [code for code, kind in KINDS.items() if kind.status == status] for status in statuses}
    return {f"Problem{status}": problem_response(codes[status], ref) for status in statuses}


def _content(contract: Contract, refs: Mapping[str, str]) -> dict[str, Any]:
    if contract.resource is not None:
        return {"application/json": {"schema": {"$ref": refs[contract.resource.__name__]}}}
    if contract.action in PAGES:
        return {"text/html": {"schema": {"type": "string"}}}
    if contract.action in FILES:
        return {media_type: {"schema": {"type": "string"}} for media_type in FILES[contract.action]}
    return {"application/json": {"schema": {"type": "object"}}}


def _refusals(operation: Operation) -> frozenset[int]:
    """Add to what the docstring names what every route of its kind can answer."""
    contract = operation.contract
    implied = {500}
    if not contract.is_open:
        implied |= {401, 403}
    if not contract.is_open or contract.body is not None:
        implied |= {400, 429, 503}
    if operation.parameters:
        implied.add(404)
    if operation.method != "GET":
        implied |= {400, 413, 415}
    if operation.method == "POST" and contract.is_repeatable:
        implied |= {409, 422}
    return contract.refusals | implied


def _examples(model: type[BaseModel]) -> dict[str, Any]:
    extra = model.model_config.get("json_schema_extra")
    examples = extra.get("examples", []) if isinstance(extra, dict) else []
    named = {f"example{index}": {"value": value} for index, value in enumerate(examples, 1)}  # type: ignore[arg-type]
    return {"examples": named} if named else {}


def _prose(text: str) -> str:
    """Keep what a docstring tells, without its list of errors: the responses have it."""
    return text.partition("Raises:")[0].strip()


def _camel(part: str) -> str:
    return "{" + to_camel(part[1:-1]) + "}" if part.startswith("{") else part


if __name__ == "__main__":
    from chalicelib.api.application import app

    sys.stdout.write(write(document_of(app.load_all())))
