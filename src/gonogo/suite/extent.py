"""How long a run lasts: what the suite says, what its criteria need, and what the profile allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.load.target import Target
from gonogo.units import format_count, format_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.planning import requests_for

__all__ = ["Extent", "extent"]

LONGEST_UNASKED_S = 60.0
"""A run whose duration nobody gave never lasts longer."""

SHORTEST_CI_S = 10.0
"""A run of the ``ci`` profile lasts at least so long, unless the suite says less."""

UNJUDGED_S = 10.0
"""A run with neither duration nor criteria."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The length of a run and why.

    Attributes:
        needed: requests that decide every criterion with one failure allowed; 0 without criteria.
        why: one line for the terminal, printed before the first request.
    """

    duration_s: float
    needed: int
    why: str


def extent(
    declared_s: float | None,
    rate: float | None,
    criteria: Sequence[Criterion],
    targets: Sequence[Target],
    *,
    short: bool,
) -> Extent:
    """Return how long to load.

    Args:
        declared_s: seconds that the suite or the command line asks for; None: what the criteria need.
        rate: requests per second; None: a closed loop, whose rate is not known beforehand.
        criteria: what shall be decided.
        targets: a criterion on one target needs as many requests of that target.
        short: the ``ci`` profile.
    """
    needed = max((_requests(criterion, targets) for criterion in criteria), default=0)
    needed_s = needed / rate if rate and needed else 0.0
    if declared_s is None:
        duration_s = min(LONGEST_UNASKED_S, max(needed_s, SHORTEST_CI_S)) if needed_s else UNJUDGED_S
    elif short:
        duration_s = min(declared_s, max(SHORTEST_CI_S, needed_s))
    else:
        duration_s = declared_s
    length = format_duration(duration_s)
    if not needed:
        return Extent(duration_s, 0, f"{length}; nothing to decide")
    if rate is None:
        return Extent(duration_s, needed, f"{length}; {format_count(needed)} requests decide its criteria")
    if needed_s <= duration_s * (1 + 1e-9):
        why = f"{length}; {format_count(needed)} requests decide its criteria with one failure allowed"
    else:
        why = (
            f"{length} at {rate:g}/s are {format_count(rate * duration_s)} requests, but its criteria need "
            f"{format_count(needed)} to allow one failure: expect INCONCLUSIVE unless every request succeeds"
        )
    return Extent(duration_s, needed, why)


def _requests(criterion: Criterion, targets: Sequence[Target]) -> int:
    """Requests of the whole run that give ``criterion`` enough of its own."""
    needed = requests_for((criterion,), allowed_failures=1)
    total = sum(target.weight for target in targets)
    own = sum(target.weight for target in targets if target.name == criterion.measure.key)
    return round(needed * total / own) if own else needed
