"""Deprecate, yank, unyank and block versions; a block takes the version out of every route in the same write."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import require_plugin_owner
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import StaleRevisionError, TransientError
from chalicelib.domain.ids import Environment
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.retirements import Retirement, retire
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import Notice
from chalicelib.services.deployments import new_route
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chalicelib.domain.authorization import Caller
    from chalicelib.domain.routes import Route, Target
    from chalicelib.domain.versions import Version
    from chalicelib.ports import OpenBlock, Ports

#: A moving deployment writes its route a few times a second at most.
_ATTEMPTS = 6
#: So many of the pinned tenants are named in an answer.
NAMED_TENANTS = 1_000
#: Routers follow a route within 2 seconds (CONTRACT §4, promise 3); after this none calls the version any more.
ROUTERS_FOLLOW = timedelta(seconds=10)


class RetireVersion(NamedTuple):
    """Say of a version that it should not, may not newly, or may never serve, and why."""

    caller: Caller
    plugin_id: str
    version: str
    retirement: Retirement
    reason: str
    validate_only: bool = False


class Retired(NamedTuple):
    """The version as it is now, and whom it concerns: how many tenants are pinned to it, and the first of them."""

    version: Version
    pinned: int
    tenants: tuple[str, ...]


def retire_version(command: RetireVersion, ports: Ports) -> Retired:
    """
    Deprecate, yank, unyank or block a version; the same again changes nothing, and the first reason stays.

    Raises:
        NotFoundError: There is no such plugin or version (404).
        ForbiddenError: It belongs to someone else (403).
        ConflictError: It has not passed its intake, or is blocked (409).
        StaleRevisionError: Somebody changed it at the same time (409).
    """
    plugin = ports.plugins.get(command.plugin_id)
    require_plugin_owner(command.caller, plugin.owner, plugin.id)
    version = ports.versions.get(command.plugin_id, command.version)
    now = rfc3339(ports.clock.now())
    retired = retire(version, command.retirement, Notice(command.reason, command.caller.username, now))
    pinned = ports.installations.pinned(plugin.id, version.version, now=now)
    if retired != version and not command.validate_only:
        retired = _write(version, retired, command, pinned, ports)
    tenants = ports.installations.pinned_tenants(plugin.id, version.version, now=now) if pinned else iter(())
    return Retired(retired, pinned, tuple(islice(tenants, NAMED_TENANTS)))


def _write(before: Version, after: Version, command: RetireVersion, pinned: int, ports: Ports) -> Version:
    if command.retirement is Retirement.BLOCK:
        return _block(before, after, command, pinned, ports)
    record = record_of(
        command.caller,
        command.retirement.action,
        f"plugins/{after.plugin_id}/versions/{after.version}",
        ports,
        before={"status": before.status},
        after={"status": after.status, "pinnedTenants": pinned},
        reason=command.reason,
    )
    return ports.versions.save(after, record)


def _block(before: Version, after: Version, command: RetireVersion, pinned: int, ports: Ports) -> Version:
    """
    Write the block and all four routes at once: from then on nobody can bring the version back.

    Also where nothing was ever deployed there is a route afterwards: an override must find the block there. The
    aliases follow at once; those that do not, because we die or Lambda refuses, follow within a minute by
    `finish_blocks`.
    """
    for _ in range(_ATTEMPTS):
        routes = [_route_of(after.plugin_id, environment, ports) for environment in Environment]
        blocked = [route.block(after.version, last_good=_last_good(route, after.version, ports)) for route in routes]
        moved = {
            route.environment: {"from": _stable(route), "to": _stable(left)}
            for route, left in zip(routes, blocked, strict=True)
            if route.targets != left.targets
        }
        record = record_of(
            command.caller,
            command.retirement.action,
            f"plugins/{after.plugin_id}/versions/{after.version}",
            ports,
            before={"status": before.status},
            after={"status": after.status, "pinnedTenants": pinned, "routes": moved},
            reason=command.reason,
        )
        with suppress(StaleRevisionError):
            written = ports.blocks.write(after, blocked, record)
            _mirror_all(blocked, ports)
            return written
        # Somebody moved a route in between, or changed the version: its own revision is for the caller to see.
        if ports.versions.get(after.plugin_id, after.version).revision != before.revision:
            raise StaleRevisionError("Somebody else changed the version in between.", fix="Repeat the request.")
    raise TransientError(f"The routes of {after.plugin_id} are being written by others at the moment.")


def _route_of(plugin_id: str, environment: Environment, ports: Ports) -> Route:
    return ports.routes.get(plugin_id, environment) or new_route(plugin_id, environment)


def _mirror_all(routes: list[Route], ports: Ports) -> None:
    for route in routes:
        # The block stands already, whatever Lambda says; the answer must not sound as if it did not.
        with suppress(Exception):
            ports.functions.mirror(route)


def _stable(route: Route) -> str | None:
    return route.stable.version if route.stable else None


def _last_good(route: Route, version: str, ports: Ports) -> Target | None:
    """Find who takes over where *version* is stable: what was stable before it, else an older deployment's."""
    if route.stable is None or route.stable.version != version:
        return None
    for target in _earlier(route, ports):
        found = ports.versions.find(route.plugin_id, target.version)
        if target.version != version and found is not None and found.may_be_chosen:
            return target
    return None


def _earlier(route: Route, ports: Ports) -> Iterator[Target]:
    """Go back in time through what was stable; each was proved by a deployment of its own."""
    if route.previous is not None:
        yield route.previous
    request = PageRequest(100)
    while True:
        page = ports.deployments.page(
            request, plugin_id=route.plugin_id, environment=route.environment, status=DeploymentStatus.COMPLETED
        )
        for deployment in page.items:
            if deployment.outcome_version in (None, deployment.target.version):
                yield deployment.target
        if page.next_position is None:
            return
        request = PageRequest(100, page.next_position)


class FinishedBlocks(NamedTuple):
    """Which blocks are finished (``plugin/version``), and which could not be, and why."""

    finished: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def finish_blocks(ports: Ports) -> FinishedBlocks:
    """
    Let every alias follow the blocks that are open, and take away the names of the versions.

    Without its alias not even a router that has lost its table, and still serves what it knew, can call the
    version. One that can't be finished holds up no other: it is told, and tried again.
    """
    finished, failed = [], []
    for block in ports.blocks.opened():
        name = f"{block.plugin_id}/{block.version}"
        try:
            if _finish(block, ports):
                finished.append(name)
        except Exception as error:  # noqa: BLE001 - any error of one plugin is no reason to leave the others
            failed.append((name, f"{type(error).__name__}: {error}"))
    return FinishedBlocks(tuple(finished), tuple(failed))


def _finish(block: OpenBlock, ports: Ports) -> bool:
    for route in ports.routes.of_plugin(block.plugin_id):
        ports.functions.mirror(route)
    if ports.clock.now() < datetime.fromisoformat(block.at) + ROUTERS_FOLLOW:
        return False
    ports.functions.remove_version_alias(block.plugin_id, block.alias)
    ports.blocks.close(block)
    return True
