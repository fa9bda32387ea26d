"""
Who may do what: one table from the functions of the stack to the actions that their roles allow.

Every function has a role of its own. Resources are named, never ``*`` but for metrics, which have no
names; the names all derive from the stack's, so the policies need no reference to a resource and make
no circles in the template.
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


# Secrets that tenants only refer to; the name of each begins with the stack's and its tenant's.
_READS_REFERENCES = Grant(("secretsmanager:GetSecretValue",), (f"{_ARN}:secretsmanager:{_REGION}:secret:{_STACK}/*",))
_USER_POOL = f"{_ARN}:cognito-idp:{_REGION}:userpool/${{UserPool}}"
_KEY = f"{_ARN}:kms:{_REGION}:key/${{Key}}"
_SEAL_KEY = f"{_ARN}:kms:{_REGION}:key/${{SealKey}}"
_PLUGIN_FUNCTION = f"{_ARN}:lambda:{_REGION}:function:{_STACK}-plugin-*"
_MACHINES = tuple(f"{_ARN}:states:{_REGION}:stateMachine:{_STACK}-{name}" for name in ("intake", "deployment"))

# Audit records are only ever added; no role may update or delete one. A put may write over one, which IAM can't tell
# from a new one: each of ours but an erasure's asks that there is none yet, and the seals show any other.
_AUDITS = Grant(("dynamodb:PutItem",), _table("audit")[:1])
_READS_AUDIT = Grant(("dynamodb:Query",), _table("audit"))
# The stream of the audit table.
_FOLLOWS_AUDIT = Grant(
    ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"),
    (f"{_table('audit')[0]}/stream/*",),
)
_BUCKET = f"{_ARN}:s3:::{_STACK}-artifacts-${{AWS::AccountId}}"
# Whoever seals or proves reads the first version of each seal, whatever came after it.
_READS_SEALS: Grants = (
    Grant(("s3:ListBucketVersions",), (_BUCKET,)),
    Grant(("s3:GetObjectVersion",), (_object("audit"),)),
)
# A seal is locked as it is written; nobody may shorten a lock, write a seal again by right, or delete one.
_SEALS: Grants = (
    *_READS_SEALS,
    Grant(("s3:PutObject", "s3:PutObjectRetention"), (_object("audit"),)),
    Grant(("kms:Sign",), (_SEAL_KEY,)),
    Grant(("kms:GenerateDataKey", "kms:Decrypt"), (_KEY,)),
)
_READS_PACKAGES = Grant(("s3:GetObject", "s3:GetObjectVersion"), (_object("packages"),))
# Without it S3 answers 403 instead of 404 for an object that nobody has uploaded yet.
_SEES_WHAT_IS_ABSENT = Grant(("s3:ListBucket",), (f"{_ARN}:s3:::{_STACK}-artifacts-${{AWS::AccountId}}",))
_READS_BUILDS = Grant(("s3:GetObject", "s3:GetObjectVersion"), (_object("builds"),))
_WRITES_BUILDS = Grant(("s3:PutObject",), (_object("builds"),))
# The bucket is encrypted by the key, so whoever reads or writes objects uses it.
_DECRYPTS = Grant(("kms:Decrypt",), (_KEY,))
_ENCRYPTS = Grant(("kms:GenerateDataKey", "kms:Decrypt"), (_KEY,))
_CALLS_PLUGINS = Grant(("lambda:InvokeFunction",), (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"))
_LOOKS_AT_VERSIONS = Grant(
    ("lambda:GetAlias", "lambda:GetFunctionConfiguration"), (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*")
)
_MIRRORS_ALIASES = Grant(
    ("lambda:GetAlias", "lambda:CreateAlias", "lambda:UpdateAlias", "lambda:DeleteAlias"),
    (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"),
)
_PUBLISHES = Grant(
    (
        "lambda:CreateFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "lambda:PublishVersion",
        "lambda:PutProvisionedConcurrencyConfig",
    ),
    (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"),
)
# AWS knows no resource for this action (Service Authorization Reference, "CloudWatch"): a metric has no ARN, so nothing
# narrower than all metrics of the account can be named. It reads numbers and nothing else, and one function has it.
_READS_METRICS = Grant(("cloudwatch:GetMetricData",), ("*",))
# Whoever asks Lambda's control plane takes a token first, from the bucket that all share.
_TAKES_TOKENS = Grant(("dynamodb:UpdateItem",), _table("idempotency")[:1])
_PASSES_PLUGIN_ROLE = Grant(("iam:PassRole",), (f"{_ARN}:iam::${{AWS::AccountId}}:role/{_STACK}-plugin",))

# What every step of a deployment does: read and write the deployment, its lease and the route,
# and look, in the same transaction, that the plugin is still there.
_MOVES: Grants = (
    _reads("routing", "deployments"),
    _writes("routing", "deployments"),
    Grant(("dynamodb:ConditionCheckItem",), _table("registry")[:1]),
    _AUDITS,
)
# Whoever gives the lease back starts the next that waits for it, if its version still may serve.
_STARTS_NEXT: Grants = (
    _reads("registry"),
    Grant(("states:StartExecution",), (f"{_ARN}:states:{_REGION}:stateMachine:{_STACK}-deployment",)),
)
_WAKES = Grant(("states:SendTaskSuccess",), (f"{_ARN}:states:{_REGION}:stateMachine:{_STACK}-deployment",))
_LOOKS_AT_EXECUTIONS = Grant(
    ("states:DescribeExecution",), (f"{_ARN}:states:{_REGION}:execution:{_STACK}-deployment:*",)
)
_ACCEPTS: Grants = (_reads("registry"), _writes("registry"), _AUDITS)

FUNCTIONS: dict[str, Grants] = {
    "api_handler": (
        _reads("registry", "routing", "tenants", "deployments", "idempotency", "measurements"),
        _writes("registry", "routing", "tenants", "deployments", "idempotency"),
        _deletes("idempotency", "tenants"),
        # Keys of machines are added and changed, and never deleted.
        Grant(("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"), _table("credentials")[:1]),
        # Erasing a tenant removes many items at once.
        Grant(("dynamodb:BatchWriteItem",), _table("tenants")[:1]),
        _AUDITS,
        _READS_AUDIT,
        # Proving the trail: its seals, and the public half of what signs them.
        *_READS_SEALS,
        Grant(("kms:GetPublicKey",), (_SEAL_KEY,)),
        # Signing an upload or a download lends these rights to whoever has the address.
        Grant(("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"), (_object("packages"),)),
        _SEES_WHAT_IS_ABSENT,
        Grant(("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"), (_KEY,)),
        _READS_REFERENCES,
        Grant(("states:StartExecution",), _MACHINES),
        # Who says the last word on an approval wakes its machine.
        _WAKES,
        # `hotswap doctor` compares deployments with their executions.
        _LOOKS_AT_EXECUTIONS,
        # Whoever asks how a plugin is has its health check made.
        _CALLS_PLUGINS,
        # What is urgent moves the alias itself: blocking a version, and a roll-back by hand.
        _MIRRORS_ALIASES,
        # Deleting a plugin removes its function.
        Grant(("lambda:DeleteFunction",), (_PLUGIN_FUNCTION,)),
    ),
    # Whether a key is one, and whether a user may still log in.
    "verify_token": (
        Grant(("dynamodb:GetItem",), _table("credentials")[:1]),
        Grant(("cognito-idp:AdminGetUser",), (_USER_POOL,)),
        # Who is turned away is on record.
        _AUDITS,
    ),
    # Beside the answers to requests with an Idempotency-Key, the state of plugins is all that an invocation writes.
    "invoke_plugin": (
        _reads("routing", "tenants", "idempotency"),
        _writes("idempotency"),
        _deletes("idempotency"),
        # Who is refused is on record, and who has a tenant's secrets read.
        _AUDITS,
        # What became of calls is added up where nothing else is kept.
        Grant(("dynamodb:UpdateItem",), _table("measurements")[:1]),
        # State is written only beside the installation that it belongs to.
        Grant(("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"), _table("tenants")[:1]),
        _DECRYPTS,
        _READS_REFERENCES,
        _CALLS_PLUGINS,
    ),
    "verify_package": (*_ACCEPTS, _READS_PACKAGES, _SEES_WHAT_IS_ABSENT, _WRITES_BUILDS, _ENCRYPTS),
    "publish_version": (
        *_ACCEPTS,
        _deletes("registry"),  # the publish lease
        _READS_BUILDS,
        _DECRYPTS,
        _PUBLISHES,
        _MIRRORS_ALIASES,
        _TAKES_TOKENS,
        _PASSES_PLUGIN_ROLE,
    ),
    "measure_init": (*_ACCEPTS, _CALLS_PLUGINS),
    "mark_ready": _ACCEPTS,
    # A version whose code can't be started was published before that was known.
    "reject_version": (
        *_ACCEPTS,
        _TAKES_TOKENS,
        Grant(
            ("lambda:DeleteAlias", "lambda:DeleteProvisionedConcurrencyConfig"),
            (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"),
        ),
    ),
    "validate_deployment": (*_MOVES, _reads("registry"), _LOOKS_AT_VERSIONS, _TAKES_TOKENS),
    "acquire_lease": _MOVES,
    "prepare_candidate": (*_MOVES, _MIRRORS_ALIASES, _TAKES_TOKENS),
    # Whom the next move would reach is counted where a cap was asked for.
    "take_step": (*_MOVES, _reads("tenants", "measurements")),
    "request_approval": _MOVES,
    # Who wakes an execution decides nothing: the next state reads what is stored.
    "await_approval": (*_MOVES, _WAKES),
    "check_approval": (*_MOVES, _MIRRORS_ALIASES, _TAKES_TOKENS),
    # How many containers it starts depends on what was asked of the version before.
    "warm_candidate": (*_MOVES, _reads("measurements"), _LOOKS_AT_VERSIONS, _CALLS_PLUGINS, _TAKES_TOKENS),
    # What is urgent is rolled back by whoever sees it, and not at the next state.
    "evaluate_step": (
        *_MOVES,
        _reads("registry", "measurements", "tenants"),
        # A tenant that the candidate harms is pinned to stable.
        _writes("tenants"),
        _READS_METRICS,
        _CALLS_PLUGINS,
        _MIRRORS_ALIASES,
        _TAKES_TOKENS,
    ),
    "check_health": (*_MOVES, _reads("registry"), _CALLS_PLUGINS),
    "shift_traffic": (*_MOVES, _MIRRORS_ALIASES, _TAKES_TOKENS),
    "complete_deployment": (*_MOVES, *_STARTS_NEXT, _MIRRORS_ALIASES, _TAKES_TOKENS),
    "roll_back": (*_MOVES, *_STARTS_NEXT, _MIRRORS_ALIASES, _TAKES_TOKENS),
    # What an execution that died has left is taken back like any other roll-back.
    "execution_ended": (*_MOVES, *_STARTS_NEXT, _MIRRORS_ALIASES, _TAKES_TOKENS),
    # What an alarm is about is in its name: not even the alarm is read.
    "alarm_raised": (*_MOVES, *_STARTS_NEXT, _MIRRORS_ALIASES, _TAKES_TOKENS),
    "reconcile": (
        *_MOVES,
        *_STARTS_NEXT,
        # What ended deployments left is watched, and whom their guard has pinned is let go.
        _reads("measurements", "tenants"),
        _writes("tenants"),
        _deletes("tenants"),
        _MIRRORS_ALIASES,
        _WAKES,
        _LOOKS_AT_EXECUTIONS,
        _TAKES_TOKENS,
    ),
    "mend_aliases": (_reads("routing"), _AUDITS, _MIRRORS_ALIASES, _TAKES_TOKENS),
    "settle_versions": (
        _reads("registry", "routing", "tenants", "deployments"),
        _writes("registry"),
        _deletes("registry"),  # notes of what is settled
        _AUDITS,
        _MIRRORS_ALIASES,
        _TAKES_TOKENS,
        Grant(
            ("lambda:PutProvisionedConcurrencyConfig", "lambda:DeleteProvisionedConcurrencyConfig"),
            (_PLUGIN_FUNCTION, f"{_PLUGIN_FUNCTION}:*"),
        ),
    ),
    "seal_audit": (_FOLLOWS_AUDIT, *_SEALS),
    "sweep_audit": (_READS_AUDIT, *_SEALS),
    "send_notifications": (
        _reads("deployments", "idempotency"),
        _writes("idempotency"),
        # Who is pinned to a version.
        Grant(("dynamodb:Query",), (f"{_table('tenants')[0]}/index/gsi1",)),
        _FOLLOWS_AUDIT,
        Grant(("sns:Publish",), (f"{_ARN}:sns:{_REGION}:{_STACK}-notifications",)),
    ),
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
