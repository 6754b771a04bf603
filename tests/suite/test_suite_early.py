"""Loads that end as soon as their criteria are decided."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

import pytest

from fixtures.runs import build_run
from gonogo.load.driver import Progress
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.measures.judge import judge
from gonogo.runs.run import Columns, Run
from gonogo.suite.early import EarlyStop
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.verdict import Outcome

RATE = 1000.0
PLAN = LoadPlan("load", (Target("GET", "http://127.0.0.1/"),), RATE, 60.0)
P99 = (parse("p99 <= 50ms"),)


def _run(seconds: float, latency_s: float, **facts: object) -> Run:
    return build_run(round(seconds * RATE), rate=RATE, latency_s=latency_s, facts=facts)


@dataclass
class Recorded:
    """A load of which so much has already happened; it keeps the reason that it is stopped for."""

    run: Run
    stopped: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)

    def progress(self) -> Progress:
        n = len(self.run.columns)
        return Progress(n / RATE, due=n, sent=n, done=n, failed=0)

    def snapshot(self) -> Columns:
        return self.run.columns

    def stop(self, why: str) -> None:
        self.stopped.append(why)
        self.asked.set()


def _ended(run: Run, *, within_s: float = 60.0) -> tuple[EarlyStop, Recorded]:
    load = Recorded(run)
    early = EarlyStop(load, PLAN, P99)
    with early:
        load.asked.wait(within_s)
    return early, load


@pytest.mark.parametrize(
    ("seconds", "latency_s", "outcome"), [(5.8, 0.01, Outcome.GO), (0.5, 0.2, Outcome.NO_GO)], ids=["good", "bad"]
)
def test_a_decided_load_is_stopped_ten_times_sooner(seconds: float, latency_s: float, outcome: Outcome) -> None:
    """A clearly good or bad service needs less than a tenth of the minute, and the verdict is what it showed."""
    early, load = _ended(_run(seconds, latency_s))
    run = early.told(_run(seconds, latency_s, cut_short=load.stopped[0]))
    assert [verdict.outcome for verdict in early.conclude(run)] == [outcome]


def test_stopping_early_is_no_cut() -> None:
    """The facts of the run say when it was decided, and not that it was cut short."""
    early, load = _ended(_run(5.8, 0.01))
    facts = early.told(_run(5.8, 0.01, cut_short=load.stopped[0], duration_s=60.0)).facts
    assert (facts.cut_short, facts.anytime) == ("", True)
    assert facts.stopped_early.startswith("decided after 5.8 s of ")


def test_another_end_is_a_cut() -> None:
    """Ctrl-C stays what it is."""
    early, _ = _ended(_run(1, 0.01), within_s=0.3)
    assert early.told(_run(1, 0.01, cut_short="interrupted (Ctrl-C)")).facts.cut_short == "interrupted (Ctrl-C)"


def test_open_criteria_keep_the_load_going() -> None:
    """Before it is decided, nobody stops it."""
    assert _ended(_run(3, 0.01), within_s=0.6)[1].stopped == []


def test_a_criterion_that_cannot_be_judged_stops_nothing() -> None:
    """The load goes on to its end, where the mistake is told."""
    load = Recorded(_run(10, 0.01))
    with EarlyStop(load, PLAN, (parse("p99[GET /other] <= 50ms"),)):
        load.asked.wait(0.6)
    assert load.stopped == []


def test_the_thread_ends_with_the_block() -> None:
    """Nothing looks at a load that is over."""
    _ended(_run(1, 0.01), within_s=0.0)
    assert "gonogo-early-stop" not in {thread.name for thread in threading.enumerate()}


def test_later_criteria_of_such_a_run_are_judged_by_bounds_that_hold_at_every_look() -> None:
    """A run that ended when it looked good is not judged as if its length had been set before."""
    run = _run(0.4, 0.01)
    looked = replace(run, facts=replace(run.facts, anytime=True))
    outcomes = [judge(one, parse("p99 <= 30ms")).outcome for one in (run, looked)]
    fewer = [
        judge(build_run(n, rate=RATE, latency_s=0.01, facts={"anytime": True}), P99[0]).outcome for n in (320, 400)
    ]
    assert (outcomes, fewer) == ([Outcome.GO, Outcome.GO], [Outcome.INCONCLUSIVE, Outcome.GO])
