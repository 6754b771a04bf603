"""Measures of a split: shares of requests or of users by model, and how often users moved between models."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures.arms import CHANGES, Coded, coded, declared, moves_of
from gonogo.measures.rows import blocks, failed_with, without
from gonogo.runs.run import Run
from gonogo.units import format_count
from gonogo.verdicts.arms import USER, read_arms
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Fact, IntArray, Split

__all__ = ["moves", "split"]

_NAMED: Final = 3


def split(run: Run, measure: MeasureName) -> Split:
    """Return how the requests that were sent, or their users, were shared out.

    Raises:
        UsageError: a column is missing, or nobody declared weights.
    """
    arms = read_arms(measure.key, "split")
    sent = without(run, failed_with(run.columns, "unsent"))
    models = coded(sent, arms.column, where=str(measure))
    weights, found = declared(sent, arms, models, where=str(measure))
    if len(weights) < 2:  # noqa: PLR2004 - nothing is split in one
        raise UsageError(f"only {', '.join(weights)} has a weight", where=str(measure), mend="give each model one")
    strangers = [name for name in models.names if name not in weights]
    violations = (*found, *(f"Answers came from {name}, which no weight names" for name in strangers))
    changed = int(sent.facts.labels.get(CHANGES, "0"))
    open_because = (
        f"the weights changed {format_count(changed)} times during the run, so that no single weight holds for it"
        if changed
        else ""
    )
    labels = tuple(weights)
    place = np.array([labels.index(name) if name in labels else -1 for name in models.names] or [-1], np.int64)
    which = np.where(models.codes >= 0, place[models.codes], -1)
    if arms.user:
        users = coded(sent, arms.user, where=str(measure))
        if not changed:
            violations += _flips(sent, users, models)
        return Split(
            labels,
            tuple(weights.values()),
            *_counts(*_first_of(users, which), len(labels), 1),
            noun="users",
            violations=violations,
            open_because=open_because,
        )
    index, count, _ = blocks(sent.columns)
    return Split(
        labels,
        tuple(weights.values()),
        *_counts(index, which, len(labels), count),
        noun="requests",
        effect=_effect_of_users(sent, which, len(labels)),
        violations=violations,
        open_because=open_because,
    )


def moves(run: Run, measure: MeasureName) -> Fact:
    """Return how often the user who changed models most did so, which is a fact.

    Raises:
        UsageError: a column is missing.
    """
    arms = read_arms(measure.key, "moves")
    users = coded(run, arms.user, where=str(measure))
    moved = moves_of(users, coded(run, arms.column, where=str(measure)), _sent(run))
    worst = float(moved.max()) if len(moved) else float("nan")
    noun = f"largest number of moves of one of {format_count(len(moved))} users between models"
    return Fact(value=worst, n=len(run.columns), unit="count", noun=noun)


def _sent(run: Run) -> list[int]:
    order = np.argsort(run.columns.sent_s, kind="stable")
    return [int(place) for place in order[~np.isnan(run.columns.sent_s[order])]]


def _flips(run: Run, users: Coded, models: Coded) -> tuple[str, ...]:
    moved = moves_of(users, models, _sent(run))
    flipped = np.flatnonzero(moved)
    if not len(flipped):
        return ()
    named = ", ".join(users.names[user] for user in flipped[:_NAMED])
    more = ", …" if len(flipped) > _NAMED else ""
    counted = f"{format_count(len(flipped))} of {format_count(len(users.names))} users"
    return (f"{counted} met more than one model though no weight changed (users {named}{more})",)


def _first_of(users: Coded, which: IntArray) -> tuple[IntArray, IntArray]:
    """Return a block and a model for each user: the first model that the user is known to have met."""
    met = np.full(len(users.names), -1, np.int64)
    known = np.flatnonzero((users.codes >= 0) & (which >= 0))[::-1]
    met[users.codes[known]] = which[known]
    return np.zeros(len(met), np.int64), met


def _counts(index: IntArray, which: IntArray, models: int, count: int) -> tuple[IntArray, IntArray]:
    """Return hits (blocks by models) and what has no model (blocks)."""
    known = which >= 0
    flat = np.bincount(index[known] * models + which[known], minlength=count * models)
    return flat.reshape(count, models).astype(np.int64), np.bincount(index[~known], minlength=count).astype(np.int64)


def _effect_of_users(run: Run, which: IntArray, models: int) -> float:
    """Return the design effect of users who keep their model: requests of one user are no independent draws.

    The variance of the totals by user over that of independent requests (Cochran, Sampling Techniques, 1977,
    section 9A); 1 where the run does not tell users apart.
    """
    values = run.columns.extracted.get(USER)
    if values is None or not len(which):
        return 1.0
    users = coded(run, USER, where="split")
    known = (users.codes >= 0) & (which >= 0)
    largest = 1.0
    sizes = np.bincount(users.codes[known], minlength=len(users.names))
    for model in range(models):
        hits = np.bincount(users.codes[known & (which == model)], minlength=len(users.names))
        total, taken = int(sizes.sum()), int(hits.sum())
        if 0 < taken < total:
            share = taken / total
            spread = float(((hits - sizes * share) ** 2).sum())
            largest = max(largest, spread / (total * share * (1 - share)))
    return largest
