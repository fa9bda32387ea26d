"""A Chalice function with one route, which calls one version of a plugin and answers what that says."""

import json
import sys
from typing import Any

import boto3
from chalice.app import Chalice

app = Chalice(app_name="relay")
functions = boto3.client("lambda")


@app.route("/invoke", methods=["POST"])
def invoke() -> Any:  # noqa: ANN401 - JSON
    """Send the body on. A line of log is what ours writes too, and the emulator is slow without one."""
    request = app.current_request
    assert request is not None
    asked = request.json_body
    answer = functions.invoke(
        FunctionName=asked["function"], Qualifier=asked["alias"], Payload=json.dumps(asked["payload"]).encode()
    )
    sys.stderr.write("relayed\n")
    return json.loads(answer["Payload"].read())
