"""The aliases of environments: how a route is written into one, read from one, and put right."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.aws_errors import code_of, translated
from chalicelib.adapters.lambda_caller import function_name
from chalicelib.domain.errors import TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.mirrors import Mirror, mirror_of
from chalicelib.domain.routes import FULL_BPS, Route

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: Somebody else is at it.
_BUSY = frozenset({"ResourceConflictException", "PreconditionFailedException"})
_EPOCH = "epoch "


def alias_settings(mirror: Mirror) -> dict[str, Any]:
    """Write a mirror as Lambda takes it; the route's epoch stands in the description."""
    return {
        "FunctionVersion": mirror.lambda_version,
        "Description": f"{_EPOCH}{mirror.epoch}",
        # Always said, also when empty: an update that leaves it out keeps the old weights.
        "RoutingConfig": {
            "AdditionalVersionWeights": {version: bps / FULL_BPS for version, bps in mirror.weights_bps.items()}
        },
    }


def epoch_of(description: str) -> int:
    """Read the epoch that an alias shows; one that somebody else wrote counts as the oldest."""
    digits = description.removeprefix(_EPOCH)
    return int(digits) if digits.isdecimal() else 0


class LambdaMirrors:
    """Aliases of environments."""

    def __init__(self, client: Callable[[], LambdaClient], stack: str) -> None:
        self._client = client
        self._stack = stack

    @translated("Lambda")
    def shown(self, plugin_id: str, environment: str) -> Mirror | None:
        """Return what the alias of an environment shows; None when there is none."""
        client = self._client()
        try:
            found = client.get_alias(**self._place(plugin_id, environment))
        except client.exceptions.ResourceNotFoundException:
            return None
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return Mirror(
            lambda_version=found["FunctionVersion"],
            weights_bps={version: round(weight * FULL_BPS) for version, weight in weights.items()},
            epoch=epoch_of(found.get("Description", "")),
            revision=found["RevisionId"],
        )

    @translated("Lambda")
    def mend(self, route: Route, shown: Mirror | None) -> None:
        """
        Make the alias show *route* if it still is as it was *shown*, whatever epoch it claims.

            mender                         deployment
            ──────                         ──────────
            read alias, revision r
            read route, epoch 4
                                           write route, epoch 5
                                           mirror epoch 5 → revision s
            mend if revision r → refused

        Raises:
            TransientError: Somebody moved it since, or Lambda throttles.
        """
        client = self._client()
        place = self._place(route.plugin_id, route.environment)
        wanted = mirror_of(route)
        try:
            if wanted is None:
                with suppress(client.exceptions.ResourceNotFoundException):
                    client.delete_alias(**place)
            elif shown is None:
                client.create_alias(**place, **alias_settings(wanted))
            else:
                client.update_alias(**place, **alias_settings(wanted), RevisionId=shown.revision)
        except client.exceptions.ClientError as error:
            if code_of(error) in _BUSY:
                raise TransientError(f"The alias of {route.plugin_id} is being moved by another.") from error
            raise

    def _place(self, plugin_id: str, environment: str) -> dict[str, Any]:
        return {"FunctionName": function_name(self._stack, plugin_id), "Name": Environment(environment).alias}
