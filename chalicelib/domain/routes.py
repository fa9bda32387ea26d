"""Routes: which versions serve a (plugin, environment), and how tenants are split between them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.errors import FencedOffError, UnprocessableError

if TYPE_CHECKING:
    from chalicelib.domain.resolution import PlainWays

#: A share of traffic is an integer of basis points; this many are everything.
FULL_BPS = 10_000


class Target(NamedTuple):
    """
    A version that may serve: its number, its Lambda alias and version, and the digest of its package.

    *has_state* says whether it keeps state per tenant; an invocation of one that does not reads none.
    *is_isolated* says whether each of its containers serves one tenant only; a call must then name the tenant.
    *retryable* are the operations that may be repeated on another version when they have failed on this one.
    """

    version: str
    alias: str
    lambda_version: str
    sha256: str
    has_state: bool = False
    is_isolated: bool = False
    retryable: tuple[str, ...] = ()


class VersionBlockedError(UnprocessableError):
    """The version may never serve again (422)."""


class SplitBy(StrEnum):
    """What is divided between stable and candidate: tenants, each always on the same side, or single requests."""

    TENANT = "tenant"
    REQUEST = "request"


class Variant(NamedTuple):
    """One arm of an experiment and its share of the tenants' buckets."""

    name: str
    target: Target
    share_bps: int


class _Fields(NamedTuple):
    """What a route holds; `Route` says what it means."""

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
    previous: Target | None = None
    blocked: tuple[str, ...] = ()


class Route(_Fields):
    """
    The only truth about who serves; Lambda aliases mirror it.

    *candidate_bps* (0 to 10,000) is the share of tenants' buckets on the candidate, *candidate_rings* are rings
    that are on it whatever their bucket, *variants* the arms of a running experiment. *salt* goes into the
    bucket hash and never changes. *epoch* grows with each write; *fence* is the fencing token of the
    deployment that wrote last, and no smaller one may write. *previous* was stable before the last promotion:
    it stays retained, for an instant switch back. *blocked* are versions that nobody may get any more, not by a
    pin or an override either: no write of a route ever leaves one in it, whoever writes and whatever it remembers.
    """

    #: What `resolution` has worked out of the route. No field, so it is never stored, compared or taken over.
    ways: PlainWays

    def offer(self, candidate: Target, *, deployment_id: str, fence: int) -> Route:
        """Put *candidate* beside stable with no traffic yet; whatever an earlier run left goes."""
        return self._write(fence, candidate=candidate, deployment_id=deployment_id, **_NO_SPLIT)

    def shift(
        self, share_bps: int, *, fence: int, rings: tuple[str, ...] = (), split_by: SplitBy = SplitBy.TENANT
    ) -> Route:
        """Give the candidate *share_bps* of the tenants, or of the requests, and all tenants of *rings*."""
        return self._write(fence, candidate_bps=share_bps, candidate_rings=rings, variants=(), split_by=split_by)

    def experiment(self, variants: tuple[Variant, ...], *, fence: int) -> Route:
        """Part the tenants among *variants*; whom they leave stays on stable."""
        return self._write(fence, **{**_NO_SPLIT, "variants": variants})

    def promote(self, *, fence: int) -> Route:
        """Make the candidate stable; what was stable is retained."""
        return self.settle_on(self.candidate, fence=fence)

    def settle_on(self, stable: Target | None, *, fence: int) -> Route:
        """Give everything to *stable*: the last known good, or nobody before the first deployment."""
        if stable is not None and stable.version in self.blocked:
            # A snapshot from before the block: who took over from it is good, and it is not.
            stable = self.stable
        previous = self.previous if stable == self.stable else self.stable
        settled = {"stable": stable, "previous": previous, "candidate": None, "deployment_id": None}
        return self._write(fence, **settled, **_NO_SPLIT)

    def block(self, version: str, *, last_good: Target | None) -> Route:
        """
        Take *version* out for ever; *last_good* takes over where it was stable (None: nobody does).

        What is being tried ends if it is one of the versions that are tried: the deployment finds its candidate
        gone. A candidate that has nothing to do with it goes on.
        """
        changes: dict[str, object] = {"blocked": tuple(dict.fromkeys((*self.blocked, version)))}
        if self.stable is not None and self.stable.version == version:
            changes["stable"] = last_good
        tried = (self.candidate, *(variant.target for variant in self.variants))
        if any(target is not None and target.version == version for target in tried):
            changes |= {"candidate": None, "deployment_id": None, **_NO_SPLIT}
        if self.previous is not None and (self.previous.version == version or self.previous == changes.get("stable")):
            changes["previous"] = None
        return self._write(self.fence, **changes)

    def _write(self, fence: int, **changes: object) -> Route:
        if fence < self.fence:
            raise FencedOffError(
                f"A newer deployment (fence {self.fence}) owns the route of {self.plugin_id} in {self.environment}.",
                fix="Nothing is to be done: the newer deployment goes on.",
            )
        written = self._replace(epoch=self.epoch + 1, fence=fence, **changes)  # type: ignore[arg-type]
        for target in written.targets:
            if target.version in written.blocked:
                raise VersionBlockedError(
                    f"Version {target.version} of {self.plugin_id} is blocked.", fix="Deploy another version."
                )
        return written

    @property
    def primary(self) -> Target | None:
        """The version that the environment's alias names: the candidate once it has everything."""
        return self.candidate if self.candidate and self.candidate_bps == FULL_BPS else self.stable

    @property
    def weights_bps(self) -> dict[str, int]:
        """
        Additional weights of the environment's alias, Lambda version → basis points.

        Empty at 0 and at 100 %, and while there is no stable version to share with. An alias names two versions
        at most (Lambda, "Alias routing"), so an experiment with several new versions is not mirrored.
        """
        arms = [variant for variant in self.variants if variant.target != self.stable]
        if len(arms) == 1 and self.stable is not None:
            return {arms[0].target.lambda_version: arms[0].share_bps}
        if self.stable is None or self.candidate is None or self.candidate_bps in (0, FULL_BPS):
            return {}
        return {self.candidate.lambda_version: self.candidate_bps}

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every version that this route may send a tenant to."""
        arms = (variant.target for variant in self.variants)
        return tuple(target for target in (self.stable, self.candidate, *arms) if target)

    @property
    def is_trying(self) -> bool:
        """Tell whether anybody may be served by something else than stable."""
        return bool(self.candidate_bps or self.candidate_rings or self.variants)


#: What a route has when nothing is being tried.
_NO_SPLIT: dict[str, object] = {
    "candidate_bps": 0,
    "candidate_rings": (),
    "variants": (),
    "split_by": SplitBy.TENANT,
}
