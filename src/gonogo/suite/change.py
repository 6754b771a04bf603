"""A change of the traffic rules while they act, as the judgment tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gonogo.mesh.policy.policy import Policy

__all__ = ["KEEP", "Keep", "TrafficChange"]


@dataclass(frozen=True, slots=True)
class Keep:
    """Stands for a limit that stays as it is."""


KEEP: Final = Keep()


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """A change of the rules while the stack ran.

    Attributes:
        at_s: when it began to act, in seconds of the monotonic clock.
        wall: the same as UTC, ISO 8601.
        what: what changed.
        why: the reason that was given; may be empty.
        policy: the rules that act since.
    """

    at_s: float
    wall: str
    what: str
    why: str = ""
    policy: Policy | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.what} ({self.why})" if self.why else self.what
