"""
The whole product on this machine: `hotswap up`, `down` and `status`.

`up` may be repeated at any time. It keeps what is whole, replaces what has died, and mends what was
left half-made; the template and the code are the ones that go to AWS.
"""

import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import Target, delete, deploy, state_of
from infra.local.emulator import (
    DEFAULT_PORT,
    PROJECT_DIRECTORY,
    REGION,
    ROOT_KEY,
    is_running,
    start_emulator,
    stop_emulator,
)
from infra.local.payments import DEFAULT_PORT as PAYMENTS_PORT
from infra.local.payments import Payments, await_payments, start_payments, stop_payments
from infra.local.processes import is_alive
from infra.local.stack_state import StackFiles, StackInfo
from infra.local.users import create_users
from infra.package import STATE_DIRECTORY, build_package, product_version

STACK_NAME = "hotswap"
API_STAGE = "api"
# CONTRACT §3: `hotswap up` raises the limits of requests 100-fold, `--strict-limits` keeps them.
RAISED_LIMITS = 100
MINISTACK, LOCALSTACK = "ministack", "localstack"

Report = Callable[[str], None]


class StackError(RuntimeError):
    """The local stack can't be brought up as asked."""


@dataclass(frozen=True, slots=True)
class StackStatus:
    """How the pieces of the stack are; *info* is None unless a whole stack was deployed."""

    emulator_running: bool
    stack_deployed: bool
    payments_running: bool
    healthy: bool
    info: StackInfo | None


@dataclass(frozen=True, slots=True)
class Options:
    """How a stack is brought up; port 0 takes any free one, *parameters* go before those that are usual here."""

    emulator: str = MINISTACK
    strict_limits: bool = False
    port: int = DEFAULT_PORT
    payments_port: int = PAYMENTS_PORT
    project: Path = PROJECT_DIRECTORY
    parameters: Mapping[str, str] = field(default_factory=dict)
    files: StackFiles = field(default_factory=lambda: StackFiles(STATE_DIRECTORY))


def up(*, emulator: str = MINISTACK, strict_limits: bool = False, report: Report = lambda _text: None) -> StackInfo:
    """
    Bring the stack up, or up to date, and write `.hotswap/stack.json`.

    *emulator* is ``ministack``, which is started here, or ``localstack``, which is found by the
    settings of localstack-client. *report* is told each step as it begins.

    Raises:
        StackError: *emulator* is not known or does not answer.
        ProcessStartError: A process did not start; the message has the end of its log.
        DeployError: CloudFormation refused; the message says what failed.
    """
    return bring_up(Options(emulator=emulator, strict_limits=strict_limits), report)


def down(*, report: Report = lambda _text: None) -> None:
    """
    Stop everything that `up` has started, and forget the stack; fine to repeat.

    Raises:
        RuntimeError: A process survived.
    """
    take_down(Options(), report)


def status() -> StackStatus:
    """Look at what runs."""
    return look(Options().files)


def bring_up(options: Options, report: Report) -> StackInfo:
    """Do what `up` says, with all options."""
    if options.emulator not in {MINISTACK, LOCALSTACK}:
        raise StackError(f"there is no emulator {options.emulator!r}: choose {MINISTACK} or {LOCALSTACK}")
    files = options.files
    with files.locked():
        known = files.read_info()
        address = _localstack_url() if options.emulator == LOCALSTACK else _ministack_url(options, report)
        files.forget_info()
        payments = _payments(options, report)
        report("packaging the code")
        package = build_package(options.project)
        target = stack_target(address)
        outputs = deploy(target, package, _parameters(address, options), report)
        report("creating users")
        passwords = {role: user["password"] for role, user in known.users.items()} if known else {}
        cognito = target.session.client("cognito-idp", endpoint_url=address)
        users = create_users(cognito, outputs["UserPoolId"], passwords)
        await_payments(payments)
        stage_url = f"{address}/_aws/execute-api/{outputs['RestAPIId']}/{API_STAGE}"
        info = StackInfo(
            api_url=f"{stage_url}/v1",
            console_url=f"{stage_url}/docs",
            emulator_url=address,
            region=REGION,
            payments_url=payments.url,
            strict_limits=options.strict_limits,
            users=users,
            outputs=outputs,
        )
        files.write_info(info)
        return info


