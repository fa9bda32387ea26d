"""The OpenAPI document: current, valid, and about exactly the routes there are."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from app import app
from chalicelib.api.application import app as api_application
from chalicelib.api.openapi import document_of, operations_of, write
from chalicelib.api.problems import KINDS
from tests.api.gateway import DOCUMENT, Gateway, validator

ROOT = Path(__file__).parents[2]
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]


def test_the_committed_document_is_current() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_text()

    assert committed == write(DOCUMENT), "run `make openapi`"


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_document_is_the_same_for_the_api_function_as_for_all_that_is_deployed() -> None:
    assert document_of(api_application) == DOCUMENT


def test_every_route_is_documented_and_every_documented_one_is_there() -> None:
    routes = {(operation.path, operation.method.lower()) for operation in operations_of(app)}

    documented = {
        (re.sub(r"{(\w+)}", lambda match: "{" + re.sub("([A-Z])", r"_\1", match[1]).lower() + "}", path), method)
        for path, method in OPERATIONS
    }

    assert documented == routes


@pytest.mark.parametrize("path, method", OPERATIONS)
def test_every_operation_says_who_may_what_it_takes_and_how_it_fails(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]

    assert operation["summary"]
    assert operation["description"]
    assert "500" in operation["responses"]
    assert ("401" in operation["responses"]) or operation.get("security") == []
    names = {parameter.get("name", parameter.get("$ref")) for parameter in operation["parameters"]}
    assert set(re.findall(r"{(\w+)}", path)) <= names
    is_change = method != "get" and "authentication" not in path and not path.endswith("/invoke")
    assert ("validateOnly" in names) is is_change
    is_repeatable = method == "post" and "authentication" not in path
    assert ("#/components/parameters/IdempotencyKey" in names) is is_repeatable


def test_operations_have_names_of_their_own() -> None:
    names = [DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS]

    assert len(names) == len(set(names))


def examples_of(part: Any) -> list[tuple[str, Any]]:
    if isinstance(part, list):
        return [found for each in part for found in examples_of(each)]
    if not isinstance(part, dict):
        return []
    found = [found for each in part.values() for found in examples_of(each)]
    if "schema" in part and "examples" in part:
        found += [(json.dumps(part["schema"]), each["value"]) for each in part["examples"].values()]
    return found


def test_every_example_is_what_its_schema_says() -> None:
    examples = examples_of({"paths": DOCUMENT["paths"], "responses": DOCUMENT["components"]["responses"]})

    assert len(examples) > len(KINDS) // 2
    for schema, value in examples:
        validator(schema).validate(value)


def test_every_body_has_an_example_that_a_reader_can_copy() -> None:
    bodies = [DOCUMENT["paths"][path][method].get("requestBody") for path, method in OPERATIONS]

    without = [body for body in bodies if body and "examples" not in body["content"]["application/json"]]

    assert without == []


def test_the_document_is_served_as_it_is_committed(api: Gateway) -> None:
    answer = api.get("/v1/openapi.json", None)

    assert answer.text == write(DOCUMENT)


class Page(HTMLParser):
    """Collects what a page loads, links and names."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a":
            self.links.add(given["href"])
        if tag in {"script", "link", "img", "iframe"}:
            self.loaded.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_for_people_loads_nothing_and_leads_nowhere_in_vain(api: Gateway) -> None:
    answer = api.get("/docs", None)

    page = Page()
    page.feed(answer.text)
    assert page.open == []
    assert page.loaded == []
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert {link for link in page.links if not link.startswith("#")} == {"v1/openapi.json"}
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_for_people_has_every_operation(api: Gateway) -> None:
    text = api.get("/docs", None).text

    for path, method in OPERATIONS:
        assert f'id="{DOCUMENT["paths"][path][method]["operationId"]}"' in text
        assert path in text
