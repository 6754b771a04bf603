"""Text from anywhere made plain: what cannot be seen, or would act, is shown as a sign that can be seen."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["one_line", "plain"]

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, but for tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the direction of text around
    "\ud800-\udfff\ufffe\uffff]"  # what UTF-8 or XML cannot hold
)
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
_SPACE: Final = 0x20


def plain(text: str) -> str:
    """Return ``text`` with control characters as their pictures (``␛``) and other unseen ones as ``�``.

    Tabs and line feeds stay. The result can be written as UTF-8, as XML 1.0 and to a terminal.
    """
    return _UNSEEN.sub(_seen, text)


def one_line(text: str) -> str:
    """Return ``text`` made plain, with every run of white space as one space."""
    return " ".join(plain(text).split())


def _seen(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "␡" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"
