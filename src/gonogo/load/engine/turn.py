"""Turns: what the engine keeps of a request between its due time and its end."""

from __future__ import annotations

from gonogo.load.engine.request import Request

__all__ = ["Turn"]


class Turn:
    """A request from its due time until its end.

    Attributes:
        row: its row in the spool.
        began: when the schedule's turn came to it, a reading of the clock.
        strain: the engine's strain clock at that time.
        tried: it has been sent on a connection that turned out to be closed.
    """

    __slots__ = ("began", "request", "row", "strain", "tried")

    def __init__(self, row: int, request: Request, began: float, strain: float) -> None:
        self.row = row
        self.request = request
        self.began = began
        self.strain = strain
        self.tried = False
