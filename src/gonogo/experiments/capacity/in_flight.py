"""How many requests a service has at once, over the time of a run."""

from __future__ import annotations

import numpy as np

from gonogo.runs.run import Columns

__all__ = ["in_flight"]


def in_flight(columns: Columns, level: float) -> float:
    """Return how many requests were on their way for at least ``1 - level`` of the time, such as level 0.99.

    A request is on its way from its first byte sent to its answer complete; time is that between the first and the
    last of these moments. By Little's law the mean is rate times mean latency; a limit needs the tail. NaN for a run
    without an answered request.
    """
    known = np.isfinite(columns.sent_s) & np.isfinite(columns.done_s)
    begun, over = columns.sent_s[known], columns.done_s[known]
    if not len(begun):
        return float("nan")
    moments = np.concatenate([begun, over])
    order = np.argsort(moments, kind="stable")
    count = np.cumsum(np.concatenate([np.ones(len(begun)), -np.ones(len(over))])[order])[:-1]
    lasted = np.diff(moments[order])
    by_count = np.argsort(count, kind="stable")
    share = np.cumsum(lasted[by_count])
    if share[-1] <= 0:
        return float(count.max())
    return float(count[by_count][np.searchsorted(share, level * share[-1])])
