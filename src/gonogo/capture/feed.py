"""Feeds: where captured requests come from while a stack runs, one file each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gonogo.capture.record import Captured, proxy_line
from gonogo.capture.tail import Tail

__all__ = ["Feed", "Gap", "ProxyFeed"]


@dataclass(frozen=True, slots=True)
class Gap:
    """What a feed cannot tell of the requests since its last ``skip``.

    Attributes:
        seen: requests that it told of.
        lost: requests of which it knows that it told nothing.
        lacking: how often each field was missing, by its name.
    """

    seen: int = 0
    lost: int = 0
    lacking: tuple[tuple[str, int], ...] = ()


class Feed(Protocol):
    """A file from which captured requests are read as they come."""

    def skip(self) -> None:
        """Leave out what is there by now."""
        ...

    def news(self) -> Sequence[Captured]:
        """Return what has come since the last look."""
        ...

    def gap(self) -> Gap:
        """Return what it could not tell since the last ``skip``."""
        ...

    def shorten(self) -> None:
        """Give back the room of what was read, where the file is gonogo's own."""
        ...


class ProxyFeed:
    """Reads the lines of a capturing proxy.

    Args:
        tail: of the file.
    """

    def __init__(self, tail: Tail) -> None:
        self._tail = tail

    def skip(self) -> None:
        """Leave out what is there by now."""
        self._tail.skip()

    def news(self) -> Sequence[Captured]:
        """Return what has come since the last look.

        Raises:
            UsageError: a line is none of a capturing proxy.
        """
        return [proxy_line(line) for line in self._tail.lines()]

    def gap(self) -> Gap:
        """Return nothing: what a proxy could not write, the proxy counts itself."""
        return Gap()

    def shorten(self) -> None:
        """Empty the file when all that is in it has been read."""
        self._tail.empty()
