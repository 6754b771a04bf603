"""Parity: how far the shadow's answers are from the current model's, request by request."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray, blocks
from gonogo.measures.sides import column, flags, mirrored, missing_sides, numbers
from gonogo.measures.slicing import slices_of
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, FloatArray, Mean, Missing, Proportion, Slice, Slices, Stability
from gonogo.verdicts.proportion import counted

__all__ = ["agreement", "distance", "largest", "stability", "worst_slice"]

_BINS: Final = 10
_EFFECT_CONFIDENCE: Final = 0.95


def agreement(run: Run, measure: MeasureName) -> Proportion | Missing:
    """Return how many of the mirrored requests both sides answered alike.

    With a key, ``parity.agreement[COLUMN=VALUE]``, only those whose input has this value.
    """
    members = _pairs(run)
    if measure.key:
        members = members & _keyed(run, measure.key)
    return missing_sides(run, measure, mirrored(run.columns)) or _share(run, members, _noun(measure))


def worst_slice(run: Run, measure: MeasureName) -> Slices | Missing:
    """Return the agreement in every slice of the input: quarters of numbers, single values of texts.

    With a key, ``parity.worst[COLUMN]``, slices of this column of the input only.
    """
    if lost := missing_sides(run, measure, mirrored(run.columns)):
        return lost
    members = _pairs(run)
    found = [
        Slice(name, _share(run, members & inside, "agreements"))
        for name, inside in slices_of(run, members, only=measure.key)
    ]
    return Slices(tuple(found), "agreements")


def distance(run: Run, measure: MeasureName) -> Mean | Missing:
    """Return the mean of the scores' total variation (``parity.tv``) or largest difference (``parity.distance``).

    Pairs without scores are not in it: an answer that failed or cannot be read is a disagreement instead.
    """
    if lost := missing_sides(run, measure, mirrored(run.columns)):
        return lost
    values = numbers(run.columns, _COLUMNS[measure.name])
    members = _pairs(run) & ~np.isnan(values)
    index, count, _ = blocks(run.columns)
    block, each = index[members], values[members]
    weights = np.bincount(block, minlength=count).astype(np.float64)
    sums = np.bincount(block, weights=each, minlength=count)
    return Mean(
        values=np.divide(sums, weights, out=np.zeros(count), where=weights > 0),
        weights=weights,
        observed=float(each.mean()) if len(each) else float("nan"),
        unit="share",
        n=len(each),
        noun=_DISTANCES[measure.name],
        each=each,
        block=block,
        most=max(1.0, float(each.max(initial=0.0))),
    )


def largest(run: Run, measure: MeasureName) -> Fact | Missing:
    """Return the largest difference of a score that any pair shows, which is a fact about these pairs."""
    if lost := missing_sides(run, measure, mirrored(run.columns)):
        return lost
    values = numbers(run.columns, "score_distance")[_pairs(run)]
    known = values[~np.isnan(values)]
    value = float(known.max()) if len(known) else float("nan")
    return Fact(value=value, n=len(known), unit="share", noun="largest difference of a score", rare=True)


def stability(run: Run, measure: MeasureName) -> Stability | Missing:
    """Return both sides' histograms of the score of one class, in ten bins of equal width from 0 to 1.

    Raises:
        UsageError: answers have no score of that class.
    """
    sides = [numbers(run.columns, f"{side}_score_{measure.key}") for side in ("live", "shadow")]
    if lost := missing_sides(run, measure, mirrored(run.columns)):
        return lost
    members = _pairs(run) & ~np.isnan(sides[0]) & ~np.isnan(sides[1])
    histograms = [_histogram(side[members]) for side in sides]
    return Stability(
        histograms[0], histograms[1], f"score of {measure.key}", effect=_effect(run, members, sides[0], sides[1])
    )


def _pairs(run: Run) -> BoolArray:
    """Return which requests have an answer of both sides, or ended on one side only: those that can agree or not."""
    return np.array([value is not None for value in column(run.columns, "agrees")], dtype=np.bool_) & mirrored(
        run.columns
    )


def _share(run: Run, members: BoolArray, noun: str) -> Proportion:
    index, count, _ = blocks(run.columns)
    return Proportion(
        hits=np.bincount(index[members & flags(run.columns, "agrees")], minlength=count).astype(np.int64),
        trials=np.bincount(index[members], minlength=count).astype(np.int64),
        noun=noun,
    )


def _keyed(run: Run, key: str) -> BoolArray:
    name, equals, wanted = key.partition("=")
    values = run.columns.extracted.get(f"input_{name.strip()}")
    if not equals or values is None:
        known = ", ".join(sorted(one[6:] for one in run.columns.extracted if one.startswith("input_"))) or "none"
        raise UsageError(
            f"{key!r} names no slice", where=run.facts.name, mend=f"write COLUMN=VALUE; columns of the input: {known}"
        )
    return np.array([value is not None and str(value) == wanted.strip() for value in values], dtype=np.bool_)


def _histogram(scores: FloatArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    bins = np.clip((scores * _BINS).astype(np.int64), 0, _BINS - 1)
    return np.bincount(bins, minlength=_BINS).astype(np.int64)


def _effect(run: Run, members: BoolArray, *sides: FloatArray) -> float:
    """Return the largest design effect of a score being in its upper half: what the run's dependence does to bins."""
    index, count, _ = blocks(run.columns)
    effects = [1.0]
    trials = np.bincount(index[members], minlength=count).astype(np.int64)
    for side in sides if members.any() else ():
        upper = members & (side > np.median(side[members]))
        hits = np.bincount(index[upper], minlength=count).astype(np.int64)
        effects.append(counted(Proportion(hits, trials, "scores")).dependence(_EFFECT_CONFIDENCE).effect)
    return max(effects)


def _noun(measure: MeasureName) -> str:
    return f"agreements where {measure.key}" if measure.key else "agreements of both sides"


_COLUMNS: Final = {"parity.tv": "score_variation", "parity.distance": "score_distance"}
_DISTANCES: Final = {
    "parity.tv": "mean total variation of the scores",
    "parity.distance": "mean largest difference of a score",
}
