"""Compare routes with the aliases that mirror them, and mend what has drifted; the route is always right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.ids import Environment
from chalicelib.domain.mirrors import Mirror, due, mirror_of
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.routes import Route
    from chalicelib.ports import Ports


class Sweep(NamedTuple):
    """How many aliases were compared, which were mended (``plugin/Environment``), and which could not be, and why."""

    compared: int
    mended: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def mend_aliases(ports: Ports) -> Sweep:
    """
    Mend every alias of this minute's sweep that does not show its route.

    One that can't be mended holds up no other: it is told, and tried again in its next sweep.
    """
    routes = tuple(ports.routes.everywhere())
    chosen = due(routes, int(ports.clock.now().timestamp() // 60))
    mended, failed = [], []
    for listed in chosen:
        name = f"{listed.plugin_id}/{listed.environment}"
        try:
            if _mend(listed, ports):
                mended.append(name)
        except Exception as error:  # noqa: BLE001 - any error of one plugin is no reason to leave the others
            failed.append((name, f"{type(error).__name__}: {error}"))
    return Sweep(len(chosen), tuple(mended), tuple(failed))


def _mend(listed: Route, ports: Ports) -> bool:
    """
    Compare first with the listing, which may lag, then with the route itself.

    The alias is read before the route: so an alias that claims a later epoch than its route was not made by us.
    """
    shown = ports.mirrors.shown(listed.plugin_id, listed.environment)
    if shown == mirror_of(listed):
        return False
    route = ports.routes.get(listed.plugin_id, listed.environment)
    if route is None or shown == mirror_of(route):
        return False
    ports.mirrors.mend(route, shown)
    record = record_of(
        SYSTEM,
        "MendAlias",
        f"plugins/{route.plugin_id}/aliases/{Environment(route.environment).alias}",
        ports,
        before=_told(shown),
        after=_told(mirror_of(route)),
        reason="the alias did not show its route",
    )
    ports.audit.append(record)
    return True


def _told(mirror: Mirror | None) -> dict[str, Any]:
    if mirror is None:
        return {"alias": None}
    return {
        "lambdaVersion": mirror.lambda_version,
        "weightsBps": dict(mirror.weights_bps),
        "epoch": mirror.epoch,
    }
