"""A figure of a verdict as text: a number in the unit of its criterion."""

from __future__ import annotations

import math

from gonogo.units import format_duration, format_share

__all__ = ["figure"]


def figure(value: float, unit: str) -> str:
    """Return ``value`` as a person reads it: ``3.1 s``, ``99.94 %``, ``480/s``, ``65,322``, ``∞``, ``unknown``.

    Args:
        value: seconds, a share of 0 to 1, a rate per second or a count.
        unit: ``s``, ``share``, ``/s`` or ``count``.
    """
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if unit == "s":
        return format_duration(value)
    if unit == "share":
        return format_share(value)
    return f"{_number(value)}/s" if unit == "/s" else _number(value)


def _number(value: float) -> str:
    if value == round(value):
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text
