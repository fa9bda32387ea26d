"""Who answered last, in memory."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from chalicelib.domain.servings import Serving


@dataclass
class FakeServings:
    """Servings, and how often one was written."""

    #: Tells whether a tenant has a plugin.
    is_installed: Callable[[str, str], bool] = lambda *_: True
    noted: dict[tuple[str, str, str], Serving] = field(default_factory=dict)
    writes: int = 0
    _under: dict[tuple[str, str, str], Hashable] = field(default_factory=dict)

    def note(self, tenant_id: str, serving: Serving, *, under: Hashable) -> None:
        key = tenant_id, serving.plugin_id, serving.environment
        if self._under.get(key) == under:
            return
        if not self.is_installed(tenant_id, serving.plugin_id):
            return
        self._under[key] = under
        self.noted[key] = serving
        self.writes += 1

    def last(self, tenant_id: str, plugin_id: str, environment: str) -> Serving | None:
        return self.noted.get((tenant_id, plugin_id, environment))
