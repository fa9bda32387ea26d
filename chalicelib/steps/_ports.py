"""Where steps get their ports: the real ones, made once a container, or those that a test provides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import cast

from chalicelib.ports import Ports

_provided: list[Ports] = []


def current_ports() -> Ports:
    """Return what was provided last, else the real ports."""
    return _provided[-1] if _provided else cast("Ports", import_module("chalicelib.bootstrap").ports())


@contextmanager
def provided(ports: Ports) -> Iterator[None]:
    """Let every step in this process use *ports*, also in other threads."""
    _provided.append(ports)
    try:
        yield
    finally:
        _provided.remove(ports)
