"""Rings: named groups of tenants, in the order in which they take a risk."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.domain.errors import FieldError, UnprocessableError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The ring of tenants that were put into no other; every list of rings has it.
DEFAULT_RING = "general"
MAX_RINGS = 20
RING_PATTERN = "^[a-z][a-z0-9-]{0,39}$"

_RING = re.compile(RING_PATTERN)


@dataclass(frozen=True, slots=True)
class Rings:
    """
    The rings of the product, whoever takes a new version first at the front.

    *revision* is 0, and *updated_at* None, while nobody has changed them.
    """

    names: tuple[str, ...] = ("internal", "beta", DEFAULT_RING)
    updated_at: str | None = None
    revision: int = 0

    def require(self, ring: str) -> None:
        """
        Raise unless there is such a ring.

        Raises:
            UnprocessableError: There is none (422).
        """
        if ring not in self.names:
            fix = f"Use one of: {', '.join(self.names)}; PUT /rings adds one."
            errors = (FieldError("/ring", "There is no such ring.", fix),)
            raise UnprocessableError("There is no such ring.", fix=fix, errors=errors)


def check_rings(names: Sequence[str]) -> tuple[str, ...]:
    """
    Return *names* as they may stand in a list of rings.

    Raises:
        ValidationError: A name is malformed or there twice, there are too many, or the default is missing (400).
    """
    fix = f"Send 1 to {MAX_RINGS} different names, {DEFAULT_RING!r} among them, each fitting {RING_PATTERN}."
    errors = [
        FieldError(f"/rings/{place}", "It can't be the name of a ring.", fix)
        for place, name in enumerate(names)
        if not _RING.fullmatch(name)
    ]
    errors += [
        FieldError(f"/rings/{place}", "It is there twice.", fix)
        for place, name in enumerate(names)
        if name in names[:place]
    ]
    if DEFAULT_RING not in names:
        errors.append(FieldError("/rings", f"{DEFAULT_RING} is missing: tenants without a ring are in it.", fix))
    if len(names) > MAX_RINGS:
        errors.append(FieldError("/rings", "These are too many.", fix))
    if errors:
        raise ValidationError("That can't be the list of rings.", fix=fix, errors=tuple(errors))
    return tuple(names)


def count_by_ring(names: Sequence[str], tenants: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    """
    Count *tenants*, given as (id, ring), by ring in the order of *names*, empty ones included.

    Whoever is in a ring that was just removed counts with the last, the most careful one.
    """
    found = Counter(ring if ring in names else names[-1] for _, ring in tenants)
    return {name: found[name] for name in names}
