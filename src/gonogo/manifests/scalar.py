"""A scalar without quotes, as Kubernetes reads it.

kubectl and the API server read YAML 1.1 with Go's yaml.v2 (sigs.k8s.io/yaml), which differs from Python's PyYAML:
``y`` and ``n`` are booleans, ``1e3`` is a number, ``12:30`` and ``2024-01-01`` are text. Findings about types must say
what the cluster will say, so gonogo reads scalars by the same rules.
"""

from __future__ import annotations

import math
import re
from typing import Final

__all__ = ["Scalar", "plain"]

Scalar = str | int | float | bool | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INTEGERS: Final = (
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)"), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)"), 2),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)"), 8),
    (re.compile(r"([-+]?)([1-9][0-9]*|0)"), 10),
)
_MOST_DIGITS: Final = 70
_INT64: Final = range(-(2**63), 2**64)


def plain(text: str) -> Scalar:
    """Return the value that Kubernetes gives an unquoted scalar: ``on`` is True, ``0644`` is 420, ``1e3`` is 1000.0."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    for pattern, base in _INTEGERS:
        match = pattern.fullmatch(digits)
        if match and len(digits) < _MOST_DIGITS:
            number = int(match.group(1) + match.group(2), base)
            if number in _INT64:
                return number
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        return value if math.isfinite(value) else text
    return text
