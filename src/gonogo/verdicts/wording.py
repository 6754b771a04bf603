"""The sentences of verdicts: one plain sentence each, with the figures that it rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gonogo.units import format_count, format_duration, format_share
from gonogo.verdicts.criterion import Between, Comparison
from gonogo.verdicts.verdict import Outcome

__all__ = ["about", "bounds", "capital", "limit_text", "sentence", "show"]


def show(value: float, unit: str) -> str:
    """Return ``value`` as a person reads it in ``unit``: ``s``, ``share``, ``/s`` or ``count``."""
    if unit in _FORMATS:
        return _FORMATS[unit](value)
    return f"{value:,.4g} {unit}"


def about(number: int) -> str:
    """Return a forecast of ``number`` requests with no more digits than it deserves: ``about 210,000``."""
    step = 10 ** max(0, len(str(number)) - 2)
    return f"about {format_count(-(-number // step) * step)}"


def capital(text: str) -> str:
    """Return ``text`` with its first letter as a capital, the rest as it is."""
    return text[:1].upper() + text[1:]


def limit_text(claim: Comparison | Between, unit: str) -> str:
    """Return the limit as it stands in a sentence: ``limit 50 ms``, ``limits 10 % to 30 %``."""
    if isinstance(claim, Between):
        return f"limits {show(claim.low, unit)} to {show(claim.high, unit)}"
    return f"limit {show(claim.limit, unit)}"


def bounds(claim: Comparison | Between, outcome: Outcome, low: float, high: float, unit: str) -> str:
    """Return the bound that the outcome rests on: that which shows the claim, or for NO-GO that which excludes it."""
    if isinstance(claim, Between):
        return f"{show(low, unit)} to {show(high, unit)}"
    below = claim.operator in ("<", "<=")
    if below == (outcome is not Outcome.NO_GO):
        return "no upper bound" if math.isinf(high) else f"at most {show(high, unit)}"
    if math.isinf(low):
        return "beyond any limit" if low > 0 else "no lower bound"
    return f"at least {show(low, unit)}"


def sentence(subject: str, bound: str, limit: str, *, confidence: float, figures: str = "", tail: str = "") -> str:
    """Return one sentence: ``subject (figures; 95 % sure: bound), limit; tail``, with its full stop."""
    figures = f"{figures}; " if figures else ""
    text = f"{capital(subject)} ({figures}{format_share(confidence)} sure: {bound}), {limit}"
    return f"{text}; {tail}." if tail else f"{text}."


def _rate(value: float) -> str:
    return f"{value:,.4g}/s" if math.isfinite(value) else f"{value}/s"


_FORMATS: Final[Mapping[str, Callable[[float], str]]] = {
    "s": format_duration,
    "share": format_share,
    "/s": _rate,
    "count": format_count,
    "index": lambda value: f"{value:.4g}",
}
