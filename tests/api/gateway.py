"""API Gateway in a test: routes, asks the authorizer, hands over the event, and holds every answer to the document."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from jsonschema import Draft202012Validator

from app import app
from chalicelib.api import invoke
from chalicelib.api.authorizer import RefusedError, verify_request
from chalicelib.api.openapi import document_of

DOCUMENT = document_of(app)
INVOKE_PATH = "/v1/plugins/{plugin_id}/invoke"


class Context:
    """What Lambda tells a function about its run."""

    aws_request_id = "request-1"
    function_name = "hotswap-api"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.json["code"])

    @property
    def wrong(self) -> set[str]:
        """The fields that the problem names."""
        return {error["field"] for error in self.json["errors"]}


@dataclass
class Gateway:
    """
    One API, spoken to in-process.

    Every answer is checked against the OpenAPI document: its status, its media type, its headers, each field.
    """

    is_invoke_slim: bool = True
    traceparent: str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answers: list[Answer] = field(default_factory=list)

    def get(self, path: str, as_: str | None = "ana", **more: Any) -> Answer:
        return self.send("GET", path, as_, **more)

    def post(self, path: str, body: object = None, as_: str | None = "ana", **more: Any) -> Answer:
        return self.send("POST", path, as_, body=body, **more)

    def put(self, path: str, body: object = None, as_: str | None = "ana", **more: Any) -> Answer:
        return self.send("PUT", path, as_, body=body, **more)

    def patch(self, path: str, body: object = None, as_: str | None = "ana", **more: Any) -> Answer:
        return self.send("PATCH", path, as_, body=body, **more)

    def delete(self, path: str, as_: str | None = "ana", **more: Any) -> Answer:
        return self.send("DELETE", path, as_, **more)

    def send(
        self,
        method: str,
        path: str,
        as_: str | None,
        *,
        body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request as somebody; *body* may be bytes or text, else it becomes JSON."""
        template, parameters = _route_of(urlsplit(path).path)
        sent = {"Accept": "application/json", "traceparent": self.traceparent, **(headers or {})}
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        if key is not None:
            sent["Idempotency-Key"] = key
        if as_ is not None:
            sent["Authorization"] = f"Bearer token-{as_}"
        event = _event_of(method, path, template, parameters, sent, _text_of(body))

        entry = app.routes[template].get(method)
        if entry is not None and entry.authorizer is not None:
            try:
                event["requestContext"]["authorizer"] = _authorize(event)
            except RefusedError:
                return Answer(401, {}, "")
        return self._run(template, method, event)

    def _run(self, template: str, method: str, event: dict[str, Any]) -> Answer:
        """Run the function that the path leads to; events and answers cross as JSON, as between processes."""
        function = invoke.invoke_plugin if template == INVOKE_PATH and self.is_invoke_slim else app
        raw = json.loads(json.dumps(function(json.loads(json.dumps(event)), Context())))
        answer = Answer(raw["statusCode"], raw["headers"], raw["body"])
        if method in app.routes[template]:
            check_against_document(template, method, answer)
        self.answers.append(answer)
        return answer


def _authorize(event: Mapping[str, Any]) -> dict[str, str]:
    if event["headers"].get("Authorization") is None:
        raise RefusedError
    arn = "arn:aws:execute-api:us-east-1:000000000000:api/api/GET/"
    answer = verify_request({**event, "type": "REQUEST", "methodArn": arn}, {})
    assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    return {**answer["context"], "principalId": answer["principalId"]}


def _route_of(path: str) -> tuple[str, dict[str, str]]:
    literal_first = sorted(app.routes, key=lambda template: template.count("{"))
    for template in literal_first:
        match = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template), path)
        if match:
            return template, match.groupdict()
    raise AssertionError(f"no route for {path}")


def _event_of(
    method: str, path: str, template: str, parameters: dict[str, str], headers: dict[str, str], body: str | None
) -> dict[str, Any]:
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    return {
        "resource": template,
        "path": unquote(parts.path),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": parameters or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": template,
            "httpMethod": method,
            "stage": "api",
            "path": f"/api{parts.path}",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": headers.get("User-Agent")},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def _text_of(body: object) -> str | None:
    if body is None or isinstance(body, str):
        return body
    if isinstance(body, bytes):
        return body.decode()
    return json.dumps(body)


def check_against_document(template: str, method: str, answer: Answer) -> None:
    """Fail unless the document promises exactly such an answer."""
    operation = operation_of(template, method)
    promised = operation["responses"].get(str(answer.status))
    assert promised is not None, f"{method} {template} is not documented to answer {answer.status}: {answer.text[:500]}"
    promised = resolved(promised)
    media_type = answer.headers["Content-Type"].partition(";")[0]
    assert media_type in promised["content"], f"{media_type} is not documented"
    missing = [name for name, header in promised["headers"].items() if _must(header) and name not in answer.headers]
    assert missing == []
    if media_type.endswith("json"):
        schema = promised["content"][media_type]["schema"]
        validator(json.dumps(schema)).validate(answer.json)


def operation_of(template: str, method: str) -> dict[str, Any]:
    camel = re.sub(r"_(\w)", lambda match: match[1].upper(), template)
    operation: dict[str, Any] = DOCUMENT["paths"][camel][method.lower()]
    return operation


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    kind, name = part["$ref"].split("/")[-2:]
    found: dict[str, Any] = DOCUMENT["components"][kind][name]
    return found


def _must(header: dict[str, Any]) -> bool:
    return bool(resolved(header).get("required"))


@cache
def validator(schema: str) -> Draft202012Validator:
    """Validate strictly: a field that the document does not know is as wrong as one that is missing."""
    schemas = json.loads(json.dumps(DOCUMENT["components"]["schemas"]))
    for described in schemas.values():
        if "properties" in described:
            described["additionalProperties"] = False
    return Draft202012Validator({**json.loads(schema), "components": {"schemas": schemas}})


def path_of(*parts: str) -> str:
    """Join parts of a path, each escaped."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)
