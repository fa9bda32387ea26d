"""Contract of the list of rings, and of who is in one."""

from dataclasses import replace

import pytest

from chalicelib.domain.errors import StaleRevisionError
from chalicelib.domain.rings import Rings
from tests.contracts.conftest import Outside
from tests.contracts.things import NOW, a_record, a_tenant


def test_there_are_three_rings_before_anybody_changes_them(outside: Outside) -> None:
    assert outside.ports.rings.get() == Rings(("internal", "beta", "general"), None, 0)


def test_the_rings_keep_their_order_and_every_field(outside: Outside) -> None:
    wanted = Rings(("canaries", "internal", "beta", "general", "banks"), NOW)

    saved = outside.ports.rings.save(wanted, a_record())

    assert saved == replace(wanted, revision=1)
    assert outside.ports.rings.get() == saved
    again = outside.ports.rings.save(replace(saved, names=("general", "beta")), a_record())
    assert outside.ports.rings.get() == again == Rings(("general", "beta"), NOW, 2)


@pytest.mark.parametrize("revision", [0, 2])
def test_save_refuses_rings_that_were_made_from_another_revision(outside: Outside, revision: int) -> None:
    saved = outside.ports.rings.save(Rings(("beta", "general"), NOW), a_record())

    with pytest.raises(StaleRevisionError):
        outside.ports.rings.save(Rings(("general",), NOW, revision), a_record())

    assert outside.ports.rings.get() == saved


def test_the_tenants_of_a_ring_are_counted(outside: Outside) -> None:
    for number in range(5):
        ring = "beta" if number % 2 else "general"
        outside.ports.tenants.add(a_tenant(f"t{number}")._replace(ring=ring), a_record())

    counts = {ring: outside.ports.tenants.count_in_ring(ring) for ring in ("internal", "beta", "general")}

    assert counts == {"internal": 0, "beta": 2, "general": 3}
