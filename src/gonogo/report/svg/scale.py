"""Scales: from a value to a place on the drawing, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["Scale", "linear", "logarithmic"]

_STEPS: Final = (1.0, 2.0, 5.0, 10.0)
_FEW_DECADES: Final = 1.7
"""A logarithmic scale over fewer decades has ticks between the powers of ten."""
_MANY_DECADES: Final = 6
_FEWEST_TICKS: Final = 3
_TINY: Final = 1e-12
_HUGE: Final = 1e15
"""Scales are made for figures between the two; what lies beyond them is drawn at an end."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` on the places from ``start`` to ``end``.

    Attributes:
        log: equal ratios, not equal differences, lie equally far apart; ``low`` is above 0.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"no scale from {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"no logarithmic scale from {self.low}")

    def __call__(self, value: float) -> float:
        """Return the place of ``value``; values outside, infinite ones too, lie at the nearer end."""
        inside = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            share = (inside - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, about: int = 5) -> tuple[float, ...]:
        """Return round values inside the scale, about so many."""
        return _log_ticks(self.low, self.high) if self.log else _linear_ticks(self.low, self.high, about)


def linear(values: Iterable[float], start: float, end: float, *, zero: bool = False) -> Scale:
    """Return a linear scale with room for the finite ones of ``values``, from 0 where ``zero`` is true."""
    shown = [value for value in values if abs(value) <= _HUGE]
    low = 0.0 if zero or not shown else min(shown)
    high = max(shown, default=1.0)
    if high - low <= max(_TINY, _TINY * abs(high)):
        high = low + max(abs(low), 1.0)
    return Scale(low, high, start, end)


def logarithmic(values: Iterable[float], start: float, end: float) -> Scale:
    """Return a logarithmic scale with room for the finite ones of ``values`` above 0, at least half a decade."""
    shown = [value for value in values if _TINY <= value <= _HUGE]
    low, high = min(shown, default=1.0), max(shown, default=10.0)
    if high / low < math.sqrt(10):
        middle = math.sqrt(low * high)
        low, high = middle / 10**0.25, middle * 10**0.25
    return Scale(low, high, start, end, log=True)


def _linear_ticks(low: float, high: float, about: int) -> tuple[float, ...]:
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(index * step for index in range(first, last + 1))


def _log_ticks(low: float, high: float) -> tuple[float, ...]:
    decades = math.log10(high / low)
    every = 1 + int(decades // _MANY_DECADES)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [10.0**power for power in powers if power % every == 0]
    inside = [value for value in ticks if low * 0.999 <= value <= high * 1.001]
    if decades > _FEW_DECADES and len(inside) >= _FEWEST_TICKS:
        return tuple(inside)
    finer = (step * value for value in ticks for step in (1.0, 2.0, 5.0))
    return tuple(value for value in finer if low * 0.999 <= value <= high * 1.001)
