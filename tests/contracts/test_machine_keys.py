"""Contract of machine keys, and of the look-up that the authorizer has of its own."""

from collections.abc import Callable

import boto3
import pytest

from chalicelib.adapters.dynamodb.machine_keys import DynamoMachineKeyReads
from chalicelib.domain.errors import ConflictError, NotFoundError, StaleRevisionError
from chalicelib.domain.machine_keys import KeySecret, MachineKey
from chalicelib.domain.pages import PageRequest
from chalicelib.ports import Ports
from chalicelib.settings import Settings
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_record

KEY = MachineKey(
    "key_01JD9X4Q2M8W6Z3T7R5N1B0KCE",
    "shop",
    ("invoke_plugin", "post_observations"),
    ("acme",),
    (KeySecret("aa" * 32), KeySecret("bb" * 32, NOW)),
    "root",
    NOW,
    expires_at=NOW,
    rotated_at=NOW,
    revoked_at=NOW,
)
PLAIN = KEY._replace(
    id="key_01JD9X4Q2M8W6Z3T7R5N1B0KCF", tenants=None, secrets=(), expires_at=None, rotated_at=None, revoked_at=None
)


@pytest.fixture
def find(outside: Outside, request: pytest.FixtureRequest) -> Callable[[str], MachineKey | None]:
    """Look a key up as the authorizer does."""
    keys = outside.ports.machine_keys
    if hasattr(keys, "find"):
        return keys.find  # type: ignore[no-any-return]
    settings: Settings = request.getfixturevalue("aws")
    return DynamoMachineKeyReads(lambda: boto3.client("dynamodb"), settings.table("credentials")).find


@pytest.mark.parametrize("key", [KEY, PLAIN], ids=["with everything", "with what it needs"])
def test_a_key_comes_back_whole_to_whoever_may_read_it(
    ports: Ports, find: Callable[[str], MachineKey | None], key: MachineKey
) -> None:
    ports.machine_keys.add(key, a_record())

    assert ports.machine_keys.get(key.id) == key == find(key.id)


def test_a_key_that_is_none_is_not_found(ports: Ports, find: Callable[[str], MachineKey | None]) -> None:
    with pytest.raises(NotFoundError):
        ports.machine_keys.get(KEY.id)
    assert find(KEY.id) is None


def test_an_id_is_taken_once(ports: Ports) -> None:
    ports.machine_keys.add(KEY, a_record())

    with pytest.raises(ConflictError):
        ports.machine_keys.add(KEY, a_record())


def test_a_change_from_another_revision_is_refused(ports: Ports) -> None:
    ports.machine_keys.add(PLAIN, a_record())
    saved = ports.machine_keys.save(PLAIN.revoked(NOW), a_record())

    assert (saved.revision, ports.machine_keys.get(PLAIN.id)) == (2, saved)
    with pytest.raises(StaleRevisionError):
        ports.machine_keys.save(PLAIN, a_record())


def test_keys_are_listed_by_age_in_pages(ports: Ports) -> None:
    made = [PLAIN._replace(id=f"key_{number:026d}") for number in range(3)]
    for key in reversed(made):
        ports.machine_keys.add(key, a_record())

    first = ports.machine_keys.page(PageRequest(2))
    rest = ports.machine_keys.page(PageRequest(2, first.next_position))

    assert [*first.items, *rest.items] == made
    assert rest.next_position is None
