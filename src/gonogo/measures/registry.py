"""The measures by name: what turns a run into the evidence for a criterion. A new measure is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gonogo.errors import UsageError
from gonogo.measures import (
    availability,
    breaker,
    difference,
    mirror,
    parity,
    quality,
    routed,
    shares,
    side_times,
    split,
    times,
    volume,
)
from gonogo.measures.records import has_records, missing_records
from gonogo.measures.rows import failed_with, without
from gonogo.measures.sides import needs_capture, of_service
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
    "goodput": volume.goodput,
    "breaker.rejected": breaker.turned_away,
    "breaker.only_breaker_errors": breaker.only_breaker_errors,
    "routed": routed.routed,
    "split": split.split,
    "moves": split.moves,
    "mirror.once": mirror.copied,
    "mirror.share": mirror.copied,
    "mirror.repeated": mirror.copied,
    "mirror.leaked": mirror.leaked,
    "mirror.stray": mirror.stray,
    "mirror.cost": mirror.cost,
    "parity.agreement": parity.agreement,
    "parity.worst": parity.worst_slice,
    "parity.tv": parity.distance,
    "parity.distance": parity.distance,
    "parity.max": parity.largest,
    "parity.psi": parity.stability,
    "shadow.success": side_times.side_success,
    "live.success": side_times.side_success,
    "quality.accuracy": quality.accuracy,
    "quality.precision": quality.of_class,
    "quality.recall": quality.of_class,
    "quality.rmse": quality.error,
    "quality.mae": quality.error,
    "availability": availability.availability,
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
    if entry.kind == "difference":
        return difference.difference(without(run, failed_with(run.columns, "cut")), measure)
    known = without(run, failed_with(run.columns, "cut"))
    if needs_capture(measure):
        known, measure = of_service(known, measure)
    if measure.population == "admitted" and has_records(known.columns):
        lacking = missing_records(known, "latency of admitted requests", entry.unit)
        if lacking is not None:
            return lacking
    return times.quantile(known, measure) if entry.kind == "quantile" else _BY_NAME[measure.name](known, measure)
