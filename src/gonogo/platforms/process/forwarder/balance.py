"""Which replica the next connection goes to: each in turn, as kube-proxy spreads connections."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Backend", "RoundRobin"]

Backend = tuple[str, int]


class RoundRobin:
    """Backends in turn; a change of the set goes on where the turn stood."""

    def __init__(self, backends: Sequence[Backend] = ()) -> None:
        self._backends = tuple(backends)
        self._next = 0

    def __len__(self) -> int:
        return len(self._backends)

    def set(self, backends: Sequence[Backend]) -> None:
        """Take other backends."""
        turn = self._backends[self._next % len(self._backends)] if self._backends else None
        self._backends = tuple(backends)
        self._next = self._backends.index(turn) if turn in self._backends else 0

    def pick(self) -> Backend | None:
        """Return the backend whose turn it is; None without any."""
        if not self._backends:
            return None
        chosen = self._backends[self._next % len(self._backends)]
        self._next = (self._next + 1) % len(self._backends)
        return chosen
