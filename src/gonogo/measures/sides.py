"""What the columns of both sides of a mirror tell, and when too little of them is there to judge anything."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray
from gonogo.runs.run import Columns, Run
from gonogo.units import format_count, format_share
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import FloatArray, Missing
from gonogo.verdicts.vocabulary import look_up

__all__ = [
    "LACKING",
    "LEAST_CAPTURED",
    "LOST",
    "SERVICE",
    "UNARRIVED",
    "column",
    "flags",
    "mirrored",
    "missing",
    "missing_copies",
    "missing_sides",
    "needs_capture",
    "numbers",
    "of_service",
    "service_of",
    "unarrived",
]

LEAST_CAPTURED: Final = 0.999
"""Share of the requests that must be captured; with less, nothing is said about the rest, and so about the whole."""

SERVICE: Final = "captured_service"
"""Column of the captured Service that a request asked, ``namespace/name``; None where it asked another."""

LACKING: Final = "capture.lacking."
"""Labels of a run, followed by a Service: why too little was captured for anything to be said of its answers."""

LOST: Final = "capture.lost."
"""Likewise: that some captures were lost, so that a copy that is not there may have arrived all the same."""

UNARRIVED: Final = "capture.unarrived."
"""Likewise: that copies which were never answered are not captured."""

_SERVICE: Final = re.compile(r"(?:(?P<rest>.*\S)\s*\|\s*)?service\s*=\s*(?P<name>[^\s|]+)\s*", re.DOTALL)
_SIDES: Final = ("live", "shadow")
_FAMILIES: Final = ("parity.", "mirror.", "live.", "shadow.")
_MEND: Final = 'capture the Service before the load: stack.capture("NAME")'


def needs_capture(measure: MeasureName) -> bool:
    """Return whether only captured answers can tell the measure."""
    return measure.population in _SIDES or measure.name.startswith(_FAMILIES)


def service_of(measure: MeasureName, captured: Sequence[str]) -> tuple[str, MeasureName]:
    """Return the Service of ``captured`` that ``measure`` speaks of, and the measure without its name.

    ``parity.agreement[service=shop/iris]`` names it alone, ``parity.psi[versicolor | service=iris]`` beside another
    key. Where only one Service is captured no name is needed.

    Raises:
        UsageError: it names none of several, or one that is not captured.
    """
    found = _SERVICE.fullmatch(measure.key)
    known = ", ".join(captured) or "none"
    if found is None:
        if len(captured) > 1:
            key = f"{measure.key} | " if measure.key else ""
            example = replace(measure, key=f"{key}service={captured[0]}")
            raise UsageError(
                f"{measure} does not say which Service it speaks of",
                mend=f"write {example}; captured are {known}",
            )
        return (captured[0] if captured else ""), measure
    name = found["name"]
    named = [one for one in captured if name in (one, one.rpartition("/")[2])]
    if len(named) != 1:
        raise UsageError(f"{name!r} is no captured Service", where=str(measure), mend=f"name one of {known}")
    return named[0], replace(measure, key=found["rest"] or "")


def of_service(run: Run, measure: MeasureName) -> tuple[Run, MeasureName]:
    """Return the requests of ``run`` to the Service that ``measure`` speaks of, and the measure without its name.

    Raises:
        UsageError: several Services were captured and it names none, or one that was not.
    """
    services = run.columns.extracted.get(SERVICE)
    if services is None:
        return run, measure
    asked = sorted({str(one) for one in services if one is not None})
    if not asked:
        named = _SERVICE.fullmatch(measure.key)
        return run, measure if named is None else replace(measure, key=named["rest"] or "")
    service, measure = service_of(measure, asked)
    chosen = np.array([one is not None and str(one) == service for one in services], dtype=np.bool_)
    return (run if chosen.all() else replace(run, columns=run.columns.where(chosen))), measure


def unarrived(run: Run) -> str:
    """Return why a copy that was not captured may have arrived all the same; empty when it cannot."""
    return _told(run, LOST) or _told(run, UNARRIVED)


def column(columns: Columns, name: str) -> npt.NDArray[np.object_]:
    """Return the column ``name`` of a run with captured answers.

    Raises:
        UsageError: the run has no such column.
    """
    found = columns.extracted.get(name)
    if found is None:
        raise UsageError(f"the run has no column {name!r}", mend=_MEND)
    return found


def flags(columns: Columns, name: str) -> BoolArray:
    """Return which requests have a true value in the column ``name``."""
    return np.array([bool(value) for value in column(columns, name)], dtype=np.bool_)


def numbers(columns: Columns, name: str) -> FloatArray:
    """Return the column ``name`` as numbers; NaN where a request has none."""
    return np.array([np.nan if value is None else float(value) for value in column(columns, name)], dtype=np.float64)


def mirrored(columns: Columns) -> BoolArray:
    """Return which requests were due while copies were sent; all of them where that is not known."""
    found = columns.extracted.get("mirror_on")
    if found is None:
        return np.ones(len(columns), np.bool_)
    return np.array([value is not False for value in found], dtype=np.bool_)


def missing_sides(run: Run, measure: MeasureName, members: BoolArray) -> Missing | None:
    """Return why parity cannot be judged on ``members``; None when enough of them were captured."""
    if lacking := _told(run, LACKING):
        return missing(measure, lacking, 0)
    asked = members & _reached(run.columns)
    total, there = int(asked.sum()), int((asked & flags(run.columns, "live_captured")).sum())
    if total and there >= LEAST_CAPTURED * total:
        return None
    why = (
        f"of {format_count(total)} requests that were answered, {format_share(there / total)} were captured, and "
        f"{format_share(LEAST_CAPTURED)} are needed; see whether the disk of the report, or of the services' log, is"
        " full or slow"
        if total
        else "no request was answered"
    )
    return missing(measure, why, there)


def missing_copies(run: Run, measure: MeasureName, members: BoolArray) -> Missing | None:
    """Return why nothing can be said of the copies of ``members``; None when their requests are known by their ids."""
    total, known = int(members.sum()), int((members & _known(run.columns)).sum())
    if total and known >= LEAST_CAPTURED * total:
        return None
    why = (
        f"of {format_count(total)} requests, {format_share(known / total)} have a record of the sidecar, and "
        f"{format_share(LEAST_CAPTURED)} are needed"
        if total
        else "no request was due while copies were sent"
    )
    return missing(measure, why, known)


def _told(run: Run, label: str) -> str:
    """Return what the labels called ``label`` say of the Services that the run's requests asked."""
    services = run.columns.extracted.get(SERVICE)
    asked = None if services is None else {str(one) for one in services if one is not None}
    return "; ".join(
        text
        for name, text in sorted(run.facts.labels.items())
        if name.startswith(label) and (asked is None or name.removeprefix(label) in asked)
    )


def _known(columns: Columns) -> BoolArray:
    """Return which requests are known by an id that captures have, too."""
    return np.array([value is not None for value in column(columns, "copies")], dtype=np.bool_)


def _reached(columns: Columns) -> BoolArray:
    return np.asarray(columns.status > 0)


def missing(measure: MeasureName, why: str, n: int) -> Missing:
    """Return that ``measure`` cannot be judged, and why; ``n``: requests that tell something of it."""
    entry = look_up(measure)
    return Missing(noun=f"{measure}", why=why, n=n, unit=entry.unit if entry else "share")
