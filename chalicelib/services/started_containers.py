"""Keep containers started for the versions that somebody may be sent to, and for no others: they cost by the hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.authorization import SYSTEM
from chalicelib.domain.deployments import DeploymentStatus
from chalicelib.domain.errors import NotFoundError
from chalicelib.domain.pages import PageRequest
from chalicelib.domain.started_containers import Due
from chalicelib.domain.times import rfc3339
from chalicelib.domain.versions import VersionStatus
from chalicelib.services.records import record_of

if TYPE_CHECKING:
    from chalicelib.domain.started_containers import StartedContainers
    from chalicelib.ports import Ports

#: Versions that never serve again; their containers go with their alias or function, if not before.
_GONE = frozenset({VersionStatus.REJECTED, VersionStatus.BLOCKED, VersionStatus.DELETED})


class Settled(NamedTuple):
    """Of which versions (``plugin/version``) containers were started or released, which failed, and why."""

    started: tuple[str, ...]
    released: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]


def settle_containers(ports: Ports) -> Settled:
    """
    Start the containers of versions that are routed or pinned, release those that nobody needs any more.

    Safe to run at any time and twice at once: what it does to Lambda changes nothing when it is done already, and
    what a route that moves meanwhile makes wrong is put right by the next run. Until then calls are served all the
    same, by containers that start when they are needed. One version that fails holds up no other.
    """
    done: dict[Due, list[str]] = {Due.START: [], Due.RELEASE: []}
    failed = []
    for note in ports.started_containers.every():
        name = f"{note.plugin_id}/{note.version}"
        try:
            due = _settle(note, ports)
        except Exception as error:  # noqa: BLE001 - any error of one version is no reason to leave the others
            failed.append((name, f"{type(error).__name__}: {error}"))
        else:
            if due is not Due.NOTHING:
                done[due].append(name)
    return Settled(tuple(done[Due.START]), tuple(done[Due.RELEASE]), tuple(failed))


def _settle(note: StartedContainers, ports: Ports) -> Due:
    if _is_gone(note, ports):
        ports.functions.release_started(note.plugin_id, note.alias)
        ports.started_containers.remove(note)
        return Due.RELEASE if note.is_started else Due.NOTHING
    now = ports.clock.now()
    seen = note.seen(is_needed=_is_needed(note, ports), now=rfc3339(now))
    due = seen.due(now, is_retained=seen.unneeded_since is None or _is_retained(note, ports))
    if due is Due.START:
        ports.functions.keep_started(note.plugin_id, note.alias, note.containers)
    elif due is Due.RELEASE:
        ports.functions.release_started(note.plugin_id, note.alias)
    # Lambda first: if we die in between, the next run does the same again, and that changes nothing.
    if due is not Due.NOTHING:
        seen = _turned(seen, due, ports)
    if seen != note:
        ports.started_containers.save(seen)
    return due


def _turned(note: StartedContainers, due: Due, ports: Ports) -> StartedContainers:
    turned = note.turned(due)
    record = record_of(
        SYSTEM,
        "StartContainers" if turned.is_started else "ReleaseContainers",
        f"plugins/{note.plugin_id}/versions/{note.version}",
        ports,
        before={"startedContainers": note.containers if note.is_started else 0},
        after={"startedContainers": turned.containers if turned.is_started else 0},
        reason="a route or a pin leads to it" if turned.is_started else "no route and no pin leads to it",
    )
    ports.audit.append(record)
    return turned


def _is_gone(note: StartedContainers, ports: Ports) -> bool:
    version = ports.versions.find(note.plugin_id, note.version)
    if version is None or version.status in _GONE:
        return True
    try:
        ports.plugins.get(note.plugin_id)
    except NotFoundError:
        return True
    return False


def _is_needed(note: StartedContainers, ports: Ports) -> bool:
    """Tell whether a route or a pin leads to the version; a pin of just now may be seen in the next run only."""
    routed = {target.version for route in ports.routes.of_plugin(note.plugin_id) for target in route.targets}
    if note.version in routed:
        return True
    return ports.installations.pinned(note.plugin_id, note.version, now=rfc3339(ports.clock.now())) > 0


def _is_retained(note: StartedContainers, ports: Ports) -> bool:
    """
    Tell whether somebody may want to go back to the version: unless the deployment that replaced it said otherwise.

    That is ``keepPreviousEnvironment: false`` of a BlueGreen deployment that is Completed.
    """
    routes = ports.routes.of_plugin(note.plugin_id)
    left = [route for route in routes if route.previous is not None and route.previous.version == note.version]
    return not left or any(_keeps_previous(note, route.environment, ports) for route in left)


def _keeps_previous(note: StartedContainers, environment: str, ports: Ports) -> bool:
    newest = ports.deployments.page(
        PageRequest(1), plugin_id=note.plugin_id, environment=environment, status=DeploymentStatus.COMPLETED
    ).items
    return all(each.config.get("keepPreviousEnvironment", True) for each in newest)
