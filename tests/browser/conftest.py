"""A real browser on the pages of the real stack; without one the tier is skipped, but never on a build machine."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.stack.product import Product
from tests.stack.running_stack import RunningStack, eventually

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
#: Where a look at the pages is kept, if somebody wants one.
PICTURES = os.environ.get("HOTSWAP_SCREENSHOTS")
PATIENCE_MS = 10_000
PLUGIN = "approved-by-eye"
SOURCE = """
def handle(operation, input, context):
    return {}
"""
#: What the browser itself writes where the API refuses, as some tests want it to.
_REFUSED = "Failed to load resource: the server responded with a status of 4"


@dataclass(slots=True)
class Visit:
    """Somebody at the approval page; *troubles* are errors of scripts, of the console, and of the content policy."""

    page: Page
    stack: RunningStack
    troubles: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Hear of everything that goes wrong in the page."""
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        # Playwright writes on what it is given, and a method of a class with slots takes nothing.
        self.page.on("console", lambda message: self.troubles.extend(_troubles_in(message)))

    def open(self, approval_id: str) -> None:
        """Go to the page of an approval."""
        answer = self.page.goto(f"{self.stack.info.api_url.removesuffix('/v1')}/approvals/{approval_id}")
        assert answer is not None
        assert answer.status == 200

    def log_in(self, role: str, password: str | None = None) -> None:
        """Log in as the stack's user of *role*."""
        user = self.stack.info.users[role]
        self.page.get_by_label("User name").fill(user["username"])
        self.page.get_by_label("Password").fill(password or user["password"])
        self.page.get_by_role("button", name="Log in").click()

    def look(self, name: str) -> None:
        """Keep a picture of the page, if somebody wants one."""
        if PICTURES:
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def _troubles_in(message: ConsoleMessage) -> list[str]:
    is_trouble = message.type in {"error", "warning"} and not message.text.startswith(_REFUSED)
    return [message.text] if is_trouble else []


@dataclass(frozen=True, slots=True)
class Asking:
    """Deployments that wait for people; each gives way to the next one in its environment."""

    product: Product
    _live: dict[str, str] = field(default_factory=dict)

    def ask(self, environment: str = "QA", *, role: str = "developer", **wishes: Any) -> dict[str, Any]:
        """Ask for 2.0.0 to take *environment* over, and give the approval that people are asked for."""
        self.give_up(environment)
        begun = self.product.begin(
            PLUGIN, "2.0.0", role=role, environment=environment, reason="New fees from December", **wishes
        )
        assert begun.status == 202, begun.body
        deployment_id = begun.body["deploymentId"]
        self._live[environment] = deployment_id
        shown = eventually(lambda: self.product.deployment(deployment_id)["approvals"], within_seconds=30)
        approval: dict[str, Any] = shown[0]
        return approval

    def give_up(self, environment: str) -> None:
        """End what still waits there."""
        if environment in self._live:
            self.product.say(self._live[environment], "abort")
            self.product.ended(self._live.pop(environment))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        why = "no Chromium here: install it (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(f"{why}; a build machine must have one")
        pytest.skip(why)
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def width() -> int:
    return 1_200


@pytest.fixture
def visit(browser: Browser, stack: RunningStack, width: int, request: pytest.FixtureRequest) -> Iterator[Visit]:
    is_dark = request.node.get_closest_marker("dark") is not None
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if is_dark else "light")
    context.set_default_timeout(PATIENCE_MS)
    made = Visit(context.new_page(), stack)
    made.listen()
    yield made
    context.close()
    assert made.troubles == []


@pytest.fixture(scope="session")
def asking(browser: Browser, product: Product) -> Iterator[Asking]:
    """Publish what is asked for, after the browser was found: without one nothing is started."""
    product.register(PLUGIN)
    for version in ("1.0.0", "2.0.0"):
        product.publish(PLUGIN, version, SOURCE)
    for tenant in ("elm", "oak", "ash"):
        product.install(PLUGIN, tenant)
    for version in ("1.0.0", "2.0.0"):
        assert product.deploy(PLUGIN, version)["status"] == "Completed"
    made = Asking(product)
    yield made
    for environment in ("QA", "Staging", "Production"):
        made.give_up(environment)
