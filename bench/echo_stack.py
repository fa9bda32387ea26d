"""A stack of its own with the echo plugin, deployed and used by a tenant, as the product's own client makes it."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from hotswap.client import HotSwapClient
from hotswap.clock import Deadline, SystemClock
from hotswap.packages import read_package
from hotswap.progress import SilentProgress
from hotswap.publishing import publish
from hotswap.waiting import wait_for
from infra.local.emulator import REGION, ROOT_KEY
from infra.local.stack import Options, bring_up, take_down
from infra.local.stack_state import StackFiles, StackInfo

PLUGIN, VERSION, ALIAS, TENANT, ENVIRONMENT = "bench-echo", "1.0.0", "v1-0-0", "acme", "Development"
FUNCTION = f"hotswap-plugin-{PLUGIN}"
_FOLDER = Path(__file__).parent / "programs" / "echo"
_PATIENCE_SECONDS = 120
_LIMITS = ("ReadsPerMinute", "WritesPerMinute", "VersionCreatesPerMinute", "LoginsPerMinute")
_MANY = "6000"


@dataclass(frozen=True, slots=True)
class EchoStack:
    """Where the stack is, and who may ask it."""

    info: StackInfo

    def client(self, service: str) -> Any:  # noqa: ANN401 - one maker of four types
        """Give a client of the emulator's root."""
        session = boto3.Session(aws_access_key_id=ROOT_KEY, aws_secret_access_key=ROOT_KEY, region_name=REGION)
        return session.client(service, endpoint_url=self.info.emulator_url)  # type: ignore[call-overload]

    def token(self, role: str) -> str:
        """Log the stack's user of this role in."""
        with HotSwapClient(self.info.api_url) as client:
            return client.authentication.log_in(**self.info.users[role]).token

    def product(self, role: str) -> HotSwapClient:
        """Give the product as a user of this role reaches it."""
        return HotSwapClient(self.info.api_url, tokens=self.token(role))


@contextlib.contextmanager
def echo_stack(*, lambda_as_on_aws: bool = False) -> Iterator[EchoStack]:
    """Bring a stack up on free ports, let a tenant use the plugin, and take everything down at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hotswap-bench-"))
    options = Options(
        strict_limits=lambda_as_on_aws,
        port=0,
        payments_port=0,
        files=StackFiles(folder),
        # One user does here in a minute what many do in an hour: only what Lambda is asked for is held to its limit.
        parameters=dict.fromkeys(_LIMITS, _MANY) if lambda_as_on_aws else {},
    )
    try:
        stack = EchoStack(bring_up(options, _silent))
        _deploy(stack)
        yield stack
    finally:
        take_down(options, _silent)
        shutil.rmtree(folder, ignore_errors=True)


def _deploy(stack: EchoStack) -> None:
    deadline = Deadline.after(_PATIENCE_SECONDS, SystemClock())
    with stack.product("admin") as product:
        published = publish(read_package(_FOLDER), product, SilentProgress(), deadline).version
        assert published.status == "Ready", published.findings
        begun = product.deployments.create(PLUGIN, VERSION, environment=ENVIRONMENT)
        ended = wait_for(
            lambda: product.deployments.get(begun.id),
            lambda seen: seen.is_settled,
            deadline,
            seen=lambda _: None,
            what=f"Deployment {begun.id}",
            look_again="python -m bench gateway",
        )
        assert ended.status == "Completed", ended.raw
        product.tenants.create(TENANT, name=TENANT)
        product.installations.enable(TENANT, PLUGIN)


def _silent(_text: str) -> None:
    """Report nothing."""
