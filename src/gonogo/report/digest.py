"""The digest of a run: its rows brought down to what the plots show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from gonogo.measures.percentiles import curve
from gonogo.measures.timeline import Timeline, timeline
from gonogo.report.heat import heat
from gonogo.report.plots import Plots, Series
from gonogo.runs.run import Run

__all__ = ["digest"]

_MOST_BINS: Final = 120
_FEWEST_BINS: Final = 10
_A_BIN: Final = 50
"""A bin holds about so many requests, so that its rate does not jump with where its edges fall."""

_DIGITS: Final = 4


def digest(run: Run) -> Plots:
    """Return what is drawn of ``run``."""
    if not len(run.columns):
        return Plots()
    bins = _bins(len(run.columns))
    over_time, by_level = timeline(run, bins), curve(run)
    return Plots(
        t_s=_series(over_time.start_s + over_time.width_s / 2),
        due=_series(over_time.due_rate),
        success=_series(over_time.success_rate),
        outcomes=_outcomes(timeline(_one_outcome_each(run), bins)),
        p50=_series(over_time.answered_s["p50"]),
        p90=_series(over_time.answered_s["p90"]),
        p99=_series(over_time.answered_s["p99"]),
        lag_p99=_series(over_time.lag_p99_s),
        # A level is as exact as its distance to 1.
        levels=tuple(float(level) for level in by_level.percentile / 100),
        latency=_series(by_level.all_due_s),
        heat=heat(run),
    )


def _bins(requests: int) -> int:
    """Return a number of bins that, if there is one, the requests spread over without a rest."""
    most = min(_MOST_BINS, max(_FEWEST_BINS, requests // _A_BIN))
    return next((bins for bins in range(most, most // 2, -1) if requests % bins == 0), most)


def _one_outcome_each(run: Run) -> Run:
    """Return ``run`` with the status only where there was no failure: a wrong answer has a status and a failure."""
    columns = run.columns
    status = np.where(columns.error == 0, columns.status, 0).astype(np.int16)
    return replace(run, columns=replace(columns, status=status))


def _outcomes(over_time: Timeline) -> dict[str, Series]:
    counts = {str(code): series for code, series in over_time.statuses.items()} | dict(over_time.errors)
    return {label: _series(series / over_time.width_s) for label, series in counts.items()}


def _series(values: Iterable[float]) -> Series:
    return tuple(float(f"{value:.{_DIGITS}g}") for value in values)
