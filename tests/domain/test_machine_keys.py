"""Machine keys: what a secret opens, for how long, and that nothing of it is kept."""

from __future__ import annotations

import pytest

from chalicelib.domain.authorization import Role, require_permission, require_tenant
from chalicelib.domain.errors import ConflictError, ForbiddenError, NotFoundError, ValidationError
from chalicelib.domain.machine_keys import (
    MAX_SECRETS,
    MAX_TENANTS,
    KeySecret,
    KeyStatus,
    MachineKey,
    check_actions,
    check_tenants,
    digest_of,
    parts_of,
    token_of,
)

NOW, SOON, LATER = "2026-11-22T15:00:00.000Z", "2026-11-22T16:00:00.000Z", "2026-11-23T15:00:00.000Z"
ID = "key_01JD9X4Q2M8W6Z3T7R5N1B0KCE"
SECRET, OTHER = "s" * 43, "t" * 43
KEY = MachineKey(
    ID, "shop", ("invoke_plugin",), ("acme", "globex"), (KeySecret(digest_of(SECRET)),), "root", NOW, expires_at=LATER
)


def test_a_token_is_prefixed_and_tells_the_keys_id_and_the_secret_back() -> None:
    token = token_of(ID, SECRET)

    assert token == f"hsk_01JD9X4Q2M8W6Z3T7R5N1B0KCE_{SECRET}"
    assert parts_of(token) == (ID, SECRET)


@pytest.mark.parametrize(
    "token",
    ["", "hsk_", f"hsk_{SECRET}", token_of(ID, SECRET)[:-1], token_of(ID, SECRET) + "a", token_of(ID, "é" * 43)],
)
def test_what_is_no_token_of_ours_has_no_parts(token: str) -> None:
    assert parts_of(token) is None


def test_nothing_of_the_secret_is_in_the_key() -> None:
    assert SECRET not in repr(KEY)


def test_a_key_opens_with_its_secret_until_it_expires() -> None:
    assert KEY.admits(SECRET, NOW)
    assert not KEY.admits(OTHER, NOW)
    assert not KEY.admits(SECRET, LATER)
    assert (KEY.status(NOW), KEY.status(LATER)) == (KeyStatus.ACTIVE, KeyStatus.EXPIRED)


def test_a_rotated_key_opens_with_both_secrets_until_the_overlap_ends() -> None:
    rotated = KEY.rotated(digest_of(OTHER), now=NOW, overlap_until=SOON)

    assert rotated.admits(SECRET, NOW)
    assert rotated.admits(OTHER, NOW)
    assert not rotated.admits(SECRET, SOON)
    assert rotated.admits(OTHER, SOON)


def test_rotating_again_ends_nothing_that_is_in_use_sooner_than_asked() -> None:
    lost = KEY.rotated(digest_of(OTHER), now=NOW, overlap_until=SOON)
    again = lost.rotated(digest_of("u" * 43), now=NOW, overlap_until=LATER)

    assert again.admits(SECRET, NOW)
    assert [each.expires_at for each in again.secrets] == [None, LATER, SOON]


def test_a_key_with_too_many_good_secrets_is_not_rotated_until_one_has_ended() -> None:
    full = KEY
    for number in range(1, MAX_SECRETS):
        full = full.rotated(digest_of(str(number)), now=NOW, overlap_until=SOON)

    with pytest.raises(ConflictError) as refused:
        full.rotated(digest_of(OTHER), now=NOW, overlap_until=SOON)
    assert refused.value.fix
    assert len(full.rotated(digest_of(OTHER), now=SOON, overlap_until=LATER).secrets) == 2


def test_a_revoked_key_opens_nothing_is_not_rotated_and_keeps_no_digest() -> None:
    revoked = KEY.revoked(NOW)

    assert (revoked.status(NOW), revoked.secrets, revoked.admits(SECRET, NOW)) == (KeyStatus.REVOKED, (), False)
    assert revoked.revoked(LATER) is revoked
    with pytest.raises(ConflictError):
        revoked.rotated(digest_of(OTHER), now=NOW, overlap_until=SOON)


def test_who_calls_with_a_key_is_a_host_that_may_only_what_the_key_is_for() -> None:
    caller = KEY.caller()

    assert (caller.username, caller.roles) == (ID, frozenset({Role.HOST}))
    require_permission(caller, "invoke_plugin")
    with pytest.raises(ForbiddenError):
        require_permission(caller, "list_plugins")


def test_a_key_reaches_its_own_tenants_only() -> None:
    require_tenant(KEY.caller(), "acme")
    require_tenant(KEY._replace(tenants=None).caller(), "initech")

    with pytest.raises(NotFoundError):
        require_tenant(KEY.caller(), "initech")


@pytest.mark.parametrize("actions", [(), ("create_tenant",), ("invoke_plugin", "approve_approval"), ("nonsense",)])
def test_a_key_is_for_nothing_that_a_host_may_not(actions: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        check_actions(actions)

    assert "invoke_plugin" in refused.value.fix


@pytest.mark.parametrize("tenants", [(), ("Acme!",), ("a,b",), tuple(f"t{n}" for n in range(MAX_TENANTS + 1))])
def test_tenants_of_a_key_are_ids_and_not_too_many(tenants: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        check_tenants(tenants)


def test_actions_and_tenants_are_kept_once_and_in_order() -> None:
    assert check_actions(("post_observations", "invoke_plugin", "invoke_plugin")) == (
        "invoke_plugin",
        "post_observations",
    )
    assert check_tenants(("globex", "acme", "acme")) == ("acme", "globex")
    assert check_tenants(None) is None
