from dataclasses import replace

import pytest

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.retirements import Retirement, retire
from chalicelib.domain.versions import Notice, Version, VersionStatus, package_key

FIRST = Notice("charges twice", "ana", "2026-11-22T15:00:00.000Z")
SECOND = Notice("another reason", "root", "2026-11-22T16:00:00.000Z")
DEPRECATE, YANK, UNYANK, BLOCK = Retirement


def a_version(status: VersionStatus = VersionStatus.READY) -> Version:
    return Version("echo", "1.0.0", "", 0, status, FIRST.at, "ana", package_key("echo", "1.0.0", ""))


def after(*said: Retirement) -> Version:
    version = a_version()
    for retirement in said:
        version = retire(version, retirement, FIRST)
    return version


@pytest.mark.parametrize(
    "said, status",
    [
        ((DEPRECATE,), VersionStatus.DEPRECATED),
        ((YANK,), VersionStatus.YANKED),
        ((BLOCK,), VersionStatus.BLOCKED),
        ((UNYANK,), VersionStatus.READY),
        ((YANK, UNYANK), VersionStatus.READY),
        ((DEPRECATE, YANK), VersionStatus.YANKED),
        ((YANK, DEPRECATE), VersionStatus.YANKED),
        ((DEPRECATE, YANK, UNYANK), VersionStatus.DEPRECATED),
        ((YANK, BLOCK), VersionStatus.BLOCKED),
        ((DEPRECATE, BLOCK), VersionStatus.BLOCKED),
    ],
)
def test_the_status_is_the_strictest_that_was_said(said: tuple[Retirement, ...], status: VersionStatus) -> None:
    assert after(*said).status is status


@pytest.mark.parametrize("retirement", Retirement)
def test_saying_it_again_changes_nothing_and_the_first_reason_stays(retirement: Retirement) -> None:
    once = retire(a_version(), retirement, FIRST)

    assert retire(once, retirement, SECOND) == once


@pytest.mark.parametrize("retirement", [DEPRECATE, YANK, UNYANK])
def test_nothing_takes_a_block_back(retirement: Retirement) -> None:
    with pytest.raises(ConflictError, match="is blocked, and stays so"):
        retire(after(BLOCK), retirement, SECOND)


@pytest.mark.parametrize("status", [VersionStatus.DRAFT, VersionStatus.VERIFYING, VersionStatus.REJECTED])
@pytest.mark.parametrize("retirement", Retirement)
def test_what_has_not_passed_its_intake_is_not_retired(status: VersionStatus, retirement: Retirement) -> None:
    with pytest.raises(ConflictError, match="it serves nobody"):
        retire(replace(a_version(), status=status), retirement, FIRST)
