"""A route: which requests it takes and what it does with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.mesh.policy.action import Action
from gonogo.mesh.policy.header import UNCHANGED, HeaderChange
from gonogo.mesh.policy.match import Match
from gonogo.mesh.policy.origin import Origin

__all__ = ["Fault", "Route"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Trouble that is made on purpose.

    Attributes:
        delay_s: how long a share of the requests waits before it is forwarded; None for no delay.
        abort_status: what a share of the requests is answered with; None for no abort.
    """

    delay_s: float | None = None
    delay_share: float = 0.0
    abort_status: int | None = None
    abort_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Route:
    """A route takes the requests that any of its matches holds for; without matches, all of them.

    Attributes:
        origin: where it is declared.
    """

    action: Action
    matches: tuple[Match, ...] = ()
    name: str = ""
    fault: Fault | None = None
    request: HeaderChange = UNCHANGED
    response: HeaderChange = UNCHANGED
    origin: Origin | None = field(default=None, compare=False)
