"""Retirements: advise against a version, take it out of choice and back, or out of everything for ever."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.versions import Notice, Version, VersionStatus


class Retirement(StrEnum):
    """What can be said of a version that has passed its intake; saying it again changes nothing."""

    DEPRECATE = "deprecate"
    YANK = "yank"
    UNYANK = "unyank"
    BLOCK = "block"

    @property
    def action(self) -> str:
        """Name of the change in the audit trail."""
        return f"{self.value.capitalize()}Version"


def retire(version: Version, retirement: Retirement, notice: Notice) -> Version:
    """
    Say it of *version*; the first reason stays.

    A deprecated one works as before. A yanked one serves where it does, and is chosen by nobody any more. A blocked
    one never serves again, and nothing takes that back.

    Raises:
        ConflictError: It has not passed its intake, or is blocked (409).
    """
    _require_retirable(version, retirement)
    if retirement is Retirement.DEPRECATE:
        changed = replace(version, deprecated=version.deprecated or notice)
    elif retirement is Retirement.YANK:
        changed = replace(version, yanked=version.yanked or notice)
    elif retirement is Retirement.UNYANK:
        changed = replace(version, yanked=None)
    else:
        changed = replace(version, blocked=version.blocked or notice)
    return replace(changed, status=_status_of(changed))


def _require_retirable(version: Version, retirement: Retirement) -> None:
    if version.status.is_being_taken_in or version.status is VersionStatus.REJECTED:
        raise ConflictError(
            f"Version {version.version} of {version.plugin_id} is {version.status}: it serves nobody.",
            fix="Wait until its intake has ended; a Rejected version never serves.",
        )
    if version.status is VersionStatus.BLOCKED and retirement is not Retirement.BLOCK:
        raise ConflictError(
            f"Version {version.version} of {version.plugin_id} is blocked, and stays so.",
            fix="Publish the next version number.",
        )


def _status_of(version: Version) -> VersionStatus:
    """Show the strictest that was said."""
    if version.blocked:
        return VersionStatus.BLOCKED
    if version.yanked:
        return VersionStatus.YANKED
    return VersionStatus.DEPRECATED if version.deprecated else VersionStatus.READY
