"""Plugins in the bench's stack: published in many versions, deployed by every strategy, asked without end meanwhile."""

import http.client
import itertools
import json
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from bench.echo_stack import ENVIRONMENT, EchoStack
from hotswap.clock import Deadline, SystemClock
from hotswap.packages import read_package
from hotswap.progress import SilentProgress
from hotswap.publishing import publish
from hotswap.resources.decisions import Event
from hotswap.resources.deployments import Deployment

VERSIONS = ("1.0.0", "2.0.0")
#: One look a second; nobody asks much here, and too little is no reason to wait.
HEALTH = {"healthCheckInterval": "PT1S", "minRequests": 0, "onNoData": "warn"}
_ECHO = Path(__file__).parent / "programs" / "echo"
_PATIENCE_SECONDS = 300
#: Every look is a request that the measured stack has to answer too, so the pauses between them grow.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _GROWTH = 0.1, 1.0, 1.4
_OK = 200


def strategies(period: str) -> dict[str, dict[str, Any]]:
    """Give a request for each strategy, every wait of which lasts *period*."""
    arms = [{"name": f"of-{version[0]}", "version": version, "percentage": 50} for version in VERSIONS]
    rolling = {"by": "tenant", "batchSize": "50%", "waitBetweenBatches": period, "healthCheckTimeout": period}
    return {
        "Direct": {"strategy": "Direct"},
        "Canary": {"strategy": "Canary", "canaryConfig": {"evaluationPeriod": period}},
        "BlueGreen": {
            "strategy": "BlueGreen",
            "blueGreenConfig": {"warmupPeriod": period, "monitoringPeriod": period},
        },
        "Rolling": {"strategy": "Rolling", "rollingConfig": rolling},
        "ABTesting": {"strategy": "ABTesting", "abConfig": {"variants": arms, "testDuration": period}},
    }


class Deploying:
    """An Admin of a stack, whose one client is used by many threads."""

    def __init__(self, stack: EchoStack) -> None:
        self.stack = stack
        self._product = stack.product("admin")
        self._served: dict[str, str] = {}

    def publish(self, name: str, versions: Sequence[str] = VERSIONS) -> None:
        """Publish the echo plugin under another name, in several versions."""
        manifest = json.loads((_ECHO / "plugin.json").read_text())
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "echo.py").write_text((_ECHO / "echo.py").read_text())
            for version in versions:
                (folder / "plugin.json").write_text(json.dumps({**manifest, "name": name, "version": version}))
                deadline = Deadline.after(_PATIENCE_SECONDS, SystemClock())
                taken = publish(read_package(folder), self._product, SilentProgress(), deadline).version
                assert taken.status == "Ready", taken.findings

    def install(self, name: str, tenants: Sequence[str]) -> None:
        """Let tenants, made if need be, use the plugin."""
        known = {tenant.id for tenant in self._product.tenants.list()}
        for tenant in tenants:
            if tenant not in known:
                self._product.tenants.create(tenant, name=tenant)
            self._product.installations.enable(tenant, name)

    def begin(self, name: str, version: str, wishes: dict[str, Any]) -> Deployment:
        """Begin a deployment to Development."""
        return self._product.deployments.create(name, version, environment=ENVIRONMENT, health=HEALTH, **wishes)

    def deploy(self, name: str, version: str, wishes: dict[str, Any]) -> Deployment:
        """Deploy, promote what waits for a decision, and give the deployment as it ended."""
        ended = self.ended(self.begin(name, version, wishes).id)
        assert ended.status == "Completed", ended.status_reason
        self._served[name] = version
        return ended

    def ended(self, deployment_id: str) -> Deployment:
        """Wait until a deployment has ended, deciding for it at once where it asks a person."""
        seen = self.until(deployment_id, lambda one: one.is_settled or _asks(one))
        if seen.is_settled:
            return seen
        self.say(deployment_id, "promote", outcome_version=seen.version)
        return self.until(deployment_id, lambda one: one.is_settled)

    def until(self, deployment_id: str, is_there: Callable[[Deployment], bool]) -> Deployment:
        """Look again and again until a deployment is where it should be."""
        deadline, pause_seconds = time.monotonic() + _PATIENCE_SECONDS, _FIRST_PAUSE_SECONDS
        while not is_there(seen := self._product.deployments.get(deployment_id)):
            assert time.monotonic() < deadline, f"{deployment_id} is still {seen.status}"
            time.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * _GROWTH, _LONGEST_PAUSE_SECONDS)
        return seen

    def other(self, name: str) -> str:
        """Name the version that does not serve."""
        return next(version for version in VERSIONS if version != self._served.get(name))

    def say(self, deployment_id: str, verb: str, *, outcome_version: str | None = None) -> Deployment:
        """Say a verb."""
        return self._product.deployments.say(deployment_id, verb, reason="the bench", outcomeVersion=outcome_version)

    def events(self, deployment_id: str) -> tuple[Event, ...]:
        """Read what happened to a deployment, oldest first."""
        return self._product.deployments.timeline(deployment_id)


def _asks(deployment: Deployment) -> bool:
    current = deployment.current_step
    return current is not None and current.kind == "decide" and current.status == "Running"


class Asked(NamedTuple):
    """One request: when it was sent (seconds since the epoch), how long it took, who served, whether it succeeded."""

    sent_at: float
    milliseconds: float
    version: str
    is_ok: bool


class Load:
    """Hosts that invoke a plugin for its tenants in turns, without end, over connections that are kept."""

    def __init__(
        self, stack: EchoStack, name: str, tenants: Sequence[str], *, at_once: int, pause_seconds: float
    ) -> None:
        self._url = urllib.parse.urlsplit(f"{stack.info.api_url}/plugins/{name}/invoke")
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {stack.token('host')}"}
        self._pause_seconds = pause_seconds
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(tenants[turn::at_once],)) for turn in range(at_once)]
        self.asked: list[Asked] = []
        self.broken: list[Exception] = []

    def since(self, moment: float, until: float = float("inf")) -> list[Asked]:
        """Give the requests that were sent from *moment* on, before *until*."""
        return [one for one in list(self.asked) if moment <= one.sent_at < until]

    def _ask(self, tenants: Sequence[str]) -> None:
        connection = http.client.HTTPConnection(str(self._url.hostname), self._url.port, timeout=30)
        try:
            for tenant in itertools.cycle(tenants):
                if self._stopped.wait(self._pause_seconds):
                    return
                self.asked.append(self._request(connection, tenant))
        except Exception as error:  # noqa: BLE001 - a thread would swallow it; the case tells it
            self.broken.append(error)
        finally:
            connection.close()

    def _request(self, connection: http.client.HTTPConnection, tenant: str) -> Asked:
        body = {"tenantId": tenant, "operation": "echo", "input": {"text": "hi"}, "environment": ENVIRONMENT}
        sent_at, started = time.time(), time.perf_counter()
        connection.request("POST", self._url.path, json.dumps(body).encode(), self._headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        took = (time.perf_counter() - started) * 1_000
        return Asked(sent_at, took, str(told.get("version")), answer.status == _OK)

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
