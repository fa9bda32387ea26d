"""What the states of the intake share: the version they take in, and how they write it."""

from __future__ import annotations

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.versions import Version, VersionStatus
from chalicelib.ports import Ports
from chalicelib.services.records import record_of
from chalicelib.steps._given import VersionGiven


class IntakeEndedError(ConflictError):
    """The version was decided or deleted meanwhile: the intake closes its books and changes nothing."""


def open_version(given: VersionGiven, ports: Ports) -> Version:
    """
    Return the version while it can still become Ready, or is.

    Raises:
        IntakeEndedError: It is rejected or gone.
    """
    version = ports.versions.find(given.plugin_id, given.version)
    if version is None or version.status in (VersionStatus.REJECTED, VersionStatus.DELETED):
        what = version.status if version else "unknown"
        raise IntakeEndedError(
            f"Version {given.version} of {given.plugin_id} is {what}: its intake has ended.",
            fix="Publish the next version number.",
        )
    return version


def save_version(
    before: Version, after: Version, action: str, given: VersionGiven, ports: Ports, **told: object
) -> Version:
    """
    Write *after* with its record, unless it is what is stored already: then a repeated run leaves no trace.

    *told* goes into the record beside the status.

    Raises:
        StaleRevisionError: Somebody else wrote in between; the step then runs again.
    """
    if after == before:
        return before
    record = record_of(
        given.caller._replace(on_behalf_of=after.created_by),
        action,
        f"plugins/{after.plugin_id}/versions/{after.version}",
        ports,
        before={"status": before.status},
        after={"status": after.status, **told},
    )
    return ports.versions.save(after, record)
