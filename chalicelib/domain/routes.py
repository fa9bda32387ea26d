"""Routes: which versions serve a (plugin, environment), and how tenants are split between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from chalicelib.domain.errors import FencedOffError

if TYPE_CHECKING:
    from chalicelib.domain.resolution import Ways

#: A share of traffic is an integer of basis points; this many are everything.
FULL_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """
    A version that may serve: its number, its Lambda alias and version, and the digest of its package.

    *has_state* says whether it keeps state per tenant; an invocation of one that does not reads none.
    """

    version: str
    alias: str
    lambda_version: str
    sha256: str
    has_state: bool = False


class SplitBy(StrEnum):
    """What is divided between stable and candidate: tenants, each always on the same side, or single requests."""

    TENANT = "tenant"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Variant:
    """One arm of an experiment and its share of the tenants' buckets."""

    name: str
    target: Target
    share_bps: int


class _Resolvable:
    """Room for what `resolution` works out of a route; no field, so it is never stored, compared or taken over."""

    __slots__ = ("ways",)
    ways: Ways


@dataclass(frozen=True, slots=True)
class Route(_Resolvable):
    """
    The only truth about who serves; Lambda aliases mirror it.

    *candidate_bps* (0 to 10,000) is the share of tenants' buckets on the candidate, *candidate_rings* are rings
    that are on it whatever their bucket, *variants* the arms of a running experiment. *salt* goes into the
    bucket hash and never changes. *epoch* grows with each write; *fence* is the fencing token of the
    deployment that wrote last, and no smaller one may write.
    """

    plugin_id: str
    environment: str
    salt: str
    stable: Target | None = None
    candidate: Target | None = None
    candidate_bps: int = 0
    deployment_id: str | None = None
    epoch: int = 0
    fence: int = 0
    candidate_rings: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    split_by: SplitBy = SplitBy.TENANT

    def offer(self, candidate: Target, *, deployment_id: str, fence: int) -> Route:
        """Put *candidate* beside stable with no traffic yet; whatever an earlier run left goes."""
        return self._write(fence, candidate=candidate, deployment_id=deployment_id, **_NO_SPLIT)

    def shift(self, share_bps: int, *, fence: int) -> Route:
        """Give the candidate *share_bps* of the tenants."""
        return self._write(fence, candidate_bps=share_bps)

    def promote(self, *, fence: int) -> Route:
        """Make the candidate stable."""
        return self._write(fence, stable=self.candidate, candidate=None, deployment_id=None, **_NO_SPLIT)

    def settle_on(self, stable: Target | None, *, fence: int) -> Route:
        """Give everything to *stable*: the last known good, or nobody before the first deployment."""
        return self._write(fence, stable=stable, candidate=None, deployment_id=None, **_NO_SPLIT)

    def _write(self, fence: int, **changes: object) -> Route:
        if fence < self.fence:
            raise FencedOffError(
                f"A newer deployment (fence {self.fence}) owns the route of {self.plugin_id} in {self.environment}.",
                fix="Nothing is to be done: the newer deployment goes on.",
            )
        return replace(self, epoch=self.epoch + 1, fence=fence, **changes)  # type: ignore[arg-type]

    @property
    def primary(self) -> Target | None:
        """The version that the environment's alias names: the candidate once it has everything."""
        return self.candidate if self.candidate and self.candidate_bps == FULL_BPS else self.stable

    @property
    def weights_bps(self) -> dict[str, int]:
        """
        Additional weights of the environment's alias, Lambda version → basis points.

        Empty at 0 and at 100 %, and while there is no stable version to share with.
        """
        if self.stable is None or self.candidate is None or self.candidate_bps in (0, FULL_BPS):
            return {}
        return {self.candidate.lambda_version: self.candidate_bps}

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every version that this route may send a tenant to."""
        arms = (variant.target for variant in self.variants)
        return tuple(target for target in (self.stable, self.candidate, *arms) if target)


#: What a route has when nothing is being tried.
_NO_SPLIT: dict[str, object] = {
    "candidate_bps": 0,
    "candidate_rings": (),
    "variants": (),
    "split_by": SplitBy.TENANT,
}
