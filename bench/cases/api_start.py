"""Cold start of the API function, beside FastAPI behind Mangum that says hello."""

import json
from pathlib import Path

from bench.fresh import Program, imports_any
from bench.functions import API, function, our_package
from bench.materials import fastapi_hello, unpacked
from bench.reports import Case, Findings
from bench.slices import Effort
from bench.starts import compared, start_times

#: What API Gateway sends for a GET; both sides answer it.
_EVENT = {
    "resource": "",
    "path": "",
    "httpMethod": "GET",
    "headers": {"Host": "api.invalid", "Accept": "*/*"},
    "multiValueHeaders": {"Host": ["api.invalid"], "Accept": ["*/*"]},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "requestContext": {"httpMethod": "GET", "identity": {"sourceIp": "127.0.0.1"}, "stage": "api"},
    "body": None,
    "isBase64Encoded": False,
}
_DYNAMODB = """
from chalicelib.adapters import aws_clients
aws_clients.dynamodb()"""
_DEPLOYMENT = f"""{_DYNAMODB}
aws_clients.stepfunctions()"""
_ALL_CLIENTS = f"""{_DYNAMODB}
aws_clients.lambda_control(), aws_clients.s3(), aws_clients.stepfunctions(), aws_clients.cognito(), aws_clients.kms()"""


def measure(effort: Effort) -> Findings:
    """Time starts up to the first answer, without and with clients of AWS; and imports alone, for comparison."""
    archive = our_package()
    hello, health = _request("/"), _request("/health")
    programs = {
        "fastapi": Program(f"import app\n{hello}", (fastapi_hello(),)),
        "fastapi imports": Program("import app", (fastapi_hello(),)),
        "ours": function(f"{API} as app\n{health}", archive),
        "ours imports": function(API, archive),
        "dynamodb": function(f"{API} as app\n{_DYNAMODB}\n{health}", archive),
        "deployment": function(f"{API} as app\n{_DEPLOYMENT}\n{health}", archive),
        "all clients": function(f"{API} as app\n{_ALL_CLIENTS}\n{health}", archive),
    }
    _assert_honest(programs, unpacked(archive))
    times = start_times(programs, effort)
    peer = times["fastapi"]
    return Findings(
        (
            compared("classes only", times["ours"], "FastAPI", peer, aim=0.8),
            compared("as for GET /plugins: the DynamoDB client built", times["dynamodb"], "FastAPI", peer, aim=1.1),
            compared("as for POST /deployments: Step Functions too", times["deployment"], "FastAPI", peer, aim=None),
            compared("all six AWS clients built", times["all clients"], "FastAPI", peer, aim=None),
            compared("(imports alone)", times["ours imports"], "FastAPI", times["fastapi imports"], aim=None),
        ),
        (
            "Classes only: every route, model and table is imported, and GET /health answered; FastAPI answers GET /.",
            "A client is built when a request first needs it: DynamoDB's by nearly each, all six by none.",
        ),
    )


def _request(path: str) -> str:
    """Write the call of the handler with a first request, and the check that it was answered."""
    event = {**_EVENT, "path": path, "resource": path}
    event["requestContext"] = {**_EVENT["requestContext"], "resourcePath": path, "path": path}  # type: ignore[dict-item]
    return f"import json; assert app.app(json.loads({json.dumps(event)!r}), None)['statusCode'] == 200"


def _assert_honest(programs: dict[str, Program], package: Path) -> None:
    modules = programs["ours"].modules()
    assert imports_any(modules, "pydantic", "pynamodb", "boto3") == ["pydantic", "pynamodb"], "classes, and no client"
    assert all(module.has_byte_code for module in modules if module.is_source_in(package)), "byte code is missing"
    assert imports_any(programs["all clients"].modules(), "boto3") == ["boto3"]
    assert imports_any(programs["fastapi"].modules(), "fastapi", "mangum") == ["fastapi", "mangum"]


CASE = Case(
    name="api-start",
    title="Cold start of the API function",
    method="Spawn to the first answer, else as invoke-start; the peer is FastAPI behind Mangum, with no client of AWS.",
    measure=measure,
)
