"""How long a run lasts, and what its criteria need: said before the first request is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.load.target import Target
from gonogo.units import format_count, format_duration, format_share
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.method import Method
from gonogo.verdicts.planning import chance, plan, requests_for, why_unplanned
from gonogo.verdicts.proportion import is_absolute
from gonogo.verdicts.sequential import EARLIEST_GO_S
from gonogo.verdicts.vocabulary import level_of

__all__ = ["LONGEST_UNASKED_S", "Extent", "decided_before_its_end", "extent"]

LONGEST_UNASKED_S = 60.0
"""A run whose duration nobody gave never lasts longer."""

SHORTEST_CI_S = 10.0
"""A run of the ``ci`` profile lasts at least so long, unless the suite says less."""

UNJUDGED_S = 10.0
"""A run with neither duration nor criteria."""

LEAST_WATCHED_S = 20.0
"""A shorter run has nothing to gain from stopping early, and more to lose by the wider bounds that this takes."""

_SEEN = ("", "answered", "queued")
"""Populations of times that are known while a run goes on."""

MARGINS = (0.5, 0.9, 1.0)
"""Shares of the margin that the truth may use up, for which the chance of GO is told."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The length of a run and the reasons.

    Attributes:
        duration_s: seconds of measured load.
        lines: what the person who waits is told: the length, then what each criterion needs.
        method: ANYTIME when the run may stop as soon as its criteria are decided.
    """

    duration_s: float
    lines: tuple[str, ...]
    method: Method = Method.FIXED


def decided_before_its_end(criteria: Sequence[Criterion], targets: Sequence[Target]) -> bool:
    """Return whether there are criteria and all of them can be shown before a run's end.

    That none of a run's requests fails, what the slowest took, or what a sidecar or the services say of it, is known at
    its end only.
    """
    return bool(criteria) and all(_is_seen_as_it_goes(one, targets) for one in criteria)


def _is_seen_as_it_goes(criterion: Criterion, targets: Sequence[Target]) -> bool:
    measure = criterion.measure
    by_target = measure.key in ("", *(target.name for target in targets))
    if level_of(measure.name) is not None or measure.name == "mean":
        return by_target and measure.population in _SEEN
    return not is_absolute(criterion) and (
        measure.name in ("status", "errors") or (measure.name in ("success", "throughput") and by_target)
    )


def extent(
    declared_s: float | None,
    rate: float | None,
    criteria: Sequence[Criterion],
    targets: Sequence[Target],
    *,
    short: bool,
    method: Method = Method.FIXED,
) -> Extent:
    """Return how long to load.

    Args:
        declared_s: seconds that the suite or the command line asks for; None: what the criteria need.
        rate: requests per second; None: a closed loop, whose rate is not known beforehand.
        criteria: what shall be decided.
        targets: a criterion on one target needs as many requests of that target.
        short: the ``ci`` profile.
        method: ANYTIME for a run that shall stop when it is decided. Its bounds are wider, so a run that is too short
            for them, and long enough for those of a fixed length, keeps its length.
    """
    needs = [_of_the_run(requests_for((one,), 1, method), one, targets) for one in criteria]
    needed_s = max(needs, default=0) / rate if rate else 0.0
    if declared_s is None:
        duration_s = min(LONGEST_UNASKED_S, max(needed_s, UNJUDGED_S))
    elif short:
        duration_s = min(declared_s, max(SHORTEST_CI_S, needed_s))
    else:
        duration_s = declared_s
    if method is Method.ANYTIME and (rate is None or duration_s < LEAST_WATCHED_S or duration_s < needed_s):
        return extent(declared_s, rate, criteria, targets, short=short)
    pace = "as fast as answers come" if rate is None else f"{rate:g}/s"
    requests = None if rate is None else round(rate * duration_s)
    count = "" if requests is None else f", {format_count(requests)} requests"
    first = f"{pace} for {format_duration(duration_s)}{count}"
    if method is Method.ANYTIME:
        earliest = format_duration(EARLIEST_GO_S)
        first += f"; ends as soon as its criteria are decided, for GO after {earliest} at the earliest"
    return Extent(duration_s, (first, *(_line(one, requests, targets, method) for one in criteria)), method)


def _line(criterion: Criterion, requests: int | None, targets: Sequence[Target], method: Method) -> str:
    """What one criterion needs, and the chance of GO with so many requests."""
    need = plan(criterion, method)
    if need is None:
        return f"{criterion}: {why_unplanned(criterion)}"
    text = f"{criterion}: needs {need}"
    if requests is None:
        return text
    own = round(requests * _share(criterion, targets))
    if own < need.without_failure:
        return f"{text}; {format_count(own)} cannot decide it"
    chances = [chance(criterion, own, margin, method) for margin in MARGINS]
    shown = " / ".join(format_share(round(one, 3)) for one in chances if one is not None)
    return f"{text}; chance of GO if half / nine tenths / all of the margin is used up: {shown}"


def _of_the_run(needed: int, criterion: Criterion, targets: Sequence[Target]) -> int:
    """Requests of the whole run that give ``criterion`` as many as ``needed`` of its own."""
    return round(needed / _share(criterion, targets))


def _share(criterion: Criterion, targets: Sequence[Target]) -> float:
    """Share of the run's requests that ``criterion`` speaks of: those of its target when it names one."""
    own = sum(target.weight for target in targets if target.name == criterion.measure.key)
    return own / sum(target.weight for target in targets) if own else 1.0
