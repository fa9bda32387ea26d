"""
Who may do what: one table from the functions of the stack to the actions that their roles allow.

Every function has a role of its own. Resources are named, never ``*``; the names all derive from
the stack's, so the policies need no reference to a resource and make no circles in the template.
A task that is not listed here gets no right but to write its log, and the emulator enforces it.
"""

from dataclasses import dataclass
from typing import Any

_REGION = "${AWS::Region}:${AWS::AccountId}"
_ARN = "arn:${AWS::Partition}"
_STACK = "${AWS::StackName}"


@dataclass(frozen=True, slots=True)
class Grant:
    """Some actions on some resources; a resource is the text of an ``Fn::Sub``."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


Grants = tuple[Grant, ...]


def _table(name: str) -> tuple[str, str]:
    """Name a table and its indexes."""
    table = f"{_ARN}:dynamodb:{_REGION}:table/{_STACK}-{name}"
    return table, f"{table}/index/*"


def _reads(*tables: str) -> Grant:
    """Read items and ask queries; never scan."""
    resources = tuple(resource for table in tables for resource in _table(table))
    return Grant(("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"), resources)


def _writes(*tables: str) -> Grant:
    """Write single items, alone or in a transaction; a transaction is allowed by the actions in it."""
    actions = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem")
    return Grant(actions, tuple(_table(table)[0] for table in tables))


def _deletes(*tables: str) -> Grant:
    """Delete single items."""
    return Grant(("dynamodb:DeleteItem",), tuple(_table(table)[0] for table in tables))


def _object(prefix: str) -> str:
    """Name the objects of the artifact bucket under a prefix."""
    return f"{_ARN}:s3:::{_STACK}-artifacts-${{AWS::AccountId}}/{prefix}/*"


_KEY = f"{_ARN}:kms:{_REGION}:key/${{Key}}"
_PLUGIN_FUNCTION = f"{_ARN}:lambda:{_REGION}:function:{_STACK}-plugin-*"
_MACHINES = tuple(f"{_ARN}:states:{_REGION}:stateMachine:{_STACK}-{name}" for name in ("intake", "deployment"))
_EXECUTIONS = tuple(f"{_ARN}:states:{_REGION}:execution:{_STACK}-{name}:*" for name in ("intake", "deployment"))

# Audit records are only ever added; no role may change or delete one.
_AUDITS = Grant(("dynamodb:PutItem",), _table("audit")[:1])
_READS_AUDIT = Grant(("dynamodb:Query",), _table("audit"))
_READS_PACKAGES = Grant(("s3:GetObject", "s3:GetObjectVersion"), (_object("packages"),))
_READS_BUILDS = Grant(("s3:GetObject", "s3:GetObjectVersion"), (_object("builds"),))
_WRITES_BUILDS = Grant(("s3:PutObject",), (_object("builds"),))
# The bucket is encrypted by the key, so whoever reads or writes objects uses it.
_DECRYPTS = Grant(("kms:Decrypt",), (_KEY,))
_ENCRYPTS = Grant(("kms:GenerateDataKey", "kms:Decrypt"), (_KEY,))
_CALLS_PLUGINS = Grant(("lambda:InvokeFunction",), (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"))
_MIRRORS_ALIASES = Grant(
    ("lambda:GetAlias", "lambda:CreateAlias", "lambda:UpdateAlias"), (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*")
)
_PUBLISHES = Grant(
    (
        "lambda:CreateFunction",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:PublishVersion",
        "lambda:ListVersionsByFunction",
        "lambda:TagResource",
    ),
    (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"),
)
_PASSES_PLUGIN_ROLE = Grant(("iam:PassRole",), (f"{_ARN}:iam::${{AWS::AccountId}}:role/{_STACK}-plugin",))

_DEPLOYS: Grants = (
    _reads("registry", "routing", "deployments"),
    _writes("routing", "deployments"),
    _AUDITS,
)

FUNCTIONS: dict[str, Grants] = {
    "api_handler": (
        _reads("registry", "routing", "tenants", "deployments", "idempotency"),
        _writes("registry", "routing", "tenants", "deployments", "idempotency"),
        _deletes("idempotency"),
        _AUDITS,
        _READS_AUDIT,
        # Signing an upload or a download lends these rights to whoever has the address.
        Grant(("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"), (_object("packages"),)),
        Grant(("kms:Encrypt", "kms:GenerateDataKey", "kms:Decrypt"), (_KEY,)),
        Grant(("states:StartExecution",), _MACHINES),
        Grant(("states:DescribeExecution", "states:StopExecution"), _EXECUTIONS),
        Grant(("lambda:DeleteFunction",), (_PLUGIN_FUNCTION,)),
        _MIRRORS_ALIASES,
    ),
    "verify_token": (),
    # State of plugins is the only thing that an invocation writes.
    "invoke_plugin": (
        _reads("routing", "tenants"),
        _writes("tenants"),
        _DECRYPTS,
        _CALLS_PLUGINS,
    ),
    "verify_package": (
        _reads("registry"),
        _writes("registry"),
        _AUDITS,
        _READS_PACKAGES,
        _WRITES_BUILDS,
        _ENCRYPTS,
    ),
    "publish_version": (
        _reads("registry"),
        _writes("registry"),
        _deletes("registry"),
        _AUDITS,
        _READS_PACKAGES,
        _READS_BUILDS,
        _WRITES_BUILDS,
        _ENCRYPTS,
        _PUBLISHES,
        _MIRRORS_ALIASES,
        _PASSES_PLUGIN_ROLE,
    ),
    "measure_init": (_reads("registry"), _writes("registry"), _AUDITS, _CALLS_PLUGINS, _PUBLISHES),
    "mark_ready": (_reads("registry"), _writes("registry"), _AUDITS),
    "reject_version": (_reads("registry"), _writes("registry"), _deletes("registry"), _AUDITS),
    "validate_deployment": _DEPLOYS,
    "acquire_lease": _DEPLOYS,
    "prepare_candidate": (*_DEPLOYS, _MIRRORS_ALIASES),
    "warm_candidate": (*_DEPLOYS, _CALLS_PLUGINS),
    "check_health": (*_DEPLOYS, _CALLS_PLUGINS),
    "shift_traffic": (*_DEPLOYS, _MIRRORS_ALIASES),
    "complete_deployment": (*_DEPLOYS, _MIRRORS_ALIASES),
    "roll_back": (*_DEPLOYS, _MIRRORS_ALIASES),
}


def policy_of(function: str) -> dict[str, Any]:
    """
    Give the policy document of a function's role, with ``Fn::Sub`` in its resources.

    Raises:
        KeyError: The table has no such function.
    """
    logs = Grant(
        ("logs:CreateLogStream", "logs:PutLogEvents"), (f"{_ARN}:logs:{_REGION}:log-group:/aws/lambda/{_STACK}-*:*",)
    )
    return {"Version": "2012-10-17", "Statement": [_statement(grant) for grant in (logs, *FUNCTIONS[function])]}


def _statement(grant: Grant) -> dict[str, Any]:
    """Render one grant."""
    return {
        "Effect": "Allow",
        "Action": [*grant.actions],
        "Resource": [{"Fn::Sub": resource} for resource in grant.resources],
    }
