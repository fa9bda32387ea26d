"""What to do about an error of the API that brings no fix of its own."""

from __future__ import annotations

_BY_STATUS = {
    400: "correct the request; `--help` shows what the command takes",
    401: "log in with `hotswap login`",
    403: "see your roles with `hotswap whoami`; log in as somebody who may do this, or ask an admin",
    404: "check the name; `hotswap plugin list` and `hotswap tenant list` show what exists",
    409: "look at what is there already, then decide: repeat later, or choose another name or version",
    412: "somebody changed it meanwhile: read it again, then repeat",
    413: "send less: a package may have 100 MB, a request 6 MB",
    422: "correct what the message names, then repeat",
    428: "read it first, then repeat with the ETag you were given",
    429: "wait a little, then repeat",
    502: "the plugin itself failed: read its answer above, and its logs",
    503: "wait a little, then repeat; `hotswap status` shows what is down",
    504: "the plugin took too long: ask for less, or raise resources.timeoutSeconds in its plugin.json",
}
_UNKNOWN = "repeat it; if it stays, give your operator the trace id"


def advice_for(status: int, *, retry_after: str | None = None) -> str:
    """Say what usually helps after *status*."""
    if retry_after is not None and retry_after.isdigit():
        return f"wait {retry_after} s, then repeat"

    return _BY_STATUS.get(status, _UNKNOWN)
