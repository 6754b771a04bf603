"""Measures of volume: throughput and the number of requests."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypedDict

import numpy as np

from gonogo.measures.rows import BoolArray, blocks, of_target
from gonogo.measures.shares import near_timeout
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, FloatArray, IntArray, Mean, Signal

__all__ = ["goodput", "requests", "throughput"]


def throughput(run: Run, measure: MeasureName) -> Mean:
    """Return successes per second of attack and wait.

    Requests count in the block in which they were due. The blocks share the seconds of the wait evenly, so that their
    mean is the figure of the whole run.
    """
    members = of_target(run, measure)
    index, count, _ = blocks(run.columns)
    seconds = run.facts.attack_s + run.facts.wait_s
    hits = np.bincount(index[run.columns.success & members], minlength=count).astype(np.float64)
    known = count > 0 and seconds > 0
    each = seconds / count if known else math.nan
    return Mean(
        values=hits / each if known else np.zeros(count),
        weights=np.full(count, each if known else 0.0),
        observed=float(hits.sum()) / seconds if known else math.nan,
        unit="/s",
        n=int(members.sum()),
        noun=f"throughput of {measure.key}" if measure.key else "throughput",
        **_each(run, members, index, seconds),
    )


def goodput(run: Run, measure: MeasureName) -> Mean:
    """Return successes per second of the attack: what was served of the load while it was offered."""
    offered = replace(run, facts=replace(run.facts, wait_s=0.0))
    return replace(throughput(offered, measure), noun=f"goodput of {measure.key}" if measure.key else "goodput")


class _Each(TypedDict, total=False):
    each: FloatArray
    block: IntArray
    most: float
    signal: Signal


def _each(run: Run, members: BoolArray, index: IntArray, seconds: float) -> _Each:
    """Return what every request due contributes to the rate, which is known before only in an open loop."""
    due = int(members.sum())
    if run.facts.rate is None or not due or seconds <= 0:
        return {}
    most = due / seconds
    return {
        "each": run.columns.success[members].astype(np.float64) * most,
        "block": index[members],
        "most": most,
        "signal": near_timeout(run, members),
    }


def requests(run: Run, measure: MeasureName) -> Fact:
    """Return how many requests were due, which is a fact."""
    count = int(of_target(run, measure).sum())
    noun = f"number of requests due to {measure.key}" if measure.key else "number of requests due"
    return Fact(value=float(count), n=count, unit="count", noun=noun)
