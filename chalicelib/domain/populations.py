"""Populations: the tenants that a deployment may move, in the order in which a growing share reaches them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from chalicelib.domain.plans import Reach
from chalicelib.domain.resolution import bucket_of
from chalicelib.domain.rings import Rings
from chalicelib.domain.routes import FULL_BPS, SplitBy, Variant

#: So many tenants are named where a plan says whom a step moves.
SAMPLE_SIZE = 5


class Member(NamedTuple):
    """One tenant that has the plugin enabled; *ring* is one that there is. A pinned one moves with no step."""

    bucket: int
    id: str
    ring: str
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """
    The tenants of one (plugin, environment), and the *rings* in their order.

    *movable* are those that no pin holds, by bucket: a share reaches a prefix of them.
    """

    members: tuple[Member, ...] = ()
    rings: tuple[str, ...] = Rings().names
    movable: tuple[Member, ...] = field(init=False)
    _buckets: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        movable = tuple(sorted(member for member in self.members if not member.is_pinned))
        object.__setattr__(self, "movable", movable)
        object.__setattr__(self, "_buckets", tuple(member.bucket for member in movable))

    @classmethod
    def of(
        cls, tenants: Iterable[tuple[str, str, bool]], *, plugin_id: str, salt: str, rings: tuple[str, ...]
    ) -> Population:
        """
        Place *tenants*, given as (id, ring, is pinned), in the buckets of a route.

        Whoever is in a ring that was just removed counts with the last, the most careful one.
        """
        return cls(
            tuple(
                Member(bucket_of(plugin_id, salt, each), each, ring if ring in rings else rings[-1], is_pinned)
                for each, ring, is_pinned in tenants
            ),
            rings,
        )

    def below(self, share_bps: int) -> int:
        """Count the movable tenants whose bucket a share reaches."""
        return bisect_left(self._buckets, share_bps)

    def share_of_first(self, count: int) -> int:
        """
        Give the largest share that reaches at most the first *count* tenants by bucket; everything, if all.

        Tenants in one bucket can't be parted, so it may reach fewer.
        """
        return self._buckets[count] if count < len(self._buckets) else FULL_BPS

    def reached(self, share_bps: int, rings: tuple[str, ...] = ()) -> tuple[Member, ...]:
        """Name the tenants that get the candidate: those of *rings*, and those whose bucket the share reaches."""
        if not rings or share_bps == FULL_BPS:
            return self.movable[: self.below(share_bps)]
        return tuple(member for member in self.movable if member.bucket < share_bps or member.ring in rings)

    def reached_by(self, variants: Sequence[Variant], tried: Collection[Variant]) -> tuple[Member, ...]:
        """Name the tenants of those *variants* that are *tried*, each in its own part of the buckets."""
        reached: list[Member] = []
        begins = 0
        for variant in variants:
            ends = begins + variant.share_bps
            if variant in tried:
                reached += self.movable[self.below(begins) : self.below(ends)]
            begins = ends
        return tuple(reached)

    def reach(
        self,
        share_bps: int,
        *,
        rings: tuple[str, ...] = (),
        split_by: SplitBy = SplitBy.TENANT,
        after: tuple[Member, ...] = (),
    ) -> Reach:
        """
        Count whom the candidate serves after a step; the sample names some of those who were not among *after*.

        Split by requests, any share may meet any tenant.
        """
        is_for_all = split_by is SplitBy.REQUEST and share_bps > 0
        reached = self.movable if is_for_all else self.reached(share_bps, rings)
        return self.reach_of(reached, after=after)

    def reach_of(self, reached: tuple[Member, ...], *, after: tuple[Member, ...] = ()) -> Reach:
        """Count *reached*; the sample names some who were not among *after*."""
        before = {member.id for member in after}
        moved = [member.id for member in reached if member.id not in before]
        return Reach(len(reached), len(self.members), tuple(moved[:SAMPLE_SIZE]))


def salt_of(plugin_id: str, environment: str) -> str:
    """
    Give a first route its salt, the same whoever asks and whenever.

    So a plan can say whom it reaches before there is a route, and a route that is made anew moves nobody. The plugin
    is in the bucket's hash as well; the environment is here, so that a tenant is not always among the first.
    """
    return blake2b(f"{plugin_id}:{environment}".encode(), digest_size=8, person=b"hotswap-salt").hexdigest()
