"""The pulse of a running load: its figures over the last seconds, from the rows that are known so far."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from gonogo.measures.rows import answered, failed_with
from gonogo.runs.run import Columns
from gonogo.verdicts.order import quantiles

__all__ = ["WINDOW_S", "Pulse", "pulse", "still_of_interest_s"]

WINDOW_S: Final = 2.0
"""Figures are those of the last so many seconds."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """Figures of the last seconds; NaN where nothing is known.

    Attributes:
        rate: requests due per second.
        p50_s: median latency of the requests that were answered in these seconds.
        p99_s: the 99th percentile likewise.
        failed: share of the requests that ended in these seconds without a success.
        lag_p99_s: how late the generator sent.
        waiting: requests that are due and not over.
    """

    rate: float = math.nan
    p50_s: float = math.nan
    p99_s: float = math.nan
    failed: float = math.nan
    lag_p99_s: float = math.nan
    waiting: int = 0


def pulse(columns: Columns, now_s: float) -> Pulse:
    """Return the figures of the seconds before ``now_s``.

    Args:
        columns: the requests that have become due, in order; those on their way have the error ``cut``.
        now_s: seconds since the run's start.
    """
    open_ = failed_with(columns, "cut")
    waiting = int(open_.sum())
    from_s = max(0.0, now_s - WINDOW_S)
    span = now_s - from_s
    if not len(columns) or span <= 0:
        return Pulse(waiting=waiting)
    due = columns.due_s >= from_s
    ended = ~open_ & (columns.done_s >= from_s)
    lag = columns.lag_s[due & ~np.isnan(columns.sent_s)]
    p50, p99 = quantiles(columns.latency_s[ended & answered(columns)], (0.5, 0.99))
    return Pulse(
        rate=float(due.sum()) / span,
        p50_s=p50,
        p99_s=p99,
        failed=float(1 - columns.success[ended].mean()) if ended.any() else math.nan,
        lag_p99_s=quantiles(lag, (0.99,))[0],
        waiting=waiting,
    )


def still_of_interest_s(columns: Columns, now_s: float, since_s: float) -> float:
    """Return from which due time on requests can matter to a later pulse: all before it ended before its window.

    Args:
        columns: the requests due from ``since_s`` on, in order.
        now_s: seconds since the run's start.
        since_s: of the last time.
    """
    from_s = max(0.0, now_s - WINDOW_S)
    kept = failed_with(columns, "cut") | (columns.done_s >= from_s) | (columns.due_s >= from_s)
    if not kept.any():
        return max(since_s, from_s)
    return max(since_s, float(columns.due_s[int(np.argmax(kept))]))
