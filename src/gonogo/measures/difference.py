"""Measures of a candidate against the current model: success, percentiles, and what users did next."""

from __future__ import annotations

from typing import Final

import numpy as np

from gonogo.errors import UsageError
from gonogo.measures import shares, times
from gonogo.measures.arms import CANDIDATE, CURRENT, Coded, arm, coded
from gonogo.measures.outcome import event_column
from gonogo.measures.rows import BoolArray, failed_with, without
from gonogo.runs.run import Run
from gonogo.units import format_count, format_share
from gonogo.verdicts.arms import Arms, read_arms
from gonogo.verdicts.criterion import MeasureName
from gonogo.verdicts.evidence import Difference, Proportion

__all__ = ["difference"]

_SUFFIX: Final = ".difference"
_UNKNOWN: Final = 0.001
_MIXED: Final = 0.01


def difference(run: Run, measure: MeasureName) -> Difference:
    """Return the figures of both models.

    Requests whose model nobody knows may hide the candidate's failures: more of them than one in a thousand of the
    smaller side leave the comparison open.

    Raises:
        UsageError: a column is missing, or nobody said which models to compare.
    """
    base = measure.name.removesuffix(_SUFFIX)
    arms = read_arms(measure.key, "outcome" if base == "outcome" else "pair")
    names = _pair(run, arms, str(measure))
    sent = without(run, failed_with(run.columns, "unsent"))
    models = coded(sent, arms.column, where=str(measure))
    if base == "outcome":
        return _by_user(sent, arms, models, names, str(measure))
    inner = MeasureName(base, measure.population)
    measured = shares.success if base == "success" else times.quantile
    candidate, current = (without(sent, ~arm(models, name)) for name in names)
    noun = "successes" if base == "success" else times.quantile(candidate, inner).noun
    return Difference(
        measured(candidate, inner),
        measured(current, inner),
        names,
        noun=noun if base == "success" else f"{base} of the {noun}",
        open_because=_unknown(models, names),
    )


def _pair(run: Run, arms: Arms, where: str) -> tuple[str, str]:
    if arms.candidate:
        return arms.candidate, arms.current
    named = run.facts.labels.get(CANDIDATE, ""), run.facts.labels.get(CURRENT, "")
    if not all(named):
        raise UsageError(
            "nobody said which models to compare", where=where, mend="write [… : CANDIDATE vs CURRENT] in the brackets"
        )
    return named


def _unknown(models: Coded, names: tuple[str, str]) -> str:
    unknown = int((models.codes < 0).sum())
    smaller = min(int(arm(models, name).sum()) for name in names)
    if unknown <= _UNKNOWN * smaller:
        return ""
    return f"of {format_count(unknown)} requests nobody knows the model, and what became of them may be its doing"


def _by_user(run: Run, arms: Arms, models: Coded, names: tuple[str, str], where: str) -> Difference:
    """Return how many users of each model did what the event says, each user counted once."""
    users = coded(run, arms.user, where=where)
    did = event_column(run, arms.event, where=where)
    met = {name: _users_in(users, arm(models, name)) for name in names}
    both = met[names[0]] & met[names[1]]
    acted = _users_in(users, did)
    everyone = met[names[0]] | met[names[1]]
    mixed = int(both.sum()) / max(1, int(everyone.sum()))
    open_because = ""
    if mixed > _MIXED:
        open_because = f"{format_share(mixed)} of the users met both models, so that neither answers for them"
    candidate, current = (_share_of_users(acted, met[name] & ~both, arms.event) for name in names)
    return Difference(
        candidate,
        current,
        names,
        noun=f"users with the outcome {arms.event}",
        counted="users",
        open_because=open_because,
    )


def _users_in(users: Coded, requests: BoolArray) -> BoolArray:
    seen = np.zeros(len(users.names) + 1, np.bool_)
    # The last place takes those without a user.
    seen[users.codes[requests]] = True
    return seen[:-1]


def _share_of_users(acted: BoolArray, members: BoolArray, event: str) -> Proportion:
    hits = acted[members].astype(np.int64)
    return Proportion(hits=hits, trials=np.ones(len(hits), np.int64), noun=f"users with the outcome {event}")
