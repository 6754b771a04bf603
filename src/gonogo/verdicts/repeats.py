"""Repeats: several runs of the same load judged as one, with how runs differ as a level above how blocks differ.

What varies from one start of a stack to the next is not in one run. The spread between N runs, with its t quantile for
N - 1 degrees of freedom, bounds the whole wherever it is wider than what the blocks of the runs say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gonogo.errors import UsageError
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.evidence import Evidence, IntArray, Mean, Proportion, Quantile, Signal
from gonogo.verdicts.judge import judge
from gonogo.verdicts.verdict import Verdict, worst

__all__ = ["combine", "judge_repeats"]


def judge_repeats(criterion: Criterion, evidences: Sequence[Evidence]) -> Verdict:
    """Return what the evidence of several runs says about ``criterion``; a fact must hold in every run.

    Raises:
        UsageError: there is no run, or the evidence is of different kinds.
    """
    kinds = {type(one) for one in evidences}
    if len(kinds) != 1:
        raise UsageError("repeats need at least one run, and the same kind of evidence from each")
    if kinds <= {Proportion, Quantile, Mean}:
        verdict = judge(criterion, combine(evidences))
    else:
        verdicts = [judge(criterion, one) for one in evidences]
        outcome = worst(one.outcome for one in verdicts)
        verdict = next(one for one in verdicts if one.outcome is outcome)
    if len(evidences) == 1:
        return verdict
    return replace(verdict, reason=f"Over {len(evidences)} runs: {verdict.reason}")


def combine(evidences: Sequence[Evidence]) -> Evidence:
    """Return the evidence of all runs together, run after run; of one run, its own.

    Raises:
        UsageError: the evidence is not of one kind, or a fact, which cannot be added up.
    """
    first = evidences[0]
    if len(evidences) == 1:
        return first
    shares = [one for one in evidences if isinstance(one, Proportion)]
    quantiles = [one for one in evidences if isinstance(one, Quantile)]
    means = [one for one in evidences if isinstance(one, Mean)]
    if len(shares) == len(evidences):
        return _shares(shares)
    if len(quantiles) == len(evidences):
        return _quantiles(quantiles)
    if len(means) == len(evidences):
        return _means(means)
    raise UsageError("only shares, quantiles and means of the same kind can be put together")


def _shares(runs: Sequence[Proportion]) -> Proportion:
    return Proportion(
        hits=np.concatenate([one.hits for one in runs]),
        trials=np.concatenate([one.trials for one in runs]),
        noun=runs[0].noun,
        signal=_signals([one.signal for one in runs]),
        parts=_parts([len(one.hits) for one in runs]),
    )


def _signals(given: Sequence[Signal | None]) -> Signal | None:
    signals = [one for one in given if one is not None]
    if len(signals) < len(given):
        return None
    return Signal(
        np.concatenate([one.sums for one in signals]),
        np.concatenate([one.counts for one in signals]),
        np.concatenate([one.squares for one in signals]),
    )


def _quantiles(runs: Sequence[Quantile]) -> Quantile:
    blocks = [one.block for one in runs]
    return replace(
        runs[0],
        values=np.concatenate([one.values for one in runs]),
        block=_consecutive(blocks),
        parts=_parts([_length(block) for block in blocks]),
    )


def _means(runs: Sequence[Mean]) -> Mean:
    weights = np.concatenate([one.weights for one in runs])
    own = np.array([one.weights.sum() for one in runs])
    total = float(own.sum())
    known = all(len(one.each) for one in runs)
    observed = float(np.array([one.observed for one in runs])[own > 0] @ own[own > 0]) / total if total else np.nan
    return replace(
        runs[0],
        values=np.concatenate([one.values for one in runs]),
        weights=weights,
        observed=observed,
        n=sum(one.n for one in runs),
        each=np.concatenate([one.each for one in runs]) if known else np.zeros(0),
        block=_consecutive([one.block for one in runs]) if known else np.zeros(0, np.int64),
        most=max(one.most for one in runs),
        signal=_signals([one.signal for one in runs]),
        parts=_parts([len(one.weights) for one in runs]),
    )


def _consecutive(blocks: Sequence[IntArray]) -> IntArray:
    starts = np.cumsum([0, *(_length(block) for block in blocks)])
    return np.concatenate([block + start for block, start in zip(blocks, starts, strict=False)])


def _length(block: IntArray) -> int:
    return int(block[-1]) + 1 if len(block) else 0


def _parts(lengths: Sequence[int]) -> tuple[int, ...]:
    return tuple(length for length in lengths if length)
