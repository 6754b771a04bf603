"""The measures by name: what turns a run into the evidence for a criterion. A new measure is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gonogo.errors import UsageError
from gonogo.measures import shares, times, volume
from gonogo.measures.rows import failed_with, without
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Evidence
from gonogo.verdicts.vocabulary import look_up, suggestion

__all__ = ["evidence"]

_BY_NAME: Final[Mapping[str, Callable[[Run, MeasureName], Evidence]]] = {
    "mean": times.mean,
    "min": times.extreme,
    "max": times.extreme,
    "success": shares.success,
    "status": shares.status,
    "errors": shares.errors,
    "throughput": volume.throughput,
    "requests": volume.requests,
}


def evidence(run: Run, measure: MeasureName) -> Evidence:
    """Return the numbers of ``run`` that ``measure`` speaks of.

    Requests that were on their way when a run was cut short are in no measure: neither side knows what became of them.

    Raises:
        UsageError: there is no such measure, or the run has no such target.
    """
    entry = look_up(measure)
    if entry is None:
        raise UsageError(f"{measure} is no measure", mend=suggestion(measure.name))
    known = without(run, failed_with(run.columns, "cut"))
    return times.quantile(known, measure) if entry.kind == "quantile" else _BY_NAME[measure.name](known, measure)
