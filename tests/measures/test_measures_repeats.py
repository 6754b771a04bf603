"""Repeated runs judged by one criterion."""

from __future__ import annotations

import numpy as np

from fixtures.runs import build_run
from gonogo.measures.judge import judge_repeats
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

GOOD = build_run(1000)


def test_good_runs_are_go() -> None:
    """Three good runs are good together."""
    assert judge_repeats([GOOD] * 3, parse("p99 <= 50ms")).outcome is Outcome.GO


def test_a_run_that_was_invalid_forbids_a_decision() -> None:
    """One INVALID run among the repeats leaves all of them undecided."""
    invalid = build_run(1000, facts={"valid": False, "invalid_reason": "lag"})
    assert judge_repeats([GOOD, invalid], parse("p99 <= 50ms")).outcome is Outcome.INCONCLUSIVE


def test_a_run_that_was_cut_short_forbids_go() -> None:
    """One run that ended early keeps the repeats from GO."""
    cut = build_run(1000, facts={"cut_short": "interrupted"})
    assert judge_repeats([GOOD, cut], parse("p99 <= 50ms")).outcome is Outcome.INCONCLUSIVE


def test_starts_that_differ_are_not_go() -> None:
    """A stack that is slow after one start in four is not GO, though all runs together would be within the limit."""
    slow = build_run(1000, latency_s=np.where(np.arange(1000) % 50, 0.01, 0.2))
    assert judge_repeats([GOOD, GOOD, GOOD, slow], parse("p99 <= 50ms")).outcome is Outcome.INCONCLUSIVE


def test_unsent_requests_make_no_no_go() -> None:
    """The service is not blamed for what the generator left unsent in one of the runs."""
    unsent = build_run(1000, error=["unsent", *[""] * 999])
    assert judge_repeats([GOOD, unsent], parse("success == 100%")).outcome is Outcome.INCONCLUSIVE
