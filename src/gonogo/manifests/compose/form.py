"""The forms in which Compose writes a value: text, lists, ``KEY=value`` pairs, sizes, times. Each reports what is none.

https://github.com/compose-spec/compose-spec/blob/main/05-services.md and .../11-extension.md
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from gonogo.errors import GrammarError
from gonogo.manifests.compose.rules import COMPOSE_VALUE
from gonogo.manifests.interval import interval
from gonogo.manifests.rule import Place

__all__ = ["bad", "command", "cores", "duration_s", "mapping", "number", "pairs", "scalar", "size", "texts"]

_SIZE: Final = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[bkmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_LONGEST_SHOWN: Final = 60


def bad(place: Place, value: object, expected: str, mend: str) -> None:
    """Report that ``value`` is not what Compose takes at ``place``."""
    shown = place.node.written or repr(value)
    shown = shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"
    place.report(COMPOSE_VALUE, f"{shown} is not {expected}: docker compose refuses the file", mend)


def scalar(value: object, place: Place) -> str | None:
    """Return a text or a number as the text that docker compose makes of it; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        # YAML of docker compose knows only true and false; the other words of YAML 1.1 are text to it.
        written = place.node.written
        if written and written.lower() not in ("true", "false"):
            return written
        bad(place, value, "text or a number", f'write "{str(value).lower()}" in quotes')
        return None
    if isinstance(value, int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else repr(value)
    bad(place, value, "text or a number", "write text in quotes")
    return None


def texts(value: object, place: Place) -> tuple[str, ...]:
    """Return a list of texts; a single text is a list of one."""
    if isinstance(value, list):
        found = [scalar(part, place / i) for i, part in enumerate(value)]
        return tuple(part for part in found if part is not None)
    one = scalar(value, place)
    return () if one is None else (one,)


def command(value: object, place: Place) -> tuple[str, ...]:
    """Return the words of a command: a list, or a line that is split as a shell would."""
    if not isinstance(value, str):
        return texts(value, place)
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        bad(place, value, f"a command ({error})".lower(), "close the quotes, or write a list")
        return ()


def mapping(value: object, place: Place) -> Mapping[str, object]:
    """Return a mapping; nothing where there is none."""
    if value is None:
        return {}
    if isinstance(value, dict):
        return value
    bad(place, value, "a mapping", "write key: value pairs")
    return {}


def pairs(value: object, place: Place) -> dict[str, str | None]:
    """Return ``KEY: value`` or ``- KEY=value``; None for a key without a value."""
    found: dict[str, str | None] = {}
    if isinstance(value, list):
        for i, part in enumerate(value):
            text = scalar(part, place / i)
            if text is not None:
                key, equals, content = text.partition("=")
                found[key] = content if equals else None
        return found
    for key, part in mapping(value, place).items():
        found[key] = None if part is None else scalar(part, place / key)
    return found


def number(value: object, place: Place, *, least: int = 0) -> int | None:
    """Return a whole number of at least ``least``, also when it is written as text."""
    text = value if isinstance(value, str) else str(value)
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or int(text[:12]) < least:
        bad(place, value, f"a whole number of at least {least}", "write digits")
        return None
    return int(text[:12])


def size(value: object, place: Place) -> int | None:
    """Return bytes: ``512m``, ``1gb``, ``64k``; powers of 1024."""
    match = _SIZE.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if not match:
        bad(place, value, "a size", "write bytes with a unit, such as 512m or 1g")
        return None
    return int(float(match["number"]) * _UNITS[match["unit"].lower()])


def cores(value: object, place: Place) -> float | None:
    """Return a number of cores above 0."""
    try:
        found = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else 0.0
    except ValueError:
        found = 0.0
    if not 0 < found < 1e6:  # noqa: PLR2004 - more cores than any machine has
        bad(place, value, "a number of cores", "write a number such as 0.5")
        return None
    return found


def duration_s(value: object, place: Place) -> float | None:
    """Return seconds: ``1m30s``, ``500ms``."""
    try:
        return interval(value if isinstance(value, str) else str(value))
    except GrammarError as error:
        bad(place, value, "a duration", error.mend)
        return None
