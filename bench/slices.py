"""
Fair slices of time: programs take turns on one core, and only the turns in which the machine was quiet count.

The machine has two speeds and other tenants, so an absolute time says little. A fixed loop is timed
before and after each turn; a turn counts when both loops ran near the speed of the fastest of the run,
and the turn itself kept its core.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.machine import fixed_loop_ms

#: A turn is quiet while the loop takes at most this many times what it takes at the machine's best.
_QUIET = 1.12
#: The machine's best is that of its fastest few loops, so that one lucky loop sets no standard.
_BEST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Taken:
    """What a contender measured in one turn; *is_disturbed* if it knows that something else ran meanwhile."""

    values: tuple[float, ...]
    is_disturbed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of one contender, and the slower of the two loops around it."""

    contender: str
    taken: Taken
    loop_ms: float


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: quiet turns of each contender, the rounds after which patience ends, starts of plugins."""

    quiet_turns: int = 20
    rounds_at_most: int = 300
    plugin_starts: int = 100


class TooNoisyError(Exception):
    """The machine had too few quiet moments for an honest figure."""


def take_turns(contenders: Mapping[str, Callable[[], Taken]], effort: Effort) -> dict[str, list[tuple[float, ...]]]:
    """
    Let each contender measure once a round, until each has enough quiet turns; return the values of those.

    The order changes from round to round, and the first round only warms the caches.

    Raises:
        TooNoisyError: Patience ended first.
    """
    names = [*contenders]
    turns: list[Turn] = []
    for name in names:
        contenders[name]()
    loop_before = fixed_loop_ms()
    for round_number in range(effort.rounds_at_most):
        shift = round_number % len(names)
        for name in names[shift:] + names[:shift]:
            taken = contenders[name]()
            loop_after = fixed_loop_ms()
            turns.append(Turn(name, taken, max(loop_before, loop_after)))
            loop_before = loop_after
        quiet = quiet_turns(turns)
        if all(len(quiet.get(name, ())) >= effort.quiet_turns for name in names):
            return quiet
    counts = {name: len(quiet.get(name, ())) for name in names}
    raise TooNoisyError(
        f"of {effort.rounds_at_most} turns each, these were quiet: {counts}; {effort.quiet_turns} are needed"
    )


def quiet_turns(turns: Sequence[Turn]) -> dict[str, list[tuple[float, ...]]]:
    """Keep what was measured while the machine ran near its best, by contender."""
    loops = sorted(turn.loop_ms for turn in turns)
    limit = _QUIET * loops[int(len(loops) * _BEST_SHARE)]
    kept: dict[str, list[tuple[float, ...]]] = {}
    for turn in turns:
        if turn.loop_ms <= limit and not turn.taken.is_disturbed:
            kept.setdefault(turn.contender, []).append(turn.taken.values)
    return kept
