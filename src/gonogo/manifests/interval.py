"""Durations and shares as traffic rules write them: ``1m30s``, ``250ms``; 12.5 (percent).

Istio and the Gateway API read durations with the units h, m, s and ms (Istio: at least 1 ms where one is required);
https://istio.io/latest/docs/reference/config/networking/, https://gateway-api.sigs.k8s.io/geps/gep-2257/.
"""

from __future__ import annotations

import math
import re
from typing import Final

from gonogo.errors import GrammarError
from gonogo.units import parse_duration

__all__ = ["interval", "percent", "positive_interval"]

_WRITTEN: Final = re.compile(r"([0-9]+(\.[0-9]+)?(h|ms|m|s|us|ns))+|0")
_SHORTEST_S: Final = 0.001
_ALL: Final = 100


def interval(text: str | float) -> float:
    """Return the seconds that ``text`` says; 0 is allowed.

    Raises:
        GrammarError: it is no duration, or a number without a unit.
    """
    if not isinstance(text, str) or not _WRITTEN.fullmatch(text):
        raise GrammarError(f"{text!r} is no duration", mend="write a number with the unit h, m, s or ms, such as 1m30s")
    return parse_duration(text)


def positive_interval(text: str | float) -> float:
    """Return the seconds that ``text`` says, at least 1 ms.

    Raises:
        GrammarError: it is no duration, or a shorter one.
    """
    seconds = interval(text)
    if seconds < _SHORTEST_S:
        raise GrammarError(f"{text!r} is shorter than 1 ms", mend="write at least 1ms")
    return seconds


def percent(value: str | float) -> float:
    """Return the share of 0 to 1 that a percentage says.

    Raises:
        GrammarError: it is no number from 0 to 100.
    """
    if isinstance(value, str) or not math.isfinite(value) or not 0 <= value <= _ALL:
        raise GrammarError(f"{value!r} is no percentage", mend="write a number from 0 to 100, without quotes or %")
    return value / _ALL
