"""Units of time, rate, share and size: constants to multiply with, and text to and from numbers.

Inside gonogo a duration is a float of seconds, a rate a float of requests per second, a share a float of 0 to 1
and a size an int of bytes; names carry the unit (``duration_s``). Text is for people: ``2s``, ``480/s``, ``99.9%``.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from gonogo.errors import GrammarError

__all__ = [
    "format_bytes",
    "format_count",
    "format_duration",
    "format_share",
    "h",
    "minute",
    "ms",
    "parse_duration",
    "parse_rate",
    "parse_share",
    "s",
    "us",
]

us: Final = 1e-6
ms: Final = 1e-3
s: Final = 1.0
minute: Final = 60.0
h: Final = 3600.0

_DURATION_UNITS: Final = {
    "ns": 1e-9,
    "us": us,
    "µs": us,
    "ms": ms,
    "s": s,
    "m": minute,
    "min": minute,
    "h": h,
    "d": 86400.0,
}
_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_DURATION_PART: Final = re.compile(rf"({_NUMBER})\s*([a-zµ]+)")
_RATE: Final = re.compile(rf"({_NUMBER})\s*(?:/\s*(s|m|min|h))?")
_SHARE: Final = re.compile(rf"({_NUMBER})\s*(%)?")


def parse_duration(text: str | float) -> float:
    """Return the seconds that ``text`` says: ``250ms``, ``2s``, ``1m30s``, ``1.5h``, or a number of seconds.

    Raises:
        GrammarError: ``text`` is no duration, has no unit, or is not finite.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        if not math.isfinite(text) or text < 0:
            raise GrammarError(f"{text!r} is no duration", mend="give seconds as a number of at least 0")
        return float(text)
    stripped = str(text).strip()
    if stripped == "0":
        return 0.0
    seconds, position = Decimal(0), 0
    for part in _DURATION_PART.finditer(stripped):
        unit = part.group(2)
        if part.start() != position or unit not in _DURATION_UNITS:
            break
        # In decimals, so that 100us is the float nearest to 0.0001 and not its neighbour.
        seconds += Decimal(part.group(1)) * Decimal(repr(_DURATION_UNITS[unit]))
        position = part.end()
    if position == 0 or position != len(stripped):
        raise GrammarError(
            f"{text!r} is no duration",
            mend=f"write a number with one of the units {', '.join(_DURATION_UNITS)}, such as 250ms, 2s or 1m30s",
        )
    return float(seconds)


def parse_rate(text: str | float) -> float:
    """Return the requests per second that ``text`` says: ``100``, ``480/s``, ``6000/min``.

    Raises:
        GrammarError: ``text`` is no rate, or not above 0.
    """
    if isinstance(text, str):
        match = _RATE.fullmatch(text.strip())
        rate = float(match.group(1)) / _DURATION_UNITS[match.group(2) or "s"] if match else math.nan
    else:
        rate = float(text)
    if not math.isfinite(rate) or rate <= 0:
        raise GrammarError(
            f"{text!r} is no rate", mend="write requests per second above 0, such as 100, 480/s or 6000/min"
        )
    return rate


def parse_share(text: str | float) -> float:
    """Return the share of 0 to 1 that ``text`` says: ``99.9%``, ``0.999``.

    Raises:
        GrammarError: ``text`` is no share, or outside 0 to 1.
    """
    if isinstance(text, str):
        match = _SHARE.fullmatch(text.strip())
        share = float(Decimal(match.group(1)) / (100 if match.group(2) else 1)) if match else math.nan
    else:
        share = float(text)
    if not 0 <= share <= 1:
        raise GrammarError(
            f"{text!r} is no share",
            mend="write a percentage from 0% to 100%, such as 99.9%, or a number from 0 to 1",
        )
    return share


def format_duration(seconds: float) -> str:
    """Return ``seconds`` as a person reads it, to three digits: ``2.72 ms``, ``48 µs``, ``1.5 s``, ``∞``."""
    if math.isnan(seconds):
        return "unknown"
    if math.isinf(seconds):
        return "∞" if seconds > 0 else "-∞"
    size = abs(seconds)
    if size == 0:
        return "0 s"
    for unit, label in ((s, "s"), (ms, "ms"), (us, "µs")):
        # 0.9995 ms would round to 1000 µs: it takes the larger unit.
        if size >= unit * 0.9995:
            return f"{_three_digits(seconds / unit)} {label}"
    return f"{_three_digits(seconds / 1e-9)} ns"


def format_share(share: float) -> str:
    """Return ``share`` as a percentage with enough digits to tell it from 0 % and 100 %: ``99.94 %``."""
    if math.isnan(share):
        return "unknown"
    percent = share * 100
    distance = min(abs(percent), abs(100 - percent))
    digits = 2 if distance == 0 or distance >= 0.01 else min(8, 1 - math.floor(math.log10(distance)))  # noqa: PLR2004
    text = f"{percent:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{percent:.0f}"
    return f"{text} %"


def format_count(number: float) -> str:
    """Return a count with thin groups of three: ``65,322``."""
    return f"{number:,.0f}"


def format_bytes(size: float) -> str:
    """Return ``size`` in binary units: ``300 MiB``."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:  # noqa: PLR2004
            return f"{_three_digits(value)} {unit}"
        value /= 1024
    return f"{_three_digits(value)} TiB"


def _three_digits(number: float) -> str:
    magnitude = math.floor(math.log10(abs(number))) if number else 0
    return f"{number:.{max(0, 2 - magnitude)}f}".rstrip("0").rstrip(".") if magnitude < 2 else f"{number:.0f}"  # noqa: PLR2004
