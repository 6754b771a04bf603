"""Measures that are shares of all requests due: success, statuses, errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gonogo.measures.rows import BoolArray, blocks, failed_with, of_target
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Proportion, Signal
from gonogo.verdicts.memory import nearness

__all__ = ["errors", "near_timeout", "status", "success"]


def success(run: Run, measure: MeasureName) -> Proportion:
    """Return how many requests succeeded: status and checks right, and in time."""
    noun = f"successes of {measure.key}" if measure.key else "successes"
    members = of_target(run, measure)
    return replace(_share(run, run.columns.success, members, noun), signal=near_timeout(run, members))


def status(run: Run, measure: MeasureName) -> Proportion:
    """Return how many requests were answered with a status (``503``) or a class of statuses (``5xx``)."""
    if measure.key.endswith("xx"):
        hits = run.columns.status // 100 == int(measure.key[0])
    else:
        hits = run.columns.status == int(measure.key)
    return _share(run, hits, None, f"answers with status {measure.key}")


def errors(run: Run, measure: MeasureName) -> Proportion:
    """Return how many requests failed with a kind of error, or with any when the measure has no key.

    An answer with a bad status is no error of this kind: it is not in ``success``, and ``status[…]`` counts it.
    """
    if measure.key:
        found = _share(run, failed_with(run.columns, measure.key), None, f"errors of the kind {measure.key}")
    else:
        found = _share(run, ~failed_with(run.columns, ""), None, "errors")
    return replace(found, signal=near_timeout(run, np.ones(len(run.columns), np.bool_)))


def near_timeout(run: Run, members: BoolArray) -> Signal:
    """Return how near each request came to its timeout; one that never ended got there."""
    index, _, _ = blocks(run.columns)
    latency = run.columns.latency_s[members]
    return nearness(np.where(np.isnan(latency), np.inf, latency), index[members], run.facts.timeout_s)


def _share(run: Run, hits: BoolArray, members: BoolArray | None, noun: str) -> Proportion:
    index, count, _ = blocks(run.columns)
    trials = index if members is None else index[members]
    hit = index[hits if members is None else hits & members]
    return Proportion(
        hits=np.bincount(hit, minlength=count).astype(np.int64),
        trials=np.bincount(trials, minlength=count).astype(np.int64),
        noun=noun,
    )
