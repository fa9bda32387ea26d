"""Parts of the OpenAPI document that no route says: words about concepts, headers, parameters, problems."""

from __future__ import annotations

from typing import Any

from chalicelib.api.problems import KINDS, MEDIA_TYPE

INFO: dict[str, Any] = {
    "title": "HotSwap",
    "version": "1.0",
    "summary": "Change a plugin of a running SaaS product, tenant by tenant, with no downtime and one-write rollback.",
    "description": (
        "JSON in camelCase, RFC 3339 times in UTC. Log in, then send `Authorization: Bearer <token>`; a program "
        "sends a key of `POST /v1/keys` in the token's place, and may name in `X-HotSwap-On-Behalf-Of` the person that "
        "it acts for, which is recorded.\n\n"
        "**Errors** are RFC 9457 problems; decide by `code`, follow `fix`, and name the `traceId` when you ask for "
        "help.\n\n"
        "**Lists** come in pages: send `nextCursor` as `cursor`, with the same filters, until it is null.\n\n"
        "**Repeats**: a POST with an `Idempotency-Key` is carried out once; within 24 hours the same key and body get "
        "the first answer again (`Idempotent-Replayed: true`). 5xx and 429 are not kept, nor is anything of logging "
        "in: keeping that answer would mean keeping tokens.\n\n"
        "**Rate limits** hold per user and route; `RateLimit-*` headers tell how you stand, and a 429 says in "
        "`Retry-After` when to come again. Attempts to log in are limited per user name.\n\n"
        "**Dry runs**: every change takes `?validateOnly=true`.\n\n"
        "**Unknown fields** are refused, and so is what this release can't honour: nothing you send is ignored."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}

TAGS = {
    "authentication": "Log in, stay logged in.",
    "me": "Who you are.",
    "plugins": "Named extensions of the product.",
    "versions": "Immutable builds of a plugin.",
    "deployments": "Attempts to make a version the current one of an environment.",
    "keys": "What programs call with.",
    "audit": "Who did what, to what, and why: records that are only ever added.",
    "approvals": "People who must agree before a deployment goes on.",
    "environments": "What an environment asks of a deployment.",
    "tenants": "Customers of the product, and what they have installed.",
    "invoke": "Ask a plugin to work for a tenant.",
    "about": "About this API itself.",
}

SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `token` of POST /v1/authentication/login: an ID token of the user pool (RS256).",
    }
}

PARAMETERS: dict[str, dict[str, Any]] = {
    "plugin_id": {"description": "Id of a plugin, which is its name.", "schema": {"type": "string"}},
    "version": {"description": "A version in SemVer 2.0; write `+` as `%2B`.", "schema": {"type": "string"}},
    "deployment_id": {"description": "Id of a deployment: `dep_` and a ULID.", "schema": {"type": "string"}},
    "approval_id": {"description": "Id of an approval: `apr_` and more.", "schema": {"type": "string"}},
    "environment": {
        "description": "Development, QA, Staging or Production.",
        "schema": {"type": "string"},
    },
    "tenant_id": {"description": "Id of a tenant.", "schema": {"type": "string"}},
    "key_id": {"description": "Id of a key: `key_` and a ULID.", "schema": {"type": "string"}},
    "name": {"description": "Name of a secret, as the plugin's manifest lists it.", "schema": {"type": "string"}},
}

#: Actions that answer with a page for people.
PAGES = frozenset({"show_docs", "show_approval_page"})

#: Media types of actions that answer with a part of a file.
FILES = {"export_audit": ("application/jsonl", "text/csv")}

REPEAT_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Carry this out once: repeats with the same key and body get the first answer for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag that you read: a change that somebody else made since is never overwritten unseen.",
    "schema": {"type": "string", "examples": ['"3"']},
}

#: Headers that one action takes.
HEADER_PARAMETERS: dict[str, dict[str, Any]] = {
    "invoke_plugin": {
        "name": "X-HotSwap-Override",
        "in": "header",
        "required": False,
        "description": "The token of an override: this request goes to its version, unless the tenant is pinned.",
        "schema": {"type": "string", "maxLength": 2048},
    }
}

COMMON_HEADERS: dict[str, Any] = {
    "X-Trace-Id": {
        "description": "Joins this request to the traces and logs of all it did.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    }
}

#: On the answers to whoever is counted; absent while the counts can't be reached.
RATE_HEADERS: dict[str, Any] = {
    "RateLimit-Limit": {
        "description": "Requests a minute to this route, for you alone.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit-Remaining": {
        "description": "Requests that you may send right now.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Reset": {
        "description": "Seconds until you may send one more than that; 0 when you have used none.",
        "schema": {"type": "integer", "minimum": 0},
    },
}

RETRY_AFTER: dict[str, Any] = {
    "description": "Seconds after which to send the request again.",
    "schema": {"type": "integer", "minimum": 1},
}

#: Statuses that a repeat may heal.
RETRIED = frozenset({429, 503})

_LOCATION = {
    "Location": {
        "description": "Where it is, relative to the request's own address.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    }
}

#: Headers of one action's success.
EXTRA_HEADERS: dict[str, dict[str, Any]] = {
    "register_plugin": _LOCATION,
    "create_version": _LOCATION,
    "finalize_version": _LOCATION,
    "create_deployment": _LOCATION,
    "create_tenant": _LOCATION,
    "export_audit": {
        "X-Next-Cursor": {
            "description": "Send it as `cursor` for the next part; absent at the end.",
            "required": False,
            "schema": {"type": "string"},
        }
    },
    "invoke_plugin": {
        "X-HotSwap-Version": {
            "description": "The version that served.",
            "required": True,
            "schema": {"type": "string"},
        },
        "X-HotSwap-Reason": {
            "description": "The rule that chose it.",
            "required": True,
            "schema": {"type": "string"},
        },
    },
}


def problem_response(codes: list[str], ref: str) -> dict[str, Any]:
    """Describe the answer with a status, which may have several *codes*."""
    kind = KINDS[codes[0]]
    names = [*COMMON_HEADERS, *RATE_HEADERS]
    if kind.status in RETRIED:
        names.append("Retry-After")
    return {
        "description": f"{', '.join(f'`{code}`' for code in codes)}: {kind.title.lower()}.",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
        "content": {MEDIA_TYPE: {"schema": {"$ref": ref}, "examples": {"problem": {"value": _example(codes[0])}}}},
    }


def _example(code: str) -> dict[str, Any]:
    kind = KINDS[code]
    errors = []
    if code == "VALIDATION_ERROR":
        errors = [{"field": "/version", "message": "'01.0.0' is not SemVer 2.0", "fix": "Use SemVer 2.0: 1.0.0."}]
    return {
        "type": "urn:hotswap:problem:" + code.lower().replace("_", "-"),
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.title}: here stands what it is about.",
        "instance": "/v1/…",
        "code": code,
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",  # pragma: allowlist secret
        "timestamp": "2026-11-22T15:00:00.000Z",
        "errors": errors,
        "fix": "Here stands what to do next.",
    }
