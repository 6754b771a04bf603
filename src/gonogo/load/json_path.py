"""Paths into JSON: ``$.name``, ``$.rows[0].name``, ``$["odd name"]``; and the JSON of an answer."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from gonogo.errors import TargetError

__all__ = ["NOTHING", "Nothing", "at", "parsed", "steps"]

_STEP = re.compile(r"""\.([^.\[\]"']+)|\[(-?[0-9]+)\]|\["([^"]*)"\]|\['([^']*)'\]""")


class Nothing:
    """What a body that is no JSON reads as, and what stands at a path that leads nowhere: equal to no JSON value."""


NOTHING = Nothing()


@lru_cache(maxsize=2)
def parsed(body: bytes) -> object:
    """Return the JSON of a body, or NOTHING. All checks of one answer share it, so nobody may change it."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return NOTHING
    return value


@lru_cache(maxsize=256)
def steps(path: str) -> tuple[str | int, ...]:
    """Return the names and places along a path.

    Raises:
        TargetError: it is no path.
    """
    found: list[str | int] = []
    position = 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            break
        name, number, quoted, single = step.groups()
        found.append(int(number) if number is not None else next(n for n in (name, quoted, single) if n is not None))
        position = step.end()
    if not path.startswith("$") or position < len(path):
        raise TargetError(f"{path!r} is no path into JSON", mend='write $.name, $.rows[0].name or $["odd name"]')
    return tuple(found)


def at(value: object, path: tuple[str | int, ...]) -> object:
    """Return what stands at a path in a JSON value, or NOTHING."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or not -len(value) <= step < len(value):
                return NOTHING
            value = value[step]
        else:
            if not isinstance(value, dict) or step not in value:
                return NOTHING
            value = value[step]
    return value
