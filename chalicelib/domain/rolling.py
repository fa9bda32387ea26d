"""Rolling: rings in their order, or batches of tenants in the order of their buckets."""

from __future__ import annotations

from math import ceil

from chalicelib.domain.config_reading import percent_of
from chalicelib.domain.errors import FieldError, UnprocessableError
from chalicelib.domain.plans import Step
from chalicelib.domain.populations import Population
from chalicelib.domain.routes import FULL_BPS
from chalicelib.domain.shifts import Wish, shifts
from chalicelib.domain.strategy_configs import MAX_SHIFTS, BatchBy, RollingConfig


def batches(config: RollingConfig, population: Population, *, max_tenants: int | None = None) -> list[Step]:
    """
    Move the tenants batch by batch; the last batch leaves the candidate with everything.

    Each batch is watched until the next one begins, and never for less than its health check may take, so the last
    one too gets a verdict.

    Raises:
        UnprocessableError: That would be too many batches, or one of more tenants than the cap allows (422).
    """
    wishes = _by_ring(config, population) if config.by is BatchBy.RING else _by_tenant(config, population)
    if len(wishes) > MAX_SHIFTS:
        raise _refused("/rollingConfig/batchSize", f"That makes {len(wishes):,} batches.", 'Send a larger one: "10%".')
    steps = shifts(wishes, population)
    for step in steps:
        is_over = step.reach and step.share_bps != FULL_BPS and step.reach.tenants > (max_tenants or step.reach.tenants)
        if step.reach and is_over:
            message = f"{step.detail} reaches {step.reach.tenants:,} tenants, over {max_tenants:,}."
            raise _refused("/maxTenants", message, "Make the batches smaller, or raise maxTenants.")
    return steps


def _by_ring(config: RollingConfig, population: Population) -> list[Wish]:
    """
    Take the rings that anybody is in, in their order; the candidate keeps all rings before.

    An empty ring is no step of its own, since nobody could show that it went well, but who comes into it meanwhile
    counts with it.
    """
    inhabited = {member.ring for member in population.movable}
    size = _size(config, len(inhabited)) * config.parallel_batches
    taken = [place for place, ring in enumerate(population.rings) if ring in inhabited]
    ends = [group[-1] + 1 for group in _grouped(taken, size)]
    wishes = []
    begins = 0
    for end in ends[:-1]:
        names = [ring for ring in population.rings[begins:end] if ring in inhabited]
        wishes.append(Wish(0, _watched(config), population.rings[:end], f"ring {' and '.join(names)}"))
        begins = end
    rest = [ring for ring in population.rings[begins:] if ring in inhabited]
    told = f"100 % of tenants: ring {' and '.join(rest)}" if rest else "100 % of tenants"
    return [*wishes, Wish(FULL_BPS, _watched(config, is_last=True), population.rings, told)]


def _by_tenant(config: RollingConfig, population: Population) -> list[Wish]:
    """
    Part the tenants by thresholds between their buckets.

    Tenants in one bucket stay together, so a batch may have fewer than asked for, or more when one bucket has.
    """
    everybody = len(population.movable)
    ends: list[int] = []
    while (begins := ends[-1] if ends else 0) < everybody:
        share = population.share_of_first(_end_of(config, len(ends), begins, everybody))
        if population.below(share) <= begins:
            share = population.movable[begins].bucket + 1
        ends.append(population.below(share))
    wishes = []
    for place, end in enumerate(ends[:-1]):
        share = population.movable[end].bucket
        told = f"batch {place + 1} of {len(ends)}, {percent_of(share)} % of buckets"
        wishes.append(Wish(share, _watched(config), detail=told))
    told = f"100 % of tenants: batch {len(ends)} of {len(ends)}" if ends else "100 % of tenants"
    return [*wishes, Wish(FULL_BPS, _watched(config, is_last=True), detail=told)]


def _end_of(config: RollingConfig, batches_before: int, begins: int, everybody: int) -> int:
    """Say how many tenants have moved after the next batch; of a percentage never more than it is, but one at least."""
    if config.batch_bps is None:
        return begins + config.batch_count * config.parallel_batches
    share = min((batches_before + 1) * config.batch_bps * config.parallel_batches, FULL_BPS)
    return max(everybody * share // FULL_BPS, begins + 1)


def _size(config: RollingConfig, units: int) -> int:
    if config.batch_bps is None:
        return config.batch_count
    return max(ceil(units * config.batch_bps / FULL_BPS), 1)


def _watched(config: RollingConfig, *, is_last: bool = False) -> int:
    return config.check_seconds if is_last else max(config.wait_seconds, config.check_seconds)


def _grouped(places: list[int], size: int) -> list[list[int]]:
    return [places[begins : begins + size] for begins in range(0, len(places), size)]


def _refused(field: str, message: str, fix: str) -> UnprocessableError:
    return UnprocessableError(message, fix=fix, errors=(FieldError(field, message, fix),))
