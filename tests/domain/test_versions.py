"""SemVer 2.0 in full, aliases that never collide, and the life of a version."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import ConflictError
from chalicelib.domain.findings import Finding
from chalicelib.domain.versions import (
    InvalidSemVerError,
    SemVer,
    Version,
    VersionNotReadyError,
    VersionStatus,
    package_key,
)

#: The chain of precedence that semver.org § 11 gives, and a few of our own around it.
IN_ORDER = [
    "0.0.1",
    "0.9.0",
    "0.10.0",
    "1.0.0--",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.1.0",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-beta.11-x",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-0",
    "1.0.1",
    "9.0.0",
    "10.0.0",
]

numbers = st.integers(min_value=0, max_value=10**7).map(str)
words = st.from_regex(r"[0-9A-Za-z-]{1,5}", fullmatch=True)
prerelease_ids = st.one_of(numbers, words.filter(lambda word: not word.isdigit()))


@st.composite
def semvers(draw: st.DrawFn) -> SemVer:
    """Any version number of up to two pre-release and two build identifiers."""
    core = ".".join(draw(numbers) for _ in range(3))
    prerelease = ".".join(draw(st.lists(prerelease_ids, max_size=2)))
    build = ".".join(draw(st.lists(words, max_size=2)))
    return SemVer.parse(core + (f"-{prerelease}" if prerelease else "") + (f"+{build}" if build else ""))


@pytest.mark.parametrize("text", [*IN_ORDER, "1.0.0-beta.1+5", "1.0.0+001", "1.0.0-0A.is.legal", "1.0.0-x-y-z.--"])
def test_a_version_number_reads_and_writes_back_unchanged(text: str) -> None:
    assert str(SemVer.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "01.0.0",
        "1.00.0",
        "1.0.0-01",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-a..b",
        "1.0.0+a..b",
        "v1.0.0",
        " 1.0.0",
        "1.0.0\n",
        "1.0.0-ä",
        "\u0661.0.0",
        "1.0.0+" + "a" * 64,
        "1.0.0/../2.0.0",
    ],
)
def test_a_number_that_is_not_semver_is_refused_with_a_fix_when_read(text: str) -> None:
    with pytest.raises(InvalidSemVerError) as refused:
        SemVer.parse(text)

    assert "1.0.0" in refused.value.fix
    assert refused.value.errors[0].field == "/version"


@pytest.mark.parametrize("lower, higher", list(pairwise(IN_ORDER)))
def test_precedence_follows_the_standard_in_memory_and_in_the_table(lower: str, higher: str) -> None:
    assert SemVer.parse(lower) < SemVer.parse(higher)
    assert SemVer.parse(lower).sort_key < SemVer.parse(higher).sort_key


@given(semvers(), semvers())
def test_the_sort_key_orders_as_the_versions_do(one: SemVer, other: SemVer) -> None:
    assert (one < other) == (one.sort_key < other.sort_key)


@given(semvers(), semvers())
def test_no_two_versions_share_an_alias(one: SemVer, other: SemVer) -> None:
    assert (one == other) == (one.alias == other.alias)


@pytest.mark.parametrize(
    "text, alias",
    [
        ("2.0.0", "v2-0-0"),
        ("1.0.0-beta.1", "v1-0-0_beta-1"),
        ("1.0.0-beta-1", "v1-0-0_beta_1"),
        ("1.0.0-beta.1+5", "v1-0-0_beta-1--5"),
    ],
)
def test_a_version_has_an_alias_that_lambda_takes(text: str, alias: str) -> None:
    assert SemVer.parse(text).alias == alias


def test_versions_that_differ_in_their_build_are_different_versions() -> None:
    assert SemVer.parse("1.0.0+5") != SemVer.parse("1.0.0+6")
    assert hash(SemVer.parse("1.0.0+5")) == hash(SemVer.parse("1.0.0+5"))


EARLIER, NOW, LATER = (f"2026-11-22T{hour}:00:00.000Z" for hour in (11, 12, 13))


def a_version(status: VersionStatus = VersionStatus.DRAFT) -> Version:
    return Version(
        plugin_id="echo",
        version="1.2.3",
        sha256="ab" * 32,
        size=10,
        status=status,
        created_at="2026-11-22T12:00:00.000Z",
        created_by="dev",
        package_key=package_key("echo", "1.2.3", "ab" * 32),
    )


def test_a_draft_goes_to_verifying_and_stays_there_when_finalized_again() -> None:
    verifying = a_version().begin_verification(NOW, dead_before=EARLIER)

    assert (verifying.status, verifying.intake_attempt) == (VersionStatus.VERIFYING, 1)
    assert verifying.begin_verification(LATER, dead_before=EARLIER) == verifying


def test_a_version_whose_intake_is_dead_begins_the_next_attempt() -> None:
    verifying = a_version().begin_verification(EARLIER, dead_before=EARLIER)

    again = verifying.begin_verification(LATER, dead_before=NOW)

    assert (again.intake_attempt, again.verifying_since) == (2, LATER)


def test_a_failure_of_ours_gives_the_draft_back() -> None:
    finding = Finding("INTAKE_FAILED", "the intake", "we failed", "again", severity="warning")
    verifying = a_version().begin_verification(EARLIER, dead_before=EARLIER)

    draft = verifying.reopen(finding)

    assert (draft.status, draft.findings) == (VersionStatus.DRAFT, (finding,))
    assert draft.begin_verification(NOW, dead_before=EARLIER).intake_attempt == 2


@pytest.mark.parametrize("status", [VersionStatus.READY, VersionStatus.REJECTED, VersionStatus.DELETED])
def test_a_decided_version_is_never_verified_again(status: VersionStatus) -> None:
    with pytest.raises(ConflictError, match="can't be finalized again"):
        a_version(status).begin_verification(NOW, dead_before=EARLIER)


MAY_BE_CHOSEN = (VersionStatus.READY, VersionStatus.DEPRECATED)


@pytest.mark.parametrize("status", [status for status in VersionStatus if status not in MAY_BE_CHOSEN])
def test_only_a_ready_version_may_be_chosen_be_it_a_deprecated_one(status: VersionStatus) -> None:
    for chosen in MAY_BE_CHOSEN:
        a_version(chosen).require_ready()

    with pytest.raises(VersionNotReadyError) as refused:
        a_version(status).require_ready()
    assert refused.value.fix


def test_a_rejected_version_keeps_what_was_found() -> None:
    finding = Finding("ZIP_SLIP", "../x", "leaves the package", "remove it")

    rejected = a_version(VersionStatus.VERIFYING).reject((finding,))

    assert rejected.status is VersionStatus.REJECTED
    assert rejected.findings == (finding,)


def test_the_key_of_a_package_carries_its_own_digest_when_it_was_announced() -> None:
    assert package_key("echo", "1.0.0", "ff") == "packages/echo/1.0.0/ff.zip"
    assert package_key("echo", "1.0.0", "") == "packages/echo/1.0.0/unannounced.zip"


def test_a_build_is_stored_under_its_own_digest_since_two_releases_may_build_differently() -> None:
    one, other = (replace(a_version(), code_sha256=digest) for digest in ("AAAA", "AAAB"))

    assert one.build_key == "builds/echo/1.2.3/000000.zip"
    assert other.build_key == "builds/echo/1.2.3/000001.zip"
    assert a_version().build_key != a_version().package_key
