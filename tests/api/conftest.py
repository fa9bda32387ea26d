"""A whole world behind the API, with one user of each role, and a gateway in front of it."""

from collections.abc import Iterator

import pytest

from chalicelib import bootstrap, bootstrap_identity, bootstrap_limits, bootstrap_serving
from chalicelib.domain.authorization import Role
from infra.local.stack import RAISED_LIMITS
from tests.api.gateway import Gateway
from tests.api.scenes import a_container
from tests.fakes import FakeWorld
from tests.fakes.rate_limits import FakeRateLedger

USERS = {
    "root": Role.ADMIN,
    "ana": Role.DEVELOPER,
    "bob": Role.DEVELOPER,
    "ada": Role.APPROVER,
    "hugo": Role.HOST,
    "vera": Role.VIEWER,
}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say what the template says to each function."""
    monkeypatch.setenv("HOTSWAP_ACCOUNT_ID", "000000000000")
    monkeypatch.setenv("HOTSWAP_ISSUER", "https://issuer.test/pool")
    monkeypatch.setenv("HOTSWAP_CLIENT_ID", "client")
    monkeypatch.setenv("HOTSWAP_VERSION", "0.1.0")


@pytest.fixture
def world() -> Iterator[FakeWorld]:
    """Everything outside; ana and bob develop, olga owns acme, otto owns globex."""
    made = FakeWorld()
    for username, role in USERS.items():
        made.identity.add_user(username, f"secret of {username}", role)
    made.identity.add_user("olga", "secret of olga", Role.TENANT_OWNER, tenant_id="acme")
    made.identity.add_user("otto", "secret of otto", Role.TENANT_OWNER, tenant_id="globex")
    made.identity.add_user("nobody", "secret of nobody")
    with (
        bootstrap.use(made.ports),
        bootstrap_serving.use(made.serving_ports),
        bootstrap_identity.use(made.door),
        bootstrap_limits.use(a_container(made.clock, FakeRateLedger(), factor=RAISED_LIMITS)),
    ):
        yield made


@pytest.fixture
def api(world: FakeWorld) -> Gateway:
    """Stand in front of that world."""
    return Gateway()
