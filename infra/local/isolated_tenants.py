"""
What MiniStack leaves out and AWS Lambda does: with ``TenancyConfig`` each tenant has containers of its own.

MiniStack stores the setting and shares its worker processes all the same. `install` lets a process be kept for the
tenant that the call names, with a ``/tmp`` of its own where the kernel allows that (`has_own_tmp`), and refuses calls
as Lambda does: without a tenant where one is needed, with one where none is known.

What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

import hashlib
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

# A record of MiniStack: a function, its configuration, the headers of a request. It has no types of its own.
Record = dict[str, Any]

#: The tenant that the invocation at hand names.
_tenant: ContextVar[str] = ContextVar("tenant", default="")
#: Whether the process that is being started serves one tenant.
_is_starting_isolated: ContextVar[bool] = ContextVar("is_starting_isolated", default=False)

_NEW_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
#: Puts a new folder over /tmp, and what a process needs of the old one (the code, the interpreter) back into it.
_STARTER = """#!/bin/sh -e
OWN=$(mktemp -d "$TMPDIR/tenant-XXXXXX")
export OWN
exec {new_namespace} sh -e -c '
  for kept in {kept}; do mkdir -p "$OWN$kept"; mount --rbind "/tmp$kept" "$OWN$kept"; done
  mount --rbind "$OWN" /tmp
  cd "$PWD"
  unset OWN TMPDIR
  exec "$@"
' sh {binary} "$@"
"""
_TMP = Path("/tmp")  # noqa: S108 # nosec B108 - what it is about


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    _wrap_invoke(lambda_svc)
    _wrap_pool(lambda_runtime, lambda_svc)
    if has_own_tmp():
        _wrap_start(lambda_runtime)


@cache
def has_own_tmp() -> bool:
    """Tell whether this machine lets a process have its own ``/tmp``."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        [*_NEW_NAMESPACE, "mount", "--rbind", tempfile.gettempdir(), str(_TMP)],
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


def isolates(config: Record) -> bool:
    """Tell whether a function has containers per tenant."""
    return (config.get("TenancyConfig") or {}).get("TenantIsolationMode") == "PER_TENANT"


def refusal(config: Record, tenant: str) -> str:
    """Say why Lambda takes no such call; empty if it does."""
    if isolates(config) and not tenant:
        return "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request."
    if tenant and not isolates(config):
        return "The invoked function is not enabled with tenancy configuration. Remove the tenant ID from your request."
    return ""


def key_for(key: str, tenant: str) -> str:
    """Name the pool of a tenant's processes; still ``account:region:function:qualifier``, as MiniStack reads it."""
    return f"{key}@{hashlib.sha256(tenant.encode()).hexdigest()[:16]}"


def _wrap_invoke(lambda_svc: Any) -> None:
    """Read the tenant of the API call Invoke; no other way of calling names one."""
    original = lambda_svc._invoke

    async def invoke(
        name: str,
        event: object,
        headers: Record,
        path_qualifier: str | None = None,
        query_params: Record | None = None,
    ) -> object:
        tenant = next((value for key, value in headers.items() if key.lower() == "x-amz-tenant-id"), "")
        function = lambda_svc._functions.get(name)
        if function is not None and (why := refusal(function["config"], tenant)):
            return lambda_svc.error_response_json("InvalidParameterValueException", why, 400)
        named = _tenant.set(tenant)
        try:
            return await original(name, event, headers, path_qualifier, query_params)
        finally:
            _tenant.reset(named)

    lambda_svc._invoke = invoke


def _wrap_pool(lambda_runtime: Any, lambda_svc: Any) -> None:
    """Keep processes by tenant, and end those of every tenant when those of a version are ended."""
    key_of, end = lambda_runtime._worker_key, lambda_runtime.invalidate_worker

    def worker_key(func_name: str, config: Record, qualifier: str) -> str:
        key: str = key_of(func_name, config, qualifier)
        return key_for(key, _tenant.get()) if isolates(config) and _tenant.get() else key

    def invalidate_worker(
        func_name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None
    ) -> None:
        qualifiers = {qualifier}
        if qualifier is not None:
            kept = [key.rpartition(":")[2] for key in list(lambda_runtime._workers)]
            qualifiers |= {each for each in kept if each.startswith(f"{qualifier}@")}
        for each in qualifiers:
            end(func_name, each, account, region)

    lambda_runtime._worker_key = worker_key
    lambda_runtime.invalidate_worker = lambda_svc.invalidate_worker = invalidate_worker


def _wrap_start(lambda_runtime: Any) -> None:
    """Start the process of a tenant with its own ``/tmp``."""
    spawn, runtime_of = lambda_runtime.Worker._spawn, lambda_runtime._detect_runtime_binary

    def spawn_isolated(worker: Any) -> None:
        starting = _is_starting_isolated.set(isolates(worker.config))
        try:
            spawn(worker)
        finally:
            _is_starting_isolated.reset(starting)

    def runtime_binary(runtime: str) -> tuple[str, str]:
        binary, script = runtime_of(runtime)
        return (_starter_of(binary) if _is_starting_isolated.get() else binary), script

    lambda_runtime.Worker._spawn = spawn_isolated
    lambda_runtime._detect_runtime_binary = runtime_binary


@cache
def _starter_of(binary: str) -> str:
    """Write the program that starts *binary* with its own ``/tmp``."""
    handle, path = tempfile.mkstemp(prefix="start-", suffix=".sh")
    os.close(handle)
    starter = Path(path)
    needed = {Path(tempfile.gettempdir()), Path(sys.prefix), Path(sys.base_prefix)}
    kept = " ".join(f'"/{folder.relative_to(_TMP)}"' for folder in sorted(needed) if folder.is_relative_to(_TMP))
    new_namespace = " ".join(_NEW_NAMESPACE)
    starter.write_text(_STARTER.format(new_namespace=new_namespace, kept=kept, binary=shlex.quote(binary)))
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)
    return path
