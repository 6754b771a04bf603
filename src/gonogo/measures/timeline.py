"""A run over time, for plots: rates, statuses, errors, latency and lag in bins of equal length by due time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from gonogo.measures.rows import BoolArray
from gonogo.measures.times import values_of
from gonogo.runs.run import ERRORS, Columns, Run
from gonogo.verdicts.evidence import FloatArray, IntArray
from gonogo.verdicts.order import quantiles

__all__ = ["Timeline", "timeline"]

_LATENCY_LEVELS = {"p50": 0.5, "p90": 0.9, "p99": 0.99}


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Figures by bin; every array has one element a bin.

    Attributes:
        start_s: float64, start of each bin in seconds from the run's start.
        width_s: seconds of every bin.
        due_rate: float64, requests due per second.
        success_rate: float64, those of them that succeeded, per second.
        statuses: int64 by HTTP status, answers with it.
        errors: int64 by kind of error, failures of it.
        answered_s: float64 by ``p50``, ``p90``, ``p99`` and ``max``: latency of answered requests, NaN without any.
        lag_p99_s: float64, lag of the generator, NaN where nothing was sent.
    """

    start_s: FloatArray
    width_s: float
    due_rate: FloatArray
    success_rate: FloatArray
    statuses: Mapping[int, IntArray]
    errors: Mapping[str, IntArray]
    answered_s: Mapping[str, FloatArray]
    lag_p99_s: FloatArray


def timeline(run: Run, bins: int = 120) -> Timeline:
    """Return ``run`` in ``bins`` of equal length, from its first to its last due time."""
    columns = run.columns
    first = float(columns.due_s[0]) if len(columns) else 0.0
    span = float(columns.due_s[-1]) - first if len(columns) else 0.0
    width = (span or max(run.facts.duration_s, 1e-9)) / bins
    # Due times are in order, so that where each bin begins says which requests are in it.
    starts = first + np.arange(bins, dtype=np.float64) * width
    edges = np.append(np.searchsorted(columns.due_s, starts, side="left"), len(columns))
    index = np.repeat(np.arange(bins), np.diff(edges))
    latency, answered = values_of(columns, "answered")
    lag = columns.lag_s
    by_latency = _levels(latency, answered, edges, (*_LATENCY_LEVELS.values(), 1.0))
    return Timeline(
        start_s=starts,
        width_s=width,
        due_rate=np.diff(edges) / width,
        success_rate=_counts(index, columns.success, bins) / width,
        statuses=_by_status(columns, index, bins),
        errors=_by_error(columns, index, bins),
        answered_s=dict(zip((*_LATENCY_LEVELS, "max"), by_latency, strict=True)),
        lag_p99_s=_levels(lag, ~np.isnan(lag), edges, (0.99,))[0],
    )


def _counts(index: npt.NDArray[np.int64], chosen: BoolArray, bins: int) -> IntArray:
    return np.bincount(index[chosen], minlength=bins).astype(np.int64)


def _by_status(columns: Columns, index: npt.NDArray[np.int64], bins: int) -> dict[int, IntArray]:
    seen = np.unique(columns.status)
    return {int(code): _counts(index, columns.status == code, bins) for code in seen if code > 0}


def _by_error(columns: Columns, index: npt.NDArray[np.int64], bins: int) -> dict[str, IntArray]:
    seen = np.unique(columns.error)
    return {ERRORS[code]: _counts(index, columns.error == code, bins) for code in seen if code > 0}


def _levels(
    values: FloatArray, members: BoolArray, edges: npt.NDArray[np.int64], levels: tuple[float, ...]
) -> tuple[FloatArray, ...]:
    """Return, for each level, the quantile in every bin; NaN where a bin has no member."""
    table = [quantiles(values[begin:end][members[begin:end]], levels) for begin, end in pairwise(edges)]
    return tuple(np.array(column) for column in zip(*table, strict=True))
