"""The two sides of a mirror: the replicas that answer clients, and those that get copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.capture.record import Captured

__all__ = ["Sides", "Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """What was captured of one request.

    Attributes:
        live: what the client's answer came from; None when it was not captured.
        copies: what reached the shadow besides.
        leaked: whether the client's answer came from the shadow.
    """

    live: Captured | None
    copies: tuple[Captured, ...]
    leaked: bool


@dataclass(frozen=True, slots=True)
class Sides:
    """Replicas by what they are for, as ``address:port``. A model that is mirrored to itself is on both sides."""

    live: frozenset[str] = frozenset()
    shadow: frozenset[str] = frozenset()

    def tell(self, seen: Sequence[Captured], answered_by: str) -> Told:
        """Return which of the captures of one request is whose.

        Args:
            seen: all of them, in order of their beginning.
            answered_by: the replica whose answer the client got; empty when that is not known.
        """
        leaked = answered_by in self.shadow - self.live
        # What the client got is the live answer, wherever it came from; of retries it is the last one.
        own = [one for one in seen if one.replica == answered_by]
        if own:
            live: Captured | None = own[0] if answered_by in self.shadow else own[-1]
        else:
            live = next((one for one in seen if one.replica in self.live), None)
        copies = tuple(one for one in seen if one.replica in self.shadow and one is not live)
        return Told(live, copies, leaked)

    def side(self, replica: str) -> str:
        """Return ``live``, ``shadow``, ``both`` or an empty text: what a replica is for."""
        here = [name for name in ("live", "shadow") if replica in getattr(self, name)]
        return "both" if len(here) > 1 else "".join(here)
