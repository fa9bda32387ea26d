"""What the aliases of environments show, in the same memory as the functions."""

from dataclasses import dataclass

from chalicelib.domain.errors import TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.mirrors import Mirror, mirror_of
from chalicelib.domain.routes import Route
from tests.fakes.functions import FakeFunction, FakePluginFunctions


@dataclass
class FakeMirrors:
    """Aliases of environments; their revision is all that they show."""

    functions: FakePluginFunctions

    def shown(self, plugin_id: str, environment: str) -> Mirror | None:
        function = self.functions.functions.get(plugin_id, FakeFunction())
        alias = Environment(environment).alias
        if alias not in function.aliases:
            return None
        weights, epoch = dict(function.weights_bps.get(alias, {})), function.epochs.get(alias, 0)
        mirror = Mirror(function.aliases[alias], weights, epoch)
        return Mirror(mirror.lambda_version, weights, epoch, revision=repr(mirror))

    def mend(self, route: Route, shown: Mirror | None) -> None:
        self.functions._maybe_fail("mend")
        now = self.shown(route.plugin_id, route.environment)
        wanted, function = mirror_of(route), self.functions.functions[route.plugin_id]
        alias = Environment(route.environment).alias
        if wanted is None:
            function.aliases.pop(alias, None)
            function.weights_bps.pop(alias, None)
            return
        if (now and now.revision) != (shown and shown.revision):
            raise TransientError("The alias is being moved by another.")
        function.aliases[alias] = wanted.lambda_version
        function.weights_bps[alias] = dict(wanted.weights_bps)
        function.epochs[alias] = wanted.epoch
