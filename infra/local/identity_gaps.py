"""
What MiniStack's Cognito lets anybody do, whatever the user pool and its client say.

On AWS nobody signs up where only administrators make users, and nobody writes an attribute of their own
that the client may not write: ``custom:tenant_id`` says which tenant a user speaks for. MiniStack stores
both settings and asks for neither. What is wrapped is pinned in `infra.local.pins`.
"""

# ruff: noqa: ANN401, SLF001 - what is wrapped is private and has no types

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def install() -> None:
    """Wrap MiniStack's functions in this process; `infra.local.pins.check` comes first."""
    from ministack.services import cognito

    original = cognito._dispatch_idp

    async def dispatch_idp(action: str, data: Record) -> Any:
        refusal = refusal_of(action, data, cognito)
        if refusal:
            return cognito.error_response_json("NotAuthorizedException", refusal, 400)
        return await original(action, data)

    cognito._dispatch_idp = dispatch_idp


def refusal_of(action: str, data: Record, cognito: Any) -> str:
    """Say why AWS would refuse a request that MiniStack would carry out; empty if it would not."""
    if action == "SignUp":
        owners = (pool for pool in cognito._user_pools.values() if data.get("ClientId") in pool["_clients"])
        closed = any(pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly") for pool in owners)
        return "SignUp is not permitted for this user pool" if closed else ""
    if action == "UpdateUserAttributes":
        _user, pool = cognito._user_pool_for_access_token(data.get("AccessToken", ""))
        wanted = {attribute["Name"] for attribute in data.get("UserAttributes", [])}
        # The token is not checked either, so what it says of its client proves nothing: all clients of the pool count.
        if pool is not None and wanted - _writable(pool):
            return "A client attempted to write unauthorized attribute"
    return ""


def _writable(pool: Record) -> set[str]:
    """Name what every client of a pool may write."""
    lists = [set(client.get("WriteAttributes") or ()) for client in pool["_clients"].values()]
    return set.intersection(*lists) if lists else set()
