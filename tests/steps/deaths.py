"""Ports that die: the process ends right after the n-th call of anything outside, before it can note the answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import wraps
from typing import Any

from chalicelib.domain.errors import TransientError
from chalicelib.ports import Ports

#: Reading the time or drawing an id leaves nothing behind.
_HARMLESS = {"clock", "ids", "limit_factor"}


class DiedError(Exception):
    """The process has ended here."""


@dataclass
class Fate:
    """Die after call number *dies_after* (1-based; 0: never), having really made it."""

    dies_after: int = 0
    calls: list[str] = field(default_factory=list)

    def refuses(self, call: str) -> None:
        """Let it be made."""

    def passes(self, call: str) -> None:
        self.calls.append(call)
        if len(self.calls) == self.dies_after:
            raise DiedError(call)


class _Mortal:
    """Wraps one port; context managers count when they are made."""

    def __init__(self, name: str, port: object, fate: Fate) -> None:
        self._name, self._port, self._fate = name, port, fate

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._port, method)

        @wraps(real)
        def call(*given: object, **named: object) -> object:
            self._fate.refuses(f"{self._name}.{method}")
            answer = real(*given, **named)
            self._fate.passes(f"{self._name}.{method}")
            return answer

        return call


@dataclass
class Throttle(Fate):
    """Refuse call number *dies_after* once, before it is made, as a service does that is throttled or away."""

    def refuses(self, call: str) -> None:
        self.calls.append(call)
        if len(self.calls) == self.dies_after:
            raise TransientError(f"{call} is throttled.")

    def passes(self, call: str) -> None:
        """Let it answer."""


def mortal(ports: Ports, fate: Fate) -> Ports:
    """Let everything outside go through *fate*."""
    names = [one.name for one in fields(Ports) if one.name not in _HARMLESS]
    mortals: dict[str, Any] = {name: _Mortal(name, getattr(ports, name), fate) for name in names}
    return replace(ports, **mortals)