def take_down(options: Options, report: Report) -> None:
    """Do what `down` says, with all options."""
    files = options.files
    with files.locked():
        known, emulator, payments = files.read_info(), files.read_emulator(), files.read_payments()
        files.forget_info()
        if payments is not None:
            report("stopping the payment network")
            stop_payments(payments)
            files.write_payments(None)
        if emulator is not None:
            report("stopping the emulator")
            stop_emulator(emulator)
            files.write_emulator(None)
        elif known is not None:
            report(f"deleting the stack in the emulator at {known.emulator_url}, which was not started here")
            delete(stack_target(known.emulator_url))


def look(files: StackFiles) -> StackStatus:
    """Do what `status` says, for the stack of these files."""
    info, emulator, payments = files.read_info(), files.read_emulator(), files.read_payments()
    own = emulator is not None and is_running(emulator)
    address = info.emulator_url if info else None
    deployed = bool(address) and _is_deployed(str(address))
    return StackStatus(
        emulator_running=own or deployed,
        stack_deployed=deployed,
        payments_running=payments is not None and is_alive(payments.process),
        healthy=deployed and info is not None and _answers(info.api_url.removesuffix("/v1") + "/health"),
        info=info,
    )


def _ministack_url(options: Options, report: Report) -> str:
    """Give the address of the emulator that runs, or start one."""
    emulator = options.files.read_emulator()
    if emulator is not None:
        if is_running(emulator):
            report(f"keeping the emulator at {emulator.url}")
            return emulator.url
        # It has lost all that it held in memory; what is left of it must not stay.
        stop_emulator(emulator)
    report("starting the emulator")
    emulator = start_emulator(log_path=options.files.emulator_log, preferred_port=options.port)
    options.files.write_emulator(emulator)
    if options.port not in {0, emulator.port}:
        report(f"port {options.port} is taken: the emulator is at {emulator.url}")
    return emulator.url


def _localstack_url() -> str:
    """
    Give the address of LocalStack as localstack-client finds it.

    Raises:
        StackError: Nothing answers there.
    """
    from localstack_client.config import get_service_endpoint

    address = str(get_service_endpoint("cloudformation"))
    if not _answers(f"{address}/_localstack/health"):
        raise StackError(
            f"no LocalStack answers at {address}: start it, or say where it is with LOCALSTACK_HOST and EDGE_PORT"
        )
    return address


def _payments(options: Options, report: Report) -> Payments:
    """Give the payment network that runs, or start one; it gets ready while we deploy."""
    payments = options.files.read_payments()
    if payments is not None:
        if is_alive(payments.process):
            return payments
        stop_payments(payments)
    report("starting the payment network")
    payments = start_payments(log_path=options.files.payments_log, preferred_port=options.payments_port)
    options.files.write_payments(payments)
    return payments


def stack_target(address: str) -> Target:
    """Say where to deploy: into an emulator, as its root."""
    session = boto3.Session(aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=REGION)
    return Target(STACK_NAME, session, address, poll_seconds=0.05, patience_seconds=120)


def _parameters(address: str, options: Options) -> dict[str, str]:
    """Say what differs from AWS."""
    return {
        "JwksBaseUrl": address,
        "TlsOnly": "false",
        "ProductVersion": product_version(),
        "LimitFactor": "1" if options.strict_limits else str(RAISED_LIMITS),
        **options.parameters,
    }


def _is_deployed(address: str) -> bool:
    """Tell whether the stack stands in the emulator."""
    try:
        return state_of(stack_target(address)) in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    except (BotoCoreError, ClientError):
        return False


def _answers(url: str) -> bool:
    """Tell whether a GET of *url* is answered with success."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 # nosec B310 - http, our own
            return bool(answer.status < 300)  # noqa: PLR2004 - success
    except (urllib.error.URLError, OSError):
        return False
