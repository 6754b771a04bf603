"""Several runs of the same load judged as one."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.errors import UsageError
from gonogo.verdicts.evidence import Evidence, Fact, Mean, Proportion, Quantile, Signal
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.judge import judge
from gonogo.verdicts.repeats import combine, judge_repeats
from gonogo.verdicts.verdict import Outcome

BLOCK = np.arange(10000) // 50


def _run(failures: int) -> Proportion:
    hits = np.diff(np.arange(201) * failures // 200)
    return Proportion(hits, np.full(200, 50), "errors", Signal.of(np.zeros(10000), BLOCK))


def test_runs_that_agree_add_up() -> None:
    """Five even runs of 90 failures in 10,000 show 1 %, which one of them leaves open."""
    alone, together = judge(parse("errors <= 1%"), _run(90)), judge_repeats(parse("errors <= 1%"), [_run(90)] * 5)
    assert (alone.outcome, together.outcome) == (Outcome.INCONCLUSIVE, Outcome.GO)


def test_runs_that_differ_are_not_go() -> None:
    """The same failures in all are not GO when runs differ from one start to the next."""
    runs = [_run(failures) for failures in (0, 10, 20, 40, 280)]
    assert judge_repeats(parse("errors <= 1%"), runs).outcome is Outcome.INCONCLUSIVE


def test_reason_names_the_runs() -> None:
    """The verdict says how many runs it rests on."""
    assert judge_repeats(parse("errors <= 1%"), [_run(0)] * 3).reason.startswith("Over 3 runs: ")


def test_one_run_is_itself() -> None:
    """A single run is judged as ever."""
    assert judge_repeats(parse("errors <= 1%"), [_run(50)]) == judge(parse("errors <= 1%"), _run(50))


def test_facts_must_hold_in_every_run() -> None:
    """One run with a longest latency beyond the limit is NO-GO for all."""
    facts = [Fact(value, 100, "s", "largest latency") for value in (0.5, 1.5, 0.5)]
    assert judge_repeats(parse("max < 1s"), facts).outcome is Outcome.NO_GO


def test_quantiles_keep_their_blocks_apart() -> None:
    """Blocks of different runs stay different blocks."""
    one = Quantile(np.full(10000, 0.01), BLOCK, 0.99, "latency")
    both = combine([one, one])
    assert isinstance(both, Quantile)
    assert (len(np.unique(both.block)), both.parts) == (400, (200, 200))


def test_means_are_weighted() -> None:
    """The mean of two runs weighs each by its requests."""
    runs = [
        Mean(np.array([mean]), np.array([weight]), mean, "s", 1, "mean") for mean, weight in ((1.0, 1.0), (4.0, 2.0))
    ]
    both = combine(runs)
    assert isinstance(both, Mean)
    assert both.observed == pytest.approx(3.0)


@pytest.mark.parametrize("evidences", [[], [_run(0), Fact(1.0, 1, "s", "max")]])
def test_what_does_not_belong_together_is_refused(evidences: list[Evidence]) -> None:
    """No run, or evidence of different kinds, is no repeat."""
    with pytest.raises(UsageError):
        judge_repeats(parse("errors <= 1%"), evidences)
