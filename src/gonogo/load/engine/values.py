"""Values of further columns: each is written once, as a line of JSON, and rows bear its number.

The lines are in a memfd that the parent reads, so that an engine that is killed loses none but those of its last
hundredth of a second.
"""

from __future__ import annotations

import json
import os
from typing import Final

__all__ = ["ValueLog"]

_MOST_REMEMBERED: Final = 65_536


class ValueLog:
    """Numbers values, from 1 on: 0 is no value.

    A value that comes again has the same number while no more than 65,536 are known; later ones get a number each.
    """

    __slots__ = ("_fd", "_known", "_last", "_lines")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._known: dict[object, int] = {}
        self._lines: list[str] = []
        self._last = 0

    def code(self, value: object) -> int:
        """Return the number of a JSON value."""
        # 1, 1.0 and True are equal in Python and different here.
        key = value if type(value) is str else (type(value), value)
        try:
            found = self._known.get(key)
        except TypeError:  # lists and objects
            return self._new(value)
        if found is None:
            found = self._new(value)
            if found < _MOST_REMEMBERED:
                self._known[key] = found
        return found

    def flush(self) -> None:
        """Write the lines that are new."""
        if self._lines:
            data = memoryview("".join(self._lines).encode())
            self._lines.clear()
            while data:
                data = data[os.write(self._fd, data) :]

    def _new(self, value: object) -> int:
        self._lines.append(json.dumps(value) + "\n")
        self._last += 1
        return self._last
