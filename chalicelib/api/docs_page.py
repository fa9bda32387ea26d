"""The documentation page for people, written from the OpenAPI document and from nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from chalicelib.api.docs_style import STYLE

Document = Mapping[str, Any]


def render(document: Document) -> str:
    """Write the whole page: it loads nothing and runs nothing."""
    info = document["info"]
    page = _Page(document)
    title = escape(info["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} API</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body>'
        f'<div class="page"><nav aria-label="Operations"><a href="#top"><b>{title} API</b></a>{page.index()}</nav>'
        f'<main id="top"><h1>{title} API</h1><p class="lead">{escape(info["summary"])}</p>'
        f'{_prose(info["description"])}<p>For programs: <a href="v1/openapi.json">OpenAPI 3.1</a>.</p>'
        f"{page.sections()}<h2>Resources</h2><p>What bodies and answers are made of.</p>{page.schemas()}"
        "</main></div></body></html>"
    )


@dataclass(frozen=True, slots=True)
class _Page:
    document: Document

    def index(self) -> str:
        """List all operations, by concept."""
        parts = []
        for tag in self.document["tags"]:
            links = "".join(
                f'<a href="#{operation["operationId"]}" title="{escape(path)}">{_verb(method)}'
                f"<span>{_words(operation['operationId'])}</span></a>"
                for path, method, operation in self._operations(tag["name"])
            )
            parts.append(f"<b>{escape(tag['name'])}</b>{links}")
        return "".join(parts)

    def sections(self) -> str:
        """Describe all operations, by concept."""
        parts = []
        for tag in self.document["tags"]:
            described = "".join(self._operation(*each) for each in self._operations(tag["name"]))
            parts.append(f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>{described}")
        return "".join(parts)

    def schemas(self) -> str:
        """Describe all schemas, so that every link leads somewhere."""
        schemas = self.document["components"]["schemas"]
        return "".join(
            f'<details id="schema-{escape(name)}"><summary><span class="path">{escape(name)}</span>'
            f'<span class="what">{escape(_first_line(schema))}</span></summary>'
            f'<div class="inner">{_fields(schema)}</div></details>'
            for name, schema in schemas.items()
        )

    def _operations(self, tag: str) -> Iterator[tuple[str, str, Document]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if tag in operation["tags"]:
                    yield path, method.upper(), operation

    def _operation(self, path: str, method: str, operation: Document) -> str:
        is_open = '<span class="open">needs no token</span>' if operation.get("security") == [] else ""
        return (
            f'<details id="{operation["operationId"]}"><summary>{_verb(method)}<span class="path">{escape(path)}</span>'
            f'<span class="what">{_inline(operation["summary"])}</span>{is_open}</summary><div class="inner">'
            f"{_prose(operation['description'])}{self._parameters(operation)}{_body(operation)}"
            f"{self._responses(operation)}</div></details>"
        )

    def _parameters(self, operation: Document) -> str:
        rows = []
        for each in operation["parameters"]:
            parameter = self._resolved(each)
            must = ' <span class="must">required</span>' if parameter["required"] else ""
            where = f'<span class="type">{escape(parameter["in"])}, {_type(parameter["schema"])}</span>'
            rows.append((f"<code>{escape(parameter['name'])}</code>{must}", where, _inline(parameter["description"])))
        return f"<h4>Parameters</h4>{_table(rows)}" if rows else ""

    def _responses(self, operation: Document) -> str:
        rows = []
        for status, each in operation["responses"].items():
            response = self._resolved(each)
            contents = [_type(content["schema"]) for content in response.get("content", {}).values()]
            rows.append((f"<code>{status}</code>", " ".join(contents), _inline(response["description"])))
        return f"<h4>Answers</h4>{_table(rows)}"

    def _resolved(self, part: Document) -> Document:
        if "$ref" not in part:
            return part
        kind, name = part["$ref"].split("/")[-2:]
        found: Document = self.document["components"][kind][name]
        return found


def _words(name: str) -> str:
    """Part a name in camelCase into its words."""
    return re.sub(r"([A-Z])", r" \1", name).lower()


def _verb(method: str) -> str:
    return f'<span class="verb {method}">{method}</span>'


def _body(operation: Document) -> str:
    if "requestBody" not in operation:
        return ""
    content = operation["requestBody"]["content"]["application/json"]
    examples = "".join(
        f"<pre>{escape(json.dumps(each['value'], indent=2, ensure_ascii=False))}</pre>"
        for each in content.get("examples", {}).values()
    )
    return f"<h4>Body</h4><p>{_type(content['schema'])}</p>{examples}"


def _fields(schema: Document) -> str:
    if "enum" in schema:
        return "<p>" + " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"]) + "</p>"
    required = set(schema.get("required", ()))
    rows = []
    for name, described in schema.get("properties", {}).items():
        must = ' <span class="must">required</span>' if name in required else ""
        kind = f'<span class="type">{_type(described)}</span>'
        rows.append((f"<code>{escape(name)}</code>{must}", kind, _inline(described.get("description", ""))))
    return _table(rows) if rows else "<p>It has no fields.</p>"


def _type(schema: Document) -> str:
    """Name a type in a word or two, with a link where there is more to read."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " · ".join(escape(str(value)) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return escape(str(schema.get("type", "anything")))


def _table(rows: list[tuple[str, str, str]]) -> str:
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table>{cells}</table></div>'


def _first_line(schema: Document) -> str:
    return str(schema.get("description", "")).partition("\n")[0]


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph.strip())


def _inline(text: str) -> str:
    """Write the two marks of Markdown that our texts use: code and bold."""
    marked = re.sub(r"`{1,2}([^`]+)`{1,2}", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
