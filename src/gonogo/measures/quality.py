"""Quality of answers whose truth is known: accuracy, precision and recall per class, errors of numbers, by subgroup.

The truth and the answer are columns of the run, called ``truth`` and ``answer``: with ``data=`` rows that have the
label, ``extract={"truth": "{row.label}", "answer": "$.prediction[0]"}``. A request without an answer is wrong: who is
not answered is not served. A key may end in a subgroup, ``versicolor | region=north``.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.errors import UsageError
from gonogo.measures.rows import BoolArray, blocks
from gonogo.runs.run import Run
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Mean, Missing, Proportion

__all__ = ["accuracy", "error", "of_class"]

_BAR: Final = "|"


def accuracy(run: Run, measure: MeasureName) -> Proportion:
    """Return how many requests were answered with the true label; the key is a subgroup."""
    truth, answer = _columns(run)
    members = _given(truth) & _subgroup(run, measure.key)
    return _share(run, _texts(truth) == _texts(answer), members, _named("right answers", measure.key))


def of_class(run: Run, measure: MeasureName) -> Proportion:
    """Return the precision (of the answers that name a class, the right ones) or the recall (of the true ones, found).

    Raises:
        UsageError: no request is of that class.
    """
    name, _, group = (part.strip() for part in measure.key.partition(_BAR))
    truth, answer = _columns(run)
    known = _given(truth) & _subgroup(run, group)
    if not (_texts(truth) == name).any():
        classes = ", ".join(sorted({str(value) for value in truth if value is not None})[:10])
        raise UsageError(f"no request is truly {name!r}", where=f"{measure}", mend=f"classes are: {classes or 'none'}")
    right = (_texts(truth) == name) & (_texts(answer) == name)
    precise = measure.name == "quality.precision"
    members = known & ((_texts(answer) if precise else _texts(truth)) == name)
    noun = f"right ones among answers of {name}" if precise else f"{name} that were recognised"
    return _share(run, right, members, _named(noun, group))


def error(run: Run, measure: MeasureName) -> Mean | Missing:
    """Return the mean absolute error or the root of the mean square error, over the requests with a known truth.

    Time blocks of the root are linear about the whole (delta method): the mean of ``r + (m_b - m) / 2r`` over blocks
    with mean squares ``m_b`` is the root ``r`` of their mean ``m``, and their spread is the root's.
    """
    truth, answer = (_numbers(column) for column in _columns(run))
    members = ~np.isnan(truth) & _subgroup(run, measure.key)
    unanswered = int((members & np.isnan(answer)).sum())
    if unanswered:
        return Missing(f"{measure}", f"{unanswered:,} requests have a truth and no answer that is a number", 0, "index")
    squared = measure.name == "quality.rmse"
    gaps = np.abs(truth - answer)[members] ** (2 if squared else 1)
    index, count, _ = blocks(run.columns)
    block = index[members]
    weights = np.bincount(block, minlength=count).astype(np.float64)
    sums = np.bincount(block, weights=gaps, minlength=count)
    values = np.divide(sums, weights, out=np.zeros(count), where=weights > 0)
    observed = float(gaps.mean()) if len(gaps) else float("nan")
    if squared and observed > 0:
        root = math.sqrt(observed)
        values, observed = root + (values - observed) / (2 * root), root
    return Mean(
        values=values,
        weights=weights,
        observed=observed,
        unit="index",
        n=len(gaps),
        noun=_named("root of the mean square error" if squared else "mean absolute error", measure.key),
    )


def _columns(run: Run) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    found = [run.columns.extracted.get(name) for name in ("truth", "answer")]
    if found[0] is None or found[1] is None:
        raise UsageError(
            "the run does not know the truth or the answers",
            where=run.facts.name,
            mend='give the target data= with labels and extract={"truth": "{row.label}", "answer": "$.prediction[0]"}',
        )
    return found[0], found[1]


def _subgroup(run: Run, key: str) -> BoolArray:
    if not key:
        return np.ones(len(run.columns), np.bool_)
    name, equals, wanted = (part.strip() for part in key.partition("="))
    values = run.columns.extracted.get(name)
    if not equals or values is None:
        known = ", ".join(sorted(run.columns.extracted))
        raise UsageError(
            f"{key!r} names no subgroup", where=run.facts.name, mend=f"write COLUMN=VALUE; columns are: {known}"
        )
    return np.asarray(_texts(values) == wanted)


def _share(run: Run, hits: BoolArray, members: BoolArray, noun: str) -> Proportion:
    index, count, _ = blocks(run.columns)
    return Proportion(
        hits=np.bincount(index[hits & members], minlength=count).astype(np.int64),
        trials=np.bincount(index[members], minlength=count).astype(np.int64),
        noun=noun,
    )


def _texts(column: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    return np.array(["" if value is None else str(value) for value in column], dtype=np.str_)


def _given(column: npt.NDArray[np.object_]) -> BoolArray:
    return np.array([value is not None for value in column], dtype=np.bool_)


def _numbers(column: npt.NDArray[np.object_]) -> npt.NDArray[np.float64]:
    numeric = (isinstance(value, int | float) and not isinstance(value, bool) for value in column)
    return np.array([float(value) if fine else np.nan for value, fine in zip(column, numeric, strict=True)])


def _named(noun: str, group: str) -> str:
    return f"{noun} where {group}" if group else noun
