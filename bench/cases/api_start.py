"""Cold start of the API function, beside FastAPI behind Mangum that says hello."""

import json
from pathlib import Path
from typing import Any

from bench.fake_aws import item_of
from bench.fresh import Program, imports_any
from bench.functions import API, answered, function, our_package
from bench.materials import fastapi_hello, unpacked
from bench.reports import Case, Findings
from bench.slices import Effort
from bench.starts import compared, start_times
from chalicelib.adapters.dynamodb import keys
from chalicelib.adapters.dynamodb.items import document_of
from chalicelib.domain.plugins import Plugin, PluginType
from chalicelib.domain.versions import Version, VersionStatus

_NOW = "2026-11-22T12:00:00.000Z"
_LIST, _DEPLOY = ("GET", "/v1/plugins"), ("POST", "/v1/deployments")
_WISH = {"pluginId": "echo", "version": "1.0.0", "environment": "Development"}
_STAND_IN = "import answering; answering.stand_in_for_clients()"
_CLIENTS = "import answering; answering.answer_clients()"
_OTHER_CLIENTS = """
from chalicelib.adapters import aws_clients
aws_clients.lambda_control(), aws_clients.s3(), aws_clients.cognito(), aws_clients.kms()"""


def measure(effort: Effort) -> Findings:
    """Time starts up to the first answer of an everyday route and of the heaviest, without and with clients of AWS."""
    archive, items = our_package(), _items()

    def ours(setup: str, asked: str, more: str = "") -> Program:
        return answered(f"{API} as application\napp = application.app\n{setup}\n{more}\n{asked}", archive, items)

    listed, deployed = _request(*_LIST, 200), _request(*_DEPLOY, 202, _WISH)
    previewed = _request(*_DEPLOY, 200, _WISH, {"validateOnly": "true"})
    programs = {
        "fastapi": Program(f"from app import app\n{_request('GET', '/', 200)}", (fastapi_hello(),)),
        "list": ours(_STAND_IN, listed),
        "list, client": ours(_CLIENTS, listed),
        "deploy": ours(_STAND_IN, previewed),
        "deploy, clients": ours(_CLIENTS, deployed),
        "everything": ours(_CLIENTS, deployed, f"app.load_all(){_OTHER_CLIENTS}"),
        "imports": function(API, archive),
        "all imports": function(f"{API} as application\napplication.app.load_all()", archive),
    }
    _assert_honest(programs, unpacked(archive))
    times = start_times(programs, effort)
    lines = (
        ("GET /plugins, classes only", "list", 0.8),
        ("GET /plugins with its DynamoDB clients", "list, client", 1.1),
        ("POST /deployments, classes only", "deploy", 0.8),
        ("POST /deployments with its clients", "deploy, clients", 1.1),
        ("all routes, and all seven clients", "everything", None),
        ("(the start alone)", "imports", None),
        ("(every route imported, nothing asked)", "all imports", None),
    )
    return Findings(
        tuple(compared(what, times[name], "FastAPI", times["fastapi"], aim=aim) for what, name, aim in lines),
        (
            "Each line but those in brackets ends with an answer; FastAPI answers GET / and has no client of AWS.",
            "GET /plugins: its routes, models, rate limits and the repository of plugins on PynamoDB, a plugin listed.",
            "POST /deployments: strategies, plans, policies and what they read beside; classes only is the dry run.",
            "With clients: botocore makes, signs and parses what the tables and Step Functions answer at once, unsent.",
        ),
    )


def _request(method: str, path: str, status: int, body: object = None, query: dict[str, str] | None = None) -> str:
    """Write the call of the handler with a first request as API Gateway sends it, and the check of the answer."""
    headers = {"Host": "api.invalid", "Accept": "*/*", "Content-Type": "application/json"}
    event: dict[str, Any] = {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": path,
            "path": path,
            "httpMethod": method,
            "stage": "api",
            "identity": {"sourceIp": "127.0.0.1"},
            "authorizer": {"username": "bench", "roles": "Admin", "tenantId": ""},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
    return (
        f"import json; answer = app(json.loads({json.dumps(event)!r}), None)\n"
        f"assert answer['statusCode'] == {status}, answer"
    )


def _items() -> str:
    """Write the tables as they are asked: a plugin with a version that is Ready, and nothing else."""
    plugin = Plugin("echo", PluginType.PAYMENT_GATEWAY, "bench", _NOW, _NOW, revision=1)
    version = Version(
        "echo", "1.0.0", "a" * 64, 1, VersionStatus.READY, _NOW, "bench", "key", lambda_version="1", revision=1
    )
    stored: dict[str, dict[str, Any]] = {}
    for key, thing in ((keys.plugin("echo"), plugin), (keys.version("echo", "1.0.0"), version)):
        item = {**item_of(document_of(thing)), "pk": {"S": key[0]}, "sk": {"S": key[1]}}
        stored["|".join(key)] = {**item, "tags": {"L": []}} if thing is plugin else item
    return json.dumps(stored)


def _assert_honest(programs: dict[str, Program], package: Path) -> None:
    modules = programs["list"].modules()
    assert imports_any(modules, "pydantic", "pynamodb") == ["pydantic", "pynamodb"], "classes of both"
    assert all(module.has_byte_code for module in modules if module.is_source_in(package)), "byte code is missing"
    assert imports_any(programs["fastapi"].modules(), "fastapi", "mangum") == ["fastapi", "mangum"]
    for name in ("deploy, clients", "everything"):
        program = programs[name]
        assert "chalicelib.adapters.stepfunctions" in {module.name for module in program.modules()}, name


CASE = Case(
    name="api-start",
    title="Cold start of the API function",
    method="Spawn to the first answer, else as invoke-start; the peer is FastAPI behind Mangum, with no client of AWS.",
    measure=measure,
)
