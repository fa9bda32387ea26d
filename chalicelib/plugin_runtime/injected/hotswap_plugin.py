"""
What a plugin imports from HotSwap: its context, and the error that it may show to its caller.

    from hotswap_plugin import PluginContext, PluginError

    def handle(operation: str, input: dict, context: PluginContext) -> dict: ...

This file stands alone: copy it beside your tests, or put it on their path.
"""

# Neither `dataclasses` nor `typing` is imported here: they cost 10 ms of every cold start.
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["PluginContext", "PluginError", "Secrets"]


class PluginError(Exception):
    """
    A failure that the caller may read: its message leaves the plugin, unlike that of any other exception.

    Each of *errors* is a mapping with ``field`` (a JSON pointer into the input), ``message`` and ``fix``.
    """

    def __init__(self, message: str, *, errors: "Iterable[Mapping[str, str]]" = ()) -> None:
        super().__init__(message)
        self.message = str(message)
        self.errors = tuple(dict(error) for error in errors)


class Secrets(Mapping[str, str]):
    """The tenant's secrets by name: read-only, and silent about their values when printed."""

    __slots__ = ("_values",)

    def __init__(self, values: "Mapping[str, str]") -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> "Iterator[str]":
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._values))})"


class PluginContext:
    """
    All that a call knows beside its input. It is made anew for each call: keep nothing of it.

    *config* and *secrets* are read-only. *state* is kept per tenant and plugin: change it in place; it is
    stored when the call succeeds, and must be JSON. Every argument has a default, for your tests.
    """

    __slots__ = (
        "_remaining_ms", "config", "environment", "logger", "plugin", "secrets", "state", "tenant_id", "version",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - the contract names these, and all are given by keyword
        self,
        *,
        tenant_id: str = "tenant",
        plugin: str = "plugin",
        version: str = "0.0.0",
        environment: str = "Development",
        config: "Mapping[str, Any] | None" = None,
        secrets: "Mapping[str, str] | None" = None,
        state: "dict[str, Any] | None" = None,
        logger: logging.Logger | None = None,
        remaining_ms: "Callable[[], int] | None" = None,
    ) -> None:
        self.tenant_id = tenant_id
        self.plugin = plugin
        self.version = version
        self.environment = environment
        self.config: Mapping[str, Any] = MappingProxyType(dict(config or {}))
        self.secrets = Secrets(secrets or {})
        self.state: dict[str, Any] = {} if state is None else state
        self.logger = logger or logging.getLogger(plugin)
        self._remaining_ms = remaining_ms

    def remaining_ms(self) -> int:
        """Return how many milliseconds are left before this call is cut off."""
        return 30_000 if self._remaining_ms is None else self._remaining_ms()
