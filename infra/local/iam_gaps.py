"""
What MiniStack's IAM gets wrong about Lambda (actions on one alias, the function to be created) and KMS (aliases).

It takes every request about one alias for ``lambda:ListAliases`` and one about its provisioned concurrency for a
change of the function, lets ``lambda:CreateFunction`` only
those do who may create any function, and asks for rights on a key's alias where AWS asks for those on the
key. With the right names a role that may do a thing here may do it on AWS, and one that may not, may not.
What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

import json
import re
from typing import Any

_ONE_ALIAS = re.compile(r"/functions/[^/]+/aliases/[^/]+/?$")
_ACTIONS = {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"}
_PROVISIONED = re.compile(r"/functions/[^/]+/provisioned-concurrency/?$")
_PROVISIONED_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.core import iam_actions

    _wrap_actions(iam_actions)
    _wrap_resources(iam_actions)


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


def _wrap_resources(iam_actions: Any) -> None:
    """Name the function that is to be created as the resource of its creation, and the key behind an alias."""
    from ministack.services import kms

    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        resource = original(service, method, path, headers, body, *rest)
        if service == "lambda" and method == "POST" and path.rstrip("/").endswith("/functions"):
            _parameters, region, account_id = rest
            return f"arn:aws:lambda:{region}:{account_id}:function:{json.loads(body).get('FunctionName', '')}"
        if service == "kms" and ":alias/" in str(resource):
            key = kms._resolve_key(resource)
            return key["Arn"] if key else resource
        return resource

    iam_actions.extract_resource_arn = extract_resource_arn
