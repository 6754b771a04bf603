"""Measures of time: latency in its populations, waiting for a connection, and the generator's own lag."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.measures.records import has_records, rejected
from gonogo.measures.rows import BoolArray, answered, blocks, failed_with, of_target
from gonogo.measures.side_times import side_times
from gonogo.runs.run import Columns, Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, FloatArray, Mean, Quantile
from gonogo.verdicts.vocabulary import level_of

__all__ = ["values_of"]

_NOUNS: Final[Mapping[str, str]] = {
    "": "latency of all requests due",
    "answered": "latency of answered requests",
    "admitted": "latency of admitted requests",
    "queued": "wait for a free connection",
    "lag": "load generator's lag",
    "live": "latency of the current model",
    "shadow": "latency of the shadow",
}
_TURNED_AWAY: Final = 503


def values_of(columns: Columns, population: str) -> tuple[FloatArray, BoolArray]:
    """Return the times in seconds of a population, and which requests are in it.

    Args:
        columns: of the run.
        population: one of :data:`gonogo.verdicts.vocabulary.POPULATIONS`.

    Returns:
        float64[n], ``inf`` where a request of the population never got there, and bool[n].
    """
    return _POPULATIONS[population](columns)


def quantile(run: Run, measure: MeasureName) -> Quantile:
    """Return the evidence for a percentile."""
    values, block = _chosen(run, measure)
    level = level_of(measure.name)
    return Quantile(values, block, math.nan if level is None else level, _noun(measure))


def mean(run: Run, measure: MeasureName) -> Mean:
    """Return the evidence for a mean; it is undefined when one request of the population never got there."""
    values, block = _chosen(run, measure)
    count = int(block[-1]) + 1 if len(block) else 0
    weights = np.bincount(block, minlength=count).astype(np.float64)
    sums = np.bincount(block, weights=values, minlength=count)
    instead = "success" if measure.population in ("", "admitted") else ""
    return Mean(
        values=np.divide(sums, weights, out=np.zeros(count), where=weights > 0),
        weights=weights,
        observed=float(values.mean()) if len(values) else math.nan,
        unit="s",
        n=len(values),
        noun=f"mean of the {_noun(measure)}",
        mend=f"judge answered.mean and {instead} instead" if instead else "",
        each=values,
        block=block,
        most=max(run.facts.timeout_s, float(values.max(initial=0.0))),
    )


def extreme(run: Run, measure: MeasureName) -> Fact:
    """Return the smallest or the largest value, which is a fact."""
    values, _ = _chosen(run, measure)
    largest = measure.name == "max"
    value = math.nan if not len(values) else float(values.max() if largest else values.min())
    noun = f"{'largest' if largest else 'smallest'} value of the {_noun(measure)}"
    return Fact(value=value, n=len(values), unit="s", noun=noun, rare=largest)


def _chosen(run: Run, measure: MeasureName) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    values, members = values_of(run.columns, measure.population)
    members = members & of_target(run, measure)
    index, _, _ = blocks(run.columns)
    return values[members], index[members]


def _noun(measure: MeasureName) -> str:
    noun = _NOUNS[measure.population]
    return f"{noun} for {measure.key}" if measure.key else noun


def _every(columns: Columns) -> tuple[FloatArray, BoolArray]:
    # An instant 500 must not flatter a percentile: what did not succeed is slower than any limit.
    return _unless(~columns.success, columns.latency_s), np.ones(len(columns), np.bool_)


def _answered(columns: Columns) -> tuple[FloatArray, BoolArray]:
    return columns.latency_s, answered(columns)


def _admitted(columns: Columns) -> tuple[FloatArray, BoolArray]:
    values, _ = _every(columns)
    if has_records(columns):
        return values, ~rejected(columns)
    # Without records the breaker's 503 cannot be told from one of the service.
    return values, (columns.status != _TURNED_AWAY) | columns.success


def _queued(columns: Columns) -> tuple[FloatArray, BoolArray]:
    return _unless(np.isnan(columns.queued_s), columns.queued_s), np.ones(len(columns), np.bool_)


def _lag(columns: Columns) -> tuple[FloatArray, BoolArray]:
    # A request that timed out while it waited for a connection was never sent, but not by the generator's fault.
    unsent = failed_with(columns, "unsent")
    return _unless(unsent, columns.lag_s), unsent | ~np.isnan(columns.sent_s)


def _unless(never: BoolArray, values: FloatArray) -> FloatArray:
    return np.where(never | np.isnan(values), np.inf, values)


_POPULATIONS: Final[Mapping[str, Callable[[Columns], tuple[FloatArray, BoolArray]]]] = {
    "": _every,
    "answered": _answered,
    "admitted": _admitted,
    "queued": _queued,
    "lag": _lag,
    "live": partial(side_times, side="live"),
    "shadow": partial(side_times, side="shadow"),
}
