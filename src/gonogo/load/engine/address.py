"""Addresses: the places where an origin's connections may lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.load.engine.connection import Connection

__all__ = ["Address"]


class Address:
    """One place where a pool's connections may lead.

    Attributes:
        free: its connections that are open and without a request, the last used on top.
        count: its connections, those being opened included.
    """

    __slots__ = ("count", "family", "free", "place")

    def __init__(self, family: int, place: tuple[object, ...]) -> None:
        self.family = family
        self.place = place
        self.free: list[Connection] = []
        self.count = 0
