"""Availability: MTBF / (MTBF + MTTR), the share of the time in which the service answered.

A request that fails begins an outage, the next success ends it. With ``k`` outages in a time ``T`` of which ``D`` was
down, MTBF is ``(T - D) / k`` and MTTR is ``D / k``, so that the quotient is ``1 - D / T`` (Trivedi, Probability and
Statistics with Reliability, Queuing, and Computer Science Applications, Wiley 2001, chapter 6).
"""

from __future__ import annotations

import numpy as np

from gonogo.measures.rows import blocks, of_target
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import FloatArray, Mean

__all__ = ["availability", "up"]


def availability(run: Run, measure: MeasureName) -> Mean:
    """Return the share of the load's time in which the service was up, by time blocks; the key is a target."""
    members = of_target(run, measure)
    columns = run.columns.where(members)
    index, count, _ = blocks(columns)
    weights = _stretches(columns.due_s)
    above = weights * up(columns.success)
    total = np.bincount(index, weights=weights, minlength=count).astype(np.float64)
    sums = np.bincount(index, weights=above, minlength=count)
    outages = int((np.diff(np.concatenate(([1.0], up(columns.success)))) < 0).sum())
    return Mean(
        values=np.divide(sums, total, out=np.zeros(count), where=total > 0),
        weights=total,
        observed=float(above.sum() / weights.sum()) if weights.sum() > 0 else float("nan"),
        unit="share",
        n=len(columns),
        noun=f"availability ({outages} outages)",
        each=up(columns.success),
        block=index,
        most=1.0,
    )


def up(success: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FloatArray:
    """Return 1 for each request from whose due time on the service was up until the next one was due, else 0."""
    return success.astype(np.float64)


def _stretches(due_s: FloatArray) -> FloatArray:
    """Return the seconds from each request's due time to the next one's; the last counts as long as the one before."""
    if len(due_s) < 2:  # noqa: PLR2004 - one request has no stretch
        return np.ones(len(due_s))
    gaps = np.diff(due_s)
    return np.concatenate((gaps, gaps[-1:]))
