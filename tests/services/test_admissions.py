"""The door: tokens of who is still there, keys that are still good, and what happens while nobody can tell."""

from __future__ import annotations

import pytest

from chalicelib.domain.authorization import Role
from chalicelib.domain.credentials import CredentialRefusedError, Refusal
from chalicelib.domain.errors import TransientError, UnauthorizedError
from chalicelib.domain.machine_keys import KeySecret, MachineKey, digest_of, token_of
from chalicelib.services.admissions import GRACE, Admissions
from tests.fakes import FakeWorld

ID, SECRET = "key_01JD9X4Q2M8W6Z3T7R5N1B0KCE", "s" * 43
TOKEN = token_of(ID, SECRET)


@pytest.fixture
def world() -> FakeWorld:
    made = FakeWorld()
    made.identity.add_user("ana", "secret", Role.DEVELOPER)
    made.tables.machine_keys[ID] = MachineKey(
        ID, "shop", ("invoke_plugin",), ("acme",), (KeySecret(digest_of(SECRET)),), "root", "2026-11-22T15:00:00.000Z"
    )
    return made


@pytest.fixture
def door(world: FakeWorld) -> Admissions:
    return world.door.admissions


def test_a_person_comes_in_by_a_token_and_a_machine_by_its_key(door: Admissions) -> None:
    assert door.admit("token-ana").username == "ana"
    assert door.admit(TOKEN).only_tenants == frozenset({"acme"})


@pytest.mark.parametrize("credential", ["hsk_", TOKEN[:-1] + "x", token_of("key_" + "0" * 26, SECRET), "token-nobody"])
def test_what_proves_nothing_opens_nothing(door: Admissions, credential: str) -> None:
    with pytest.raises(UnauthorizedError):
        door.admit(credential)


def test_a_disabled_user_is_refused_at_the_next_look_and_let_in_again_when_enabled(
    world: FakeWorld, door: Admissions
) -> None:
    door.admit("token-ana")
    world.identity.disabled.add("ana")

    with pytest.raises(UnauthorizedError):
        door.admit("token-ana")
    world.identity.disabled.clear()
    assert door.admit("token-ana").username == "ana"


def test_a_revoked_key_is_refused_at_the_next_look(world: FakeWorld, door: Admissions) -> None:
    door.admit(TOKEN)
    world.tables.machine_keys[ID] = world.tables.machine_keys[ID].revoked("2026-11-22T15:00:00.000Z")

    with pytest.raises(UnauthorizedError):
        door.admit(TOKEN)


def test_while_the_directory_is_away_only_who_was_seen_lately_comes_in(world: FakeWorld, door: Admissions) -> None:
    world.identity.add_user("bob", "secret", Role.DEVELOPER)
    door.admit("token-ana")
    world.identity.is_down = True

    assert door.admit("token-ana").username == "ana"
    with pytest.raises(TransientError):
        door.admit("token-bob")
    world.clock.advance(seconds=GRACE.total_seconds())
    with pytest.raises(TransientError):
        door.admit("token-ana")


def test_who_was_seen_disabled_does_not_come_in_while_the_directory_is_away(world: FakeWorld, door: Admissions) -> None:
    door.admit("token-ana")
    world.identity.disabled.add("ana")
    with pytest.raises(UnauthorizedError):
        door.admit("token-ana")
    world.identity.is_down = True

    with pytest.raises(TransientError):
        door.admit("token-ana")


def test_a_machine_needs_no_directory(world: FakeWorld, door: Admissions) -> None:
    world.identity.is_down = True

    assert door.admit(TOKEN).username == ID


@pytest.mark.parametrize(
    "credential, change, reason, claimed",
    [
        ("hsk_", {}, Refusal.MALFORMED, ""),
        # An id that is none of ours is a part of what was sent, and named nowhere.
        (token_of("key_" + "0" * 26, SECRET), {}, Refusal.NO_SUCH_KEY, ""),
        (TOKEN[:-1] + "x", {}, Refusal.KEY_SECRET, ID),
        (TOKEN, {"expires_at": "2026-11-22T14:00:00.000Z"}, Refusal.KEY_EXPIRED, ID),
        (TOKEN, {"revoked_at": "2026-11-22T14:00:00.000Z", "secrets": ()}, Refusal.KEY_REVOKED, ID),
    ],
)
def test_why_a_key_opens_nothing_is_told_to_the_trail_with_the_id_that_is_ours(
    world: FakeWorld, door: Admissions, credential: str, change: dict[str, object], reason: Refusal, claimed: str
) -> None:
    world.tables.machine_keys[ID] = world.tables.machine_keys[ID]._replace(**change)  # type: ignore[arg-type]

    with pytest.raises(CredentialRefusedError) as refused:
        door.admit(credential)

    assert (refused.value.reason, refused.value.claimed) == (reason, claimed)


def test_a_disabled_user_is_named_since_the_token_is_good(world: FakeWorld, door: Admissions) -> None:
    world.identity.disabled.add("ana")

    with pytest.raises(CredentialRefusedError) as refused:
        door.admit("token-ana")

    assert (refused.value.reason, refused.value.claimed) == (Refusal.USER, "ana")
