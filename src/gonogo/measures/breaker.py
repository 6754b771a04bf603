"""The circuit breaker: what it turned away, and whether anything else went wrong."""

from __future__ import annotations

import numpy as np

from gonogo.measures.records import missing_records, rejected
from gonogo.measures.rows import blocks
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, Missing, Proportion

__all__ = ["only_breaker_errors", "turned_away"]


def turned_away(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many of the requests due the breaker turned away."""
    del measure
    noun = "requests turned away by the breaker"
    index, count, _ = blocks(run.columns)
    hits = np.bincount(index[rejected(run.columns)], minlength=count).astype(np.int64)
    trials = np.bincount(index, minlength=count).astype(np.int64)
    return missing_records(run, noun, "share") or Proportion(hits, trials, noun)


def only_breaker_errors(run: Run, measure: MeasureName) -> Fact | Missing:
    """Return the share of the failed requests that failed because the breaker turned them away; 1 without a failure.

    A timeout, a broken connection, a 503 of the service itself and "no healthy upstream" are failures of other kinds.
    """
    del measure
    failed = ~run.columns.success
    count = int(np.count_nonzero(failed))
    own = int(np.count_nonzero(failed & rejected(run.columns)))
    noun = "share of the failures that are the breaker's"
    return missing_records(run, noun, "share") or Fact(own / count if count else 1.0, count, "share", noun)
