"""An invocation in the emulator: through API Gateway, and by our service in this process, each beside its peer."""

import http.client
import io
import json
import tempfile
import time
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.cases.invoke_overhead import payload, variables
from bench.echo_stack import ALIAS, ENVIRONMENT, FUNCTION, PLUGIN, TENANT, EchoStack, echo_stack
from bench.figures import Interval, percentile, ratio_of_medians
from bench.materials import copy_chalice_runtime
from bench.reports import Case, Findings, Measure, Unit
from bench.slices import Effort, Taken, take_turns
from infra.local.emulator import ROOT_KEY
from infra.local.stack import RAISED_LIMITS

#: With 80 turns they are 400 of each: of 40, p99 would be the worst single one.
_CALLS = 5
_RELAY = Path(__file__).parents[1] / "programs" / "bare_relay.py"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_MAY_CALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}],
}


def measure(effort: Effort) -> Findings:
    """Bring a stack up, deploy a plugin and the peer, and call them in turns."""
    with (
        echo_stack() as stack,
        variables(
            AWS_ENDPOINT_URL=stack.info.emulator_url,
            AWS_ACCESS_KEY_ID=ROOT_KEY,
            AWS_SECRET_ACCESS_KEY=ROOT_KEY,
            HOTSWAP_STACK="hotswap",
            HOTSWAP_LIMIT_FACTOR=str(RAISED_LIMITS),
        ),
    ):
        calls = {
            "gateway": _turn(_through_gateway(stack)),
            "relay": _turn(_through_relay(stack)),
            "service": _turn(_by_service()),
            "boto3": _turn(_by_boto3(stack)),
        }
        quiet = take_turns(calls, Effort(effort.quiet_turns * 4, effort.rounds_at_most * 4, 0))
    times = {name: [value for turn in turns for value in turn] for name, turns in quiet.items()}
    return Findings(
        (
            *_compared("through API Gateway", times["gateway"], "bare Chalice", times["relay"], 1.20),
            *_compared("our service in process", times["service"], "boto3", times["boto3"], 1.10),
        ),
        ("The bare function asks no authorizer, checks nothing and keeps nothing; it writes a line of log, as ours.",),
    )


def _through_gateway(stack: EchoStack) -> Callable[[], None]:
    sent = _payload()
    body = {name: sent[name] for name in ("tenantId", "operation", "input", "environment")}
    url = f"{stack.info.api_url}/plugins/{PLUGIN}/invoke"
    return _poster(url, body, Authorization=f"Bearer {stack.token('host')}")


def _through_relay(stack: EchoStack) -> Callable[[], None]:
    stack.client("iam").create_role(RoleName="bench-relay", AssumeRolePolicyDocument=json.dumps(_TRUST))
    stack.client("iam").put_role_policy(RoleName="bench-relay", PolicyName="call", PolicyDocument=json.dumps(_MAY_CALL))
    role = stack.client("iam").get_role(RoleName="bench-relay")["Role"]["Arn"]
    made = stack.client("lambda").create_function(
        FunctionName="bench-relay",
        Role=role,
        Runtime="python3.11",
        Handler="app.app",
        Timeout=29,
        MemorySize=1024,
        Code={"ZipFile": _relay_zip()},
    )
    gateway = stack.client("apigateway")
    api = gateway.create_rest_api(name="bench-relay")["id"]
    root = next(item["id"] for item in gateway.get_resources(restApiId=api)["items"] if item["path"] == "/")
    place = {
        "restApiId": api,
        "resourceId": gateway.create_resource(restApiId=api, parentId=root, pathPart="invoke")["id"],
    }
    gateway.put_method(**place, httpMethod="POST", authorizationType="NONE")
    arn = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{made['FunctionArn']}/invocations"
    gateway.put_integration(**place, httpMethod="POST", type="AWS_PROXY", integrationHttpMethod="POST", uri=arn)
    gateway.create_deployment(restApiId=api, stageName="api")
    body = {"function": FUNCTION, "alias": ALIAS, "payload": _payload()}
    return _poster(f"{stack.info.emulator_url}/_aws/execute-api/{api}/api/invoke", body)


def _relay_zip() -> bytes:
    content = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(content, "w") as archive:
        copy_chalice_runtime(Path(folder))
        for path in (Path(folder) / "chalice").iterdir():
            archive.write(path, f"chalice/{path.name}")
        archive.write(_RELAY, "app.py")
    return content.getvalue()


def _by_service() -> Callable[[], object]:
    from chalicelib.bootstrap_serving import connect  # noqa: PLC0415 - after the variables are set
    from chalicelib.domain.authorization import Caller, Role  # noqa: PLC0415
    from chalicelib.domain.ids import Environment  # noqa: PLC0415
    from chalicelib.services.invocations import InvokePlugin, invoke_plugin  # noqa: PLC0415
    from chalicelib.settings import Settings  # noqa: PLC0415

    ports = connect(Settings.from_environment())
    sent = _payload()
    caller = Caller("bench", frozenset({Role.HOST}), trace_id="0" * 32)
    command = InvokePlugin(caller, PLUGIN, TENANT, str(sent["operation"]), sent["input"], Environment(ENVIRONMENT))
    return lambda: invoke_plugin(command, ports)


def _by_boto3(stack: EchoStack) -> Callable[[], object]:
    client, sent = stack.client("lambda"), json.dumps(_payload()).encode()

    def call() -> object:
        answer = client.invoke(FunctionName=FUNCTION, Qualifier=ALIAS, Payload=sent)
        return json.loads(answer["Payload"].read())

    return call


def _payload() -> dict[str, Any]:
    return {**payload(), "tenantId": TENANT, "environment": ENVIRONMENT}


def _poster(url: str, body: object, **headers: str) -> Callable[[], None]:
    """POST over a connection that is kept."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    content = json.dumps(body).encode()

    def post() -> None:
        connection.request("POST", parts.path, content, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text

    return post


def _turn(call: Callable[[], object]) -> Callable[[], Taken]:
    def turn() -> Taken:
        taken = []
        for _ in range(_CALLS):
            started = time.perf_counter()
            call()
            taken.append((time.perf_counter() - started) * 1_000)
        return Taken(tuple(taken))

    return turn


def _compared(what: str, ours: list[float], peer: str, theirs: list[float], aim: float) -> Iterator[Measure]:
    tail = percentile(ours, 0.99) / percentile(theirs, 0.99)
    for share, told, result in (
        (0.5, "p50", ratio_of_medians(ours, theirs)),
        (0.99, "p99", Interval(tail, tail, tail)),
    ):
        yield Measure(
            what=f"{what}, {told}",
            ours=f"{percentile(ours, share):.1f} ms",
            peer=f"{peer} {percentile(theirs, share):.1f} ms",
            result=result,
            unit=Unit.RATIO,
            aim=aim,
            n=len(ours),
        )


CASE = Case(
    name="gateway",
    title="An invocation in the emulator",
    method="One request at a time, over connections that are kept; the peers make the same one call of the plugin.",
    measure=measure,
    is_slow=True,
)
