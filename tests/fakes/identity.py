"""Users, their tokens, executions and secrets, in memory."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.authorization import Caller, Role
from chalicelib.domain.credentials import CredentialRefusedError, Refusal
from chalicelib.domain.diagnoses import ExecutionState
from chalicelib.domain.errors import TransientError, UnauthorizedError, UnprocessableError
from chalicelib.domain.secret_references import Home, SecretUnreadableError, require_reference_of
from chalicelib.ports import Login


@dataclass(frozen=True)
class FakeUser:
    """Somebody who can log in."""

    password: str
    roles: frozenset[Role]
    tenant_id: str | None


@dataclass
class FakeIdentity:
    """The user pool: token of ``ana`` is ``token-ana``; `verify` makes it the verifier, `is_active` the directory."""

    users: dict[str, FakeUser] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    is_down: bool = False

    def add_user(self, username: str, password: str, *roles: Role, tenant_id: str | None = None) -> None:
        """Create or replace somebody."""
        self.users[username] = FakeUser(password, frozenset(roles), tenant_id)

    def login(self, username: str, password: str) -> Login:
        user = self.users.get(username)
        if user is None or user.password != password:
            raise UnauthorizedError("The user name or the password is wrong.", fix="Check both, then try again.")
        return Login(f"token-{username}", f"refresh-{username}", 3600)

    def refresh(self, refresh_token: str) -> Login:
        username = refresh_token.removeprefix("refresh-")
        if refresh_token == username or username not in self.users:
            raise UnauthorizedError("The refresh token is not valid.", fix="Log in again.")
        return Login(f"token-{username}", None, 3600)

    def is_active(self, username: str) -> bool:
        if self.is_down:
            raise TransientError("The user pool does not answer at the moment.")
        return username in self.users and username not in self.disabled

    def verify(self, token: str) -> Caller:
        username = token.removeprefix("token-")
        if token == username or username not in self.users:
            raise CredentialRefusedError(Refusal.MALFORMED, "The token is not valid.", fix="Log in again.")
        user = self.users[username]
        return Caller(username, user.roles, user.tenant_id)


@dataclass
class FakeExecutions:
    """Step Functions: what was started, by the execution's name; *ended* says how those did that run no more."""

    started: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    ended: dict[str, ExecutionState] = field(default_factory=dict)
    woken: list[str] = field(default_factory=list)
    is_down: bool = False

    def start(self, machine: str, name: str, given: Mapping[str, Any]) -> str:
        if self.is_down:
            raise TransientError("Step Functions is unreachable.")
        self.started.setdefault(name, (machine, json.loads(json.dumps(given))))
        return self.arn_of(machine, name)

    def arn_of(self, machine: str, name: str) -> str:
        return f"arn:aws:states:us-east-1:000000000000:execution:hotswap-{machine}:{name}"

    def state_of(self, machine: str, name: str) -> ExecutionState:
        if self.is_down:
            raise TransientError("Step Functions is unreachable.")
        if self.started.get(name, ("", {}))[0] != machine:
            return ExecutionState.MISSING
        return self.ended.get(name, ExecutionState.RUNNING)

    def wake(self, token: str) -> None:
        if self.is_down:
            raise TransientError("Step Functions is unreachable.")
        self.woken.append(token)


class FakeSecretBox:
    """Not secret at all, but bound to its context like the real one."""

    def seal(self, plain: str, context: Mapping[str, str]) -> str:
        return b64encode(json.dumps([plain, dict(sorted(context.items()))]).encode()).decode()

    def unseal(self, sealed: str, context: Mapping[str, str]) -> str:
        try:
            plain, bound = json.loads(b64decode(sealed, validate=True))
        except ValueError:
            plain, bound = "", None
        if bound != dict(context):
            raise UnprocessableError("A stored secret can't be opened.", fix="Put the secret again.")
        return str(plain)


@dataclass
class FakeSecretReferences:
    """Secrets Manager, in the region and account of the stack `hotswap`: values by ARN; None is one without a text."""

    values: dict[str, str | None] = field(default_factory=dict)
    is_down: bool = False

    def read(self, tenant_id: str, arn: str) -> str:
        require_reference_of(tenant_id, arn, Home("hotswap", "us-east-1", "123456789012"))
        if self.is_down:
            raise TransientError("Secrets Manager does not answer at the moment.")
        value = self.values.get(arn)
        if value is None:
            why = "it is no text" if arn in self.values else "there is none, or it has no value"
            raise SecretUnreadableError(why, "Put another reference.")
        return value

    def check(self, tenant_id: str, arn: str) -> None:
        self.read(tenant_id, arn)
