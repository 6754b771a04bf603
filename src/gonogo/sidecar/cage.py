"""What holds a proxy to its CPU and memory: control groups, made by whoever starts it and removed when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["FREE", "Cage"]


@dataclass(frozen=True, slots=True)
class Cage:
    """Control groups (cgroups(7)) of one proxy.

    Attributes:
        doors: files into which a process writes 0 to come in.
        folders: the groups, in the order in which they can be removed once it has ended.
        held: what it is held to, such as ``cpu 0.5 cores``.
        unheld: what was ordered and is not held, with the reason, as sentences.
    """

    doors: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    unheld: tuple[str, ...] = ()


FREE: Final = Cage()
"""Holds nothing."""
