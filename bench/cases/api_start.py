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
_CLIENTS = """
from chalicelib.adapters import aws_clients
from pynamodb.connection import Connection
aws_clients.lambda_control(), aws_clients.s3(), aws_clients.stepfunctions(), aws_clients.cognito(), aws_clients.kms()
Connection(region="us-east-1").client"""


def measure(effort: Effort) -> Findings:
    """Time imports alone, imports with a first answer, and imports with every client of AWS built."""
    archive = our_package()
    programs = {
        "fastapi": Program("import app", (fastapi_hello(),)),
        "fastapi answers": Program(f"import app\n{_request('/')}", (fastapi_hello(),)),
        "classes": function(API, archive),
        "answers": function(f"{API}\n{_request('/health')}", archive),
        "clients": function(f"{API}\n{_CLIENTS}", archive),
    }
    _assert_honest(programs, unpacked(archive))
    times = start_times(programs, effort)
    return Findings(
        (
            compared("classes only", times["classes"], "FastAPI", times["fastapi"], aim=0.8),
            compared("its AWS clients built", times["clients"], "FastAPI", times["fastapi"], aim=1.1),
            compared("first answer (GET /health)", times["answers"], "FastAPI", times["fastapi answers"], aim=None),
        ),
        (
            "Classes only: every route, model and table, and no client.",
            "Clients: DynamoDB, Lambda, S3, Step Functions, Cognito, KMS; a request needs one or two of the six.",
        ),
    )


def _request(path: str) -> str:
    """Write the call of the handler with a first request, and the check that it was answered."""
    event = {**_EVENT, "path": path, "resource": path}
    event["requestContext"] = {**_EVENT["requestContext"], "resourcePath": path, "path": path}  # type: ignore[dict-item]
    return f"import json; assert app.app(json.loads({json.dumps(event)!r}), None)['statusCode'] == 200"


def _assert_honest(programs: dict[str, Program], package: Path) -> None:
    classes = programs["classes"].modules()
    from_package = [module for module in classes if module.is_source_in(package)]
    assert imports_any(classes, "pydantic", "pynamodb") == ["pydantic", "pynamodb"], "the classes are not there"
    assert all(module.has_byte_code for module in from_package), "the package has lost its byte code"
    assert imports_any(programs["clients"].modules(), "boto3") == ["boto3"]
    assert imports_any(programs["fastapi"].modules(), "fastapi", "mangum") == ["fastapi", "mangum"]
    for name in ("answers", "fastapi answers"):
        programs[name].output()


CASE = Case(
    name="api-start",
    title="Cold start of the API function",
    method="As invoke-start; the peer is FastAPI behind Mangum with one route that says hello and no client of AWS.",
    measure=measure,
)
