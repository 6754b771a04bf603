"""Regular expressions of traffic rules: Envoy reads them as RE2 (https://github.com/google/re2/wiki/Syntax).

RE2 knows no look-around, no back references, no atomic or possessive groups and no repetition above 1,000. What it
has in common with Python is judged by Python's own parser.
"""

from __future__ import annotations

import re
import warnings
from typing import Final

__all__ = ["complaint"]

_ESCAPED: Final = re.compile(r"\\(.)|(\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])", re.DOTALL)
_FOREIGN: Final = (
    (re.compile(r"\(\?<?[=!]"), "look-around ((?=…), (?!…), (?<=…), (?<!…))"),
    (re.compile(r"\(\?>"), "atomic groups ((?>…))"),
    (re.compile(r"\(\?P="), "back references ((?P=…))"),
    (re.compile(r"\(\?\("), "conditions ((?(…)…))"),
    (re.compile(r"\(\?#"), "comments ((?#…))"),
    (re.compile(r"[*+?}]\+"), "possessive repetition (*+, ++, ?+)"),
    (re.compile(r"\(\?[a-zA-Z]*[aLux][a-zA-Z]*[:)-]"), "the flags a, L, u and x"),
)
_BACK: Final = re.compile(r"[1-9Z]")
_REPEATED: Final = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_MOST_REPEATS: Final = 1000
# What RE2 reads and Python does not; each stands for something that Python reads.
_CLASSES: Final = re.compile(r"\\[pP](?:\{\^?\w+\}|[A-Z])|\\[zCQE]")
_POSIX: Final = re.compile(r"\[:\^?[a-z]+:\]")
_FLAGS: Final = re.compile(r"\(\?[imsU]*(?:-[imsU]+)?(:|\))")


def complaint(pattern: str) -> str:
    """Say why RE2 refuses ``pattern``; empty when nothing speaks against it."""
    bare = _ESCAPED.sub("x", pattern)
    for foreign, name in _FOREIGN:
        if foreign.search(bare):
            return f"RE2 has no {name}"
    if any(found.group(1) and _BACK.fullmatch(found.group(1)) for found in _ESCAPED.finditer(pattern)):
        return r"RE2 has no back references (\1) and no \Z"
    for found in _REPEATED.finditer(bare):
        if max(int(found.group(1)), int(found.group(2) or 0)) > _MOST_REPEATS:
            return f"RE2 repeats at most {_MOST_REPEATS} times"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(_as_python(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""


def _as_python(pattern: str) -> str:
    known = _POSIX.sub("a", _CLASSES.sub("x", pattern))
    return _FLAGS.sub(lambda found: "(?:" if found.group(1) == ":" else "", known)
