"""Latency and success of each side of a mirror, as captured before its replicas: the verdict's system half."""

from __future__ import annotations

import numpy as np

from gonogo.measures.rows import BoolArray, blocks
from gonogo.measures.sides import column, mirrored, missing_sides, numbers
from gonogo.runs.run import Columns, Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import FloatArray, Missing, Proportion

__all__ = ["side_success", "side_times"]

_CLIENT_ERROR = range(400, 500)
_SUCCESS = range(200, 400)


def side_times(columns: Columns, side: str) -> tuple[FloatArray, BoolArray]:
    """Return the seconds that the replicas of ``side`` (``live`` or ``shadow``) took, and which requests they got.

    What did not succeed, or never ended, is slower than any limit.
    """
    latency = numbers(columns, f"{side}_latency_s")
    latency = np.where(np.isnan(latency) | ~_succeeded(columns, side), np.inf, latency)
    return latency, _got(columns, side)


def side_success(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many of the requests that the replicas of a side got they answered with a status of 200 to 399.

    A copy of a request that the current model refused as the client's own error (4xx) is a success when it is refused
    with the same status.
    """
    side = measure.name.partition(".")[0]
    if side == "live" and (lost := missing_sides(run, measure, np.ones(len(run.columns), np.bool_))):
        return lost
    got = _got(run.columns, side)
    index, count, _ = blocks(run.columns)
    return Proportion(
        hits=np.bincount(index[got & _succeeded(run.columns, side)], minlength=count).astype(np.int64),
        trials=np.bincount(index[got], minlength=count).astype(np.int64),
        noun=f"successes of the {'current model' if side == 'live' else 'shadow'}",
    )


def _got(columns: Columns, side: str) -> BoolArray:
    if side == "shadow":
        copies = numbers(columns, "copies")
        return (copies > 0) & mirrored(columns)
    return np.array([value is not None for value in column(columns, "live_status")], dtype=np.bool_)


def _succeeded(columns: Columns, side: str) -> BoolArray:
    status = numbers(columns, f"{side}_status")
    whole = ~np.isnan(numbers(columns, f"{side}_latency_s"))
    fine = (status >= _SUCCESS.start) & (status < _SUCCESS.stop)
    if side == "shadow":
        live = numbers(columns, "live_status")
        fine = fine | ((status == live) & (status >= _CLIENT_ERROR.start) & (status < _CLIENT_ERROR.stop))
    return np.asarray(fine & whole)
