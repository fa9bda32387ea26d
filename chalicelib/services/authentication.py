"""Log people in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.domain.authorization import Caller
from chalicelib.domain.errors import UnauthorizedError
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.ports import Login, Ports


@dataclass(frozen=True, slots=True)
class LogIn:
    """A user name and its password."""

    username: str
    password: str = field(repr=False)
    trace_id: str = ""
    ip: str = ""
    user_agent: str = ""


def log_in(command: LogIn, ports: Ports) -> Login:
    """
    Exchange a password for tokens; both outcomes are remembered.

    Raises:
        UnauthorizedError: The user pool refuses, in the same words whether the user exists or not (401).
    """
    who = Caller(command.username, frozenset(), trace_id=command.trace_id, ip=command.ip, user_agent=command.user_agent)
    try:
        login = ports.identity.login(command.username, command.password)
    except UnauthorizedError:
        ports.audit.append(record_of(who, "RefuseLogin", f"users/{command.username}", ports))
        raise
    ports.audit.append(record_of(who, "LogIn", f"users/{command.username}", ports))
    return login
