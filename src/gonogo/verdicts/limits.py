"""Limits in text: reading one in the unit that its measure needs, and writing it so that it reads back the same."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from gonogo.errors import GrammarError
from gonogo.units import parse_duration, parse_rate, parse_share

__all__ = ["canonical_limit", "parse_limit"]

_COUNT: Final = re.compile(r"[0-9]+(?:[,_][0-9]{3})*|[0-9]+[eE][0-9]{1,2}")
_BARE: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_EXPONENT: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
_NEEDS: Final = {
    "s": "a duration with its unit, such as 50ms or 1.5s",
    "share": "a percentage from 0% to 100%, such as 99.9%",
    "/s": "requests per second above 0, such as 480/s",
    "count": "a whole number, such as 1000",
    "index": "a number of at least 0, such as 0.1",
}
_TIMES: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def parse_limit(text: str, unit: str, *, example: str) -> float:
    """Return the limit that ``text`` says, in ``unit`` (``s``, ``share``, ``/s`` or ``count``).

    Raises:
        GrammarError: ``text`` is no such limit; the mend says what fits and repeats ``example``.
    """
    try:
        value = _READERS[unit](text)
    except (GrammarError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise GrammarError(
            f"{text!r} does not fit: the limit must be {_NEEDS[unit]}", mend=f"write {_guess(text, unit, example)}"
        ) from None
    return value


def canonical_limit(value: float, unit: str) -> str:
    """Return ``value`` as text that :func:`parse_limit` reads back to exactly the same float; below 0 after a minus."""
    if value < 0:
        return f"-{canonical_limit(-value, unit)}"
    if unit == "count":
        return f"{value:.0f}"
    if unit == "share":
        text = f"{value * 100:.12g}%"
        return text if _share(text) == value else repr(value)
    if unit == "index":
        return repr(value)
    if unit == "/s":
        text = f"{value:.12g}/s"
        return text if parse_rate(text) == value else f"{value!r}/s"
    for size, label in _TIMES:
        # A digit or more before the point, or the smallest unit.
        if value >= size or label == "ns":
            text = f"{value / size:.12g}{label}"
            break
    return text if value and parse_duration(text) == value else f"{value!r}s"


def _share(text: str) -> float:
    # As a decimal, so that 99.9% is the same float as 999 / 1000.
    share = parse_share(text)
    return float(Decimal(text.rstrip("% ")) / 100) if text.endswith("%") else share


def _count(text: str) -> float:
    if not _COUNT.fullmatch(text):
        raise GrammarError(f"{text!r} is no whole number")
    return float(text.replace(",", "").replace("_", ""))


def _number(text: str) -> float:
    if not _BARE.fullmatch(text) and not _EXPONENT.fullmatch(text):
        raise GrammarError(f"{text!r} is no number")
    return float(text)


def _guess(text: str, unit: str, example: str) -> str:
    """Return what was most likely meant: a bare number with the unit that people mean by it, or the example."""
    if _BARE.fullmatch(text):
        if unit == "s":
            return f"{text}ms or {text}s"
        if unit == "share" and float(text) <= 100:  # noqa: PLR2004 - per cent
            return f"{text}%"
    return f"it as in {example}"


_READERS: Final[Mapping[str, Callable[[str], float]]] = {
    "s": parse_duration,
    "share": _share,
    "/s": parse_rate,
    "count": _count,
    "index": _number,
}
