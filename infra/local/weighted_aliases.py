"""
What MiniStack leaves out and AWS Lambda does: an alias with weights shares its invocations between versions.

On AWS an alias whose ``RoutingConfig`` holds ``AdditionalVersionWeights`` picks the version anew for every
invocation, says which one it was, and counts it under the dimensions ``Resource`` and ``ExecutedVersion``.
MiniStack stores the weights and ignores them. `install` wraps its functions; it changes none of its files.

What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401 - what is wrapped is private and has no types

import random
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

# A record of MiniStack: a function, a version, an alias, a configuration. It has no types of its own.
Record = dict[str, Any]


# The alias by which the invocation at hand was asked for, where MiniStack knows only the version.
_asked_alias_arn: ContextVar[str] = ContextVar("asked_alias_arn", default="")
# The version that served the last invocation of this context, for Step Functions to report.
_served_version: ContextVar[str] = ContextVar("served_version", default="$LATEST")
_dice = random.SystemRandom()


def draw_version(alias: Mapping[str, Any], share: float) -> str:
    """
    Choose the version that serves one invocation of *alias*.

    *share* is drawn evenly from 0 to 1, exclusive; what the weights leave belongs to the alias's own version.
    """
    weights: Mapping[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in sorted(weights.items()):
        if share < weight:
            return version
        share -= weight
    return str(alias.get("FunctionVersion", "$LATEST"))


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.services import cloudwatch, lambda_svc, stepfunctions

    _wrap_direct_invoke(lambda_svc)
    _wrap_reference_lookup(lambda_svc)
    _wrap_execution(lambda_svc, cloudwatch)
    _wrap_state_machine_task(stepfunctions)


def _alias_of(function: Mapping[str, Any] | None, qualifier: str | None) -> Record | None:
    """Find the alias *qualifier* of a function, if it is one."""
    found: Record | None = (function or {}).get("aliases", {}).get(qualifier)
    return found


def _wrap_direct_invoke(lambda_svc: Any) -> None:
    """Share the API call Invoke, synchronous and asynchronous, with the alias as qualifier or in the ARN."""
    original = lambda_svc._invoke

    async def invoke(
        name: str,
        event: object,
        headers: Record,
        path_qualifier: str | None = None,
        query_params: Record | None = None,
    ) -> object:
        qualifier = path_qualifier or lambda_svc._qp_first(query_params or {}, "Qualifier") or None
        alias = _alias_of(lambda_svc._functions.get(name), qualifier)
        if alias is None:
            return await original(name, event, headers, path_qualifier, query_params)
        asked = _asked_alias_arn.set(alias["AliasArn"])
        try:
            version = draw_version(alias, _dice.random())
            return await original(name, event, headers, version, query_params)
        finally:
            _asked_alias_arn.reset(asked)

    lambda_svc._invoke = invoke


def _wrap_reference_lookup(lambda_svc: Any) -> None:
    """Share what API Gateway, Step Functions, EventBridge and the like run: they look it up by a reference."""
    original = lambda_svc._get_func_record_for_ref

    def get_func_record_for_ref(reference: str) -> tuple[Record | None, Record | None, str]:
        _served_version.set("$LATEST")
        name, qualifier = lambda_svc._resolve_name_and_qualifier(reference)
        base, _config, _name = lambda_svc._get_base_func_record_for_ref(reference)
        alias = _alias_of(base, qualifier)
        if alias is None:
            record, config, name = original(reference)
        else:
            version = draw_version(alias, _dice.random())
            record, config, name = original(f"{reference.removesuffix(qualifier)}{version}")
            config = config and {**config, "FunctionArn": alias["AliasArn"]}
        _served_version.set((config or {}).get("Version", "$LATEST"))
        return record, config, name

    lambda_svc._get_func_record_for_ref = get_func_record_for_ref


def _wrap_execution(lambda_svc: Any, cloudwatch: Any) -> None:
    """Tell each handler the alias that it was asked by, and count the version that ran."""
    original = lambda_svc._execute_function_dispatch

    def dispatch(function: Record, config: Record, event: object, request_id: str, started: float) -> Record:
        if _asked_alias_arn.get():
            config = {**config, "FunctionArn": _asked_alias_arn.get()}
            function = {**function, "config": config}
        result: Record = original(function, config, event, request_id, started)
        _count_version(lambda_svc, cloudwatch, config, result, (time.time() - started) * 1000)
        return result

    lambda_svc._execute_function_dispatch = dispatch


def _count_version(
    lambda_svc: Any,
    cloudwatch: Any,
    config: Record,
    result: Record,
    duration_ms: float,
) -> None:
    """Record the metrics of one invocation by alias, as AWS does; those by function are MiniStack's own."""
    name, qualifier = lambda_svc._resolve_name_and_qualifier(config.get("FunctionArn", ""))
    alias = _alias_of(lambda_svc._functions.get(name), qualifier)
    if alias is None:
        return
    by_alias = {"FunctionName": name, "Resource": f"{name}:{qualifier}"}
    dimensions = [by_alias]
    if (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights"):
        dimensions.append({**by_alias, "ExecutedVersion": config.get("Version", "$LATEST")})
    for dimension in dimensions:
        cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", dimension)
        cloudwatch.record_metric("AWS/Lambda", "Errors", int(bool(result.get("error"))), "Count", dimension)
        cloudwatch.record_metric("AWS/Lambda", "Duration", duration_ms, "Milliseconds", dimension)


def _wrap_state_machine_task(stepfunctions: Any) -> None:
    """Report the version from Step Functions' ``lambda:invoke``, as the API call does."""
    original = stepfunctions._invoke_resource

    def invoke_resource(resource: str, given: Record) -> object:
        result = original(resource, given)
        if "states:::lambda:invoke" in resource:
            return {"ExecutedVersion": _served_version.get(), **result}
        return result

    stepfunctions._invoke_resource = invoke_resource
