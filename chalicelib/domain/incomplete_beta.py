"""The incomplete beta function in logarithms, so that neither thousands of failures nor tiny tails lose digits."""

from __future__ import annotations

import math

_TINY = 1e-300
_PRECISION = 1e-15
#: Terms grow with the root of the counts; this many are enough for a billion.
_MOST_TERMS = 100_000


def log_beta(a: float, b: float) -> float:
    """Give ln B(a, b)."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def log_upper_incomplete_beta(a: float, b: float, x: float) -> float:
    """
    Give ln of the share of a Beta(a, b) that lies above *x* (0 < x < 1).

    Each tail is computed where its continued fraction converges fast, and the other one from it.
    """
    if x > (a + 1) / (a + b + 2):
        return _log_lower_tail(b, a, 1 - x)
    return math.log1p(-math.exp(_log_lower_tail(a, b, x)))


def _log_lower_tail(a: float, b: float, x: float) -> float:
    """Give ln I_x(a, b) by its continued fraction: DLMF 8.17.22."""
    front = a * math.log(x) + b * math.log1p(-x) - log_beta(a, b) - math.log(a)
    return front + math.log(_fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """Evaluate 1 / (1 + d1 / (1 + d2 / …)) from the front: Lentz's method, as modified by Thompson and Barnett."""
    numerator, denominator = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1))
    value = denominator
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            denominator = 1.0 / _not_zero(1.0 + term * denominator)
            numerator = _not_zero(1.0 + term / numerator)
            change = numerator * denominator
            value *= change
        if abs(change - 1.0) < _PRECISION:
            return value
    raise ArithmeticError(f"no incomplete beta for a={a}, b={b}, x={x}")


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
