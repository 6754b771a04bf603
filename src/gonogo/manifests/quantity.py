"""Kubernetes quantities: ``500m`` of CPU, ``300Mi`` of memory.

The grammar is that of Kubernetes' resource.Quantity: a decimal number, then a binary suffix (Ki, Mi, Gi, Ti, Pi, Ei),
a decimal one (n, u, m, none, k, M, G, T, P, E) or an exponent (e3, E-3).
https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Final

from gonogo.errors import GrammarError

__all__ = ["parse_amount", "parse_cpu", "parse_memory"]

_QUANTITY: Final = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:[eE](?P<exponent>[+-]?[0-9]{1,3})|(?P<suffix>[KMGTPE]i|[numkMGTPE]))?"
)
_SUFFIXES: Final[dict[str | None, Fraction]] = {
    None: Fraction(1),
    **{unit: Fraction(1024) ** (power + 1) for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))},
    **{
        unit: Fraction(1000) ** power
        for power, unit in enumerate(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), -3)
    },
}
_LONGEST: Final = 64
_LARGEST: Final = 2**63 - 1
_MEND: Final = {
    "anything": "write a number with or without a suffix, such as 2, 500m or 1Gi",
    "CPU": "write cores, such as 0.5, 2 or 500m",
    "memory": "write bytes with a suffix, such as 300Mi or 1Gi",
}


def parse_cpu(text: str | float) -> float:
    """Return the cores that ``text`` says: ``500m`` is 0.5, ``2`` is 2.0.

    Raises:
        GrammarError: ``text`` is no quantity, or below 0.
    """
    return float(_parse(text, "CPU"))


def parse_memory(text: str | float) -> int:
    """Return the bytes that ``text`` says, rounded up: ``300Mi`` is 314572800, ``1.5k`` is 1500.

    Raises:
        GrammarError: ``text`` is no quantity, or below 0.
    """
    return math.ceil(_parse(text, "memory"))


def parse_amount(text: str | float) -> Fraction:
    """Return what ``text`` says of any resource, exactly.

    Raises:
        GrammarError: ``text`` is no quantity, or below 0.
    """
    return _parse(text, "anything")


def _parse(text: str | float, what: str) -> Fraction:
    shown = str(text) if isinstance(text, str | int | float) and not isinstance(text, bool) else ""
    match = _QUANTITY.fullmatch(shown) if len(shown) <= _LONGEST else None
    if not match:
        raise GrammarError(f"{text!r} is no quantity of {what}", mend=_MEND[what])
    value = Fraction(match["number"]) * _SUFFIXES[match["suffix"]] * Fraction(10) ** int(match["exponent"] or 0)
    if not 0 <= value <= _LARGEST:
        raise GrammarError(f"{text!r} of {what} is out of range", mend=_MEND[what])
    return value
