"""
What MiniStack's IAM gets wrong about Lambda (aliases, new functions), KMS (aliases) and Step Functions (task tokens).

It takes every request about one alias for ``lambda:ListAliases`` and one about its provisioned concurrency for a
change of the function, lets ``lambda:CreateFunction`` only those do who may create any function, asks for rights on
a key's alias where AWS asks for those on the key, and for rights on everything where AWS asks for those on the machine
whose task a token stands for. With the right names a role that may do a thing here may do it on AWS, and one that
may not, may not. What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

import json
import re
import threading
from typing import Any

_ONE_ALIAS = re.compile(r"/functions/[^/]+/aliases/[^/]+/?$")
_ACTIONS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}
_PROVISIONED = re.compile(r"/functions/[^/]+/provisioned-concurrency/?$")
_PROVISIONED_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.core import iam_actions

    _wrap_actions(iam_actions)
    _wrap_resources(iam_actions, _note_machines())


def _wrap_actions(iam_actions: Any) -> None:
    """Name the actions on one alias, and on its provisioned concurrency, as AWS does."""
    original = iam_actions._lambda_action

    def lambda_action(method: str, path: str) -> str | None:
        if _ONE_ALIAS.search(path) and method in _ACTIONS:
            return _ACTIONS[method]
        if _PROVISIONED.search(path) and method in _PROVISIONED_VERBS:
            return f"{_PROVISIONED_VERBS[method]}ProvisionedConcurrencyConfig"
        action: str | None = original(method, path)
        return action

    iam_actions._lambda_action = lambda_action


def _note_machines() -> dict[str, str]:
    """Remember which machine each task token belongs to: a token says nothing of it, and AWS knows."""
    from ministack.services import stepfunctions

    machines: dict[str, str] = {}
    runs = threading.local()
    execute_task, invoke_with_callback = stepfunctions._execute_task, stepfunctions._invoke_with_callback

    def noting_machine(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        runs.machine = (execution or {}).get("stateMachineArn", "*")
        return execute_task(state_def, raw_input, execution, ctx)

    def noting_token(resource: Any, input_data: Any, token: str, state_def: Any) -> Any:
        machines[token] = runs.machine
        return invoke_with_callback(resource, input_data, token, state_def)

    stepfunctions._execute_task = noting_machine
    stepfunctions._invoke_with_callback = noting_token
    return machines


def _wrap_resources(iam_actions: Any, machines: dict[str, str]) -> None:
    """Name the function that is to be created, the key behind an alias, and the machine that waits for a token."""
    from ministack.services import kms

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        resource = original(service, method, path, headers, body, *rest)
        if service == "lambda" and method == "POST" and path.rstrip("/").endswith("/functions"):
            _parameters, region, account_id = rest
            return f"arn:aws:lambda:{region}:{account_id}:function:{json.loads(body).get('FunctionName', '')}"
        if service == "states" and b"taskToken" in body:
            return machines.get(json.loads(body).get("taskToken", ""), resource)
        if service == "kms" and ":alias/" in str(resource):
            key = kms._resolve_key(resource)
            return key["Arn"] if key else resource
        return resource

    iam_actions.extract_resource_arn = extract_resource_arn
