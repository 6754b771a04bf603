"""What happened, said in one sentence each: criteria and tests for people who read only the first line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from gonogo.gate.claim import criterion_of
from gonogo.gate.figure import figure
from gonogo.gate.judgment import CriterionEntry
from gonogo.verdicts.criterion import Between, MeasureName
from gonogo.verdicts.verdict import Outcome, Verdict

__all__ = ["counted", "criterion_sentence", "listed", "opening", "plain_end", "rate_of"]

_NO_WORD: Final = "0123456789_./:[-"
_SHARES: Final = ("status", "errors")
_SHOWN: Final = 3
"""So many names are spelt out before the rest is counted."""


def criterion_sentence(entry: CriterionEntry, summary: Mapping[str, object]) -> str:
    """Return what a criterion came to, without a full stop: measure, rate, figure and limit.

    Args:
        entry: the criterion and its verdict.
        summary: the summary of its run, for the rate; empty when it has none.
    """
    verdict = entry.verdict
    criterion = criterion_of(verdict.expression)
    subject = (
        f"{_words(criterion.measure)}{_at(summary)}" if criterion is not None else f"{verdict.expression}{_at(summary)}"
    )
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return f"{subject} {_undecided(verdict)}"
    if criterion is not None and criterion.measure.name == "split":
        return f"{subject} is not as declared: {plain_end(verdict.reason)}"
    observed = figure(verdict.observed, verdict.unit)
    if math.isinf(verdict.observed) and verdict.unit == "s":
        observed = "beyond any limit, because too many requests were not answered"
    if criterion is not None and isinstance(criterion.claim, Between):
        low, high = (figure(end, verdict.unit) for end in (criterion.claim.low, criterion.claim.high))
        return f"{subject} is {observed}; it must lie between {low} and {high}"
    return f"{subject} is {observed}; the limit is {figure(verdict.limit, verdict.unit)}"


def counted(number: int, noun: str) -> str:
    """Return ``1 gate test``, ``2 gate tests``, ``2 criteria``."""
    plural = "criteria" if noun == "criterion" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(names: Sequence[str]) -> str:
    """Return the first names and how many more there are: ``a, b, c and 4 more``."""
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def opening(text: str) -> str:
    """Return ``text`` as the opening of a sentence: a capital, unless its first word is a name such as ``p99``."""
    return text if not text or any(c in _NO_WORD for c in text.split(maxsplit=1)[0]) else text[0].upper() + text[1:]


def plain_end(text: str) -> str:
    """Return ``text`` on one line and without its full stop, so that it can be a part of a sentence."""
    return " ".join(text.split()).rstrip(".")


def _undecided(verdict: Verdict) -> str:
    if verdict.needed is None:
        reason = plain_end(verdict.reason) or "the data do not decide it"
        return (
            f"is undecided: {reason[0].lower()}{reason[1:]}" if reason.startswith("The ") else f"is undecided: {reason}"
        )
    observed, limit = figure(verdict.observed, verdict.unit), figure(verdict.limit, verdict.unit)
    needed, n = figure(verdict.needed, "count"), figure(verdict.n, "count")
    return f"is undecided at {observed} with a limit of {limit}: {needed} requests would decide it, {n} were measured"


def _words(measure: MeasureName) -> str:
    """Return the name of a measure as words: ``p99 of POST /predict``, ``the share of status 503``."""
    name = f"{measure.population} {measure.name}" if measure.population else measure.name
    if not measure.key:
        return name
    return f"the share of {name} {measure.key}" if measure.name in _SHARES else f"{name} of {measure.key}"


def _at(summary: Mapping[str, object]) -> str:
    rate = rate_of(summary)
    return f" at {figure(rate, '/s')}" if math.isfinite(rate) else ""


def rate_of(summary: Mapping[str, object]) -> float:
    """Return the rate that a run was asked for, or else the one that it reached; NaN when its summary has neither."""
    facts = summary.get("facts")
    asked = facts.get("rate") if isinstance(facts, Mapping) else None
    for rate in (asked, summary.get("rate")):
        if isinstance(rate, int | float) and not isinstance(rate, bool) and rate > 0:
            return float(rate)
    return math.nan
