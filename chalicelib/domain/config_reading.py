"""Reading a JSON object of a request: each value by name, with its default, and all that is wrong gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from chalicelib.domain.durations import NotADurationError, seconds_of
from chalicelib.domain.errors import FieldError, ValidationError
from chalicelib.domain.routes import FULL_BPS

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

_DURATION_FIX = "Use ISO 8601, at most 30 days: PT30S, PT10M, PT1H, P1D."
_SHARE_FIX = "Send a percentage from {least} to 100 with at most two decimals: 10, 12.5, 0.25."


class Reading:
    """
    One JSON object, read value by value.

    A value that can't be is noted with its JSON pointer and a fix, and its default is read instead: so a
    caller hears of everything at once. `require_sound` raises what was noted.
    """

    def __init__(self, document: Mapping[str, Any] | None, pointer: str = "") -> None:
        self._document = document or {}
        self._pointer = pointer
        self._asked: set[str] = set()
        self.errors: list[FieldError] = []

    def has(self, name: str) -> bool:
        """Tell whether a value was given; null is none."""
        self._asked.add(name)
        return self._document.get(name) is not None

    def raw(self, name: str) -> Any:  # noqa: ANN401 - JSON
        """Take the value as it is; None when absent."""
        self._asked.add(name)
        return self._document.get(name)

    def refuse(self, name: str, message: str, fix: str) -> None:
        """Note that the value of *name* can't be."""
        pointer = f"{self._pointer}/{name}" if name else self._pointer
        self.errors.append(FieldError(pointer, message, fix))

    def seconds(self, name: str, default: str, *, at_least: int = 0) -> int:
        """Read a duration as seconds."""
        if not self.has(name):
            return seconds_of(default)
        value = self.raw(name)
        wrong = "it is not a text"
        if isinstance(value, str):
            try:
                seconds = seconds_of(value)
            except NotADurationError as error:
                wrong = str(error)
            else:
                if seconds >= at_least:
                    return seconds
                wrong = f"it is shorter than {at_least} s"
        self.refuse(name, f"{_shown(value)} can't be read: {wrong}.", _DURATION_FIX)
        return seconds_of(default)

    def share_bps(self, name: str, default: int, *, least_bps: int = 1) -> int:
        """Read a percentage as basis points, exactly."""
        if not self.has(name):
            return default
        bps = bps_of(self.raw(name))
        if bps is None or not least_bps <= bps <= FULL_BPS:
            fix = _SHARE_FIX.format(least=percent_of(least_bps))
            self.refuse(name, f"{_shown(self.raw(name))} is not such a percentage.", fix)
            return default
        return bps

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        """Read a whole number."""
        value = self.raw(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.refuse(
                name, f"{_shown(value)} is not such a number.", f"Send a whole number from {least} to {most:,}."
            )
            return default
        return value

    def choice(self, name: str, kind: type[ChoiceT], default: ChoiceT) -> ChoiceT:
        """Read one of the words of *kind*."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, str) or value not in list(kind):
            self.refuse(name, f"{_shown(value)} is none of them.", f"Use one of {', '.join(kind)}.")
            return default
        return kind(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.refuse(name, f"{_shown(value)} is neither true nor false.", "Send true or false.")
            return default
        return value

    def items(self, name: str) -> Sequence[Any]:
        """Read a list; absent, it is empty."""
        value = self.raw(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(name, f"{_shown(value)} is not a list.", "Send a list.")
            return ()
        return value

    def refuse_unknown(self) -> None:
        """Note every name that nobody asked for: a misspelt one would else change nothing, silently."""
        for name in self._document:
            if name not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.refuse(name, "There is no such setting.", f"Leave it out, or use one of {known}.")

    def take_errors(self, other: Reading) -> None:
        """Note what was wrong with a part that was read by itself."""
        self.errors.extend(other.errors)

    def require_sound(self, what: str) -> None:
        """
        Raise what was noted.

        Raises:
            ValidationError: Something was (400).
        """
        if self.errors:
            first = self.errors[0]
            raise ValidationError(
                f"{what} can't be read: {first.field}: {first.message}", fix=first.fix, errors=tuple(self.errors)
            )


def bps_of(value: object) -> int | None:
    """Read a JSON number of percent as basis points; None unless it is a whole number of them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # By its shortest text, so that 0.07 is 7 and not 7.000000000000001.
    bps = Decimal(str(value)) * 100
    return int(bps) if bps == bps.to_integral_value() else None


def percent_of(bps: int) -> int | float:
    """Write basis points as percent; whole ones without a point."""
    return bps // 100 if bps % 100 == 0 else bps / 100


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - what fits into a sentence
