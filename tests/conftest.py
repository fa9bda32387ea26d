"""What every tier shares: reproducible examples, and sockets only where a tier says that it needs them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stack.product import Product
    from tests.stack.running_stack import RunningStack

TESTS = Path(__file__).parent
LOOPBACK = ["127.0.0.1", "localhost", "::1"]
#: Files of the stack's tests that keep two cores busy by themselves: of several workers one alone has all of them.
CROWDED = frozenset(
    {
        "test_deployments_under_traffic",
        "test_disturbed_services",
        "test_faults",
        "test_published_at_once",
        "test_strategies",
        "test_verbs",
    }
)

# On a build machine the same commit gives the same examples; at a desk each run looks somewhere else.
# No deadline: two cores shared with an emulator say nothing about how long an example takes.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Each session of botocore would read its descriptions of AWS anew, a quarter of a second for each test that has moto.
botocore.session.create_loader = cache(botocore.session.create_loader)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with the tier of its folder, and open the loopback to those that need a server there."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder in {"stack", "browser"}:
            item.add_marker(folder)
            # Where workers have a stack each (`--dist loadgroup`), the tests of a file stay together, and all attacks.
            name = "attacks" if item.path.parent.name == "attacks" else item.path.stem
            item.add_marker(pytest.mark.xdist_group("crowded" if name in CROWDED else name))
        if any(item.get_closest_marker(name) for name in ("stack", "browser", "loopback")):
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Give the one real stack of the session, which the tiers that need one share."""
    # Only they pay for what it takes to start one.
    from tests.stack.running_stack import a_running_stack  # noqa: PLC0415

    with a_running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def product(stack: RunningStack) -> Product:
    """Give the product as its users reach it; what a test makes there has names of its own."""
    from tests.stack.product import Product  # noqa: PLC0415

    return Product(stack)
