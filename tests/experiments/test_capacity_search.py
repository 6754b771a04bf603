"""Looking for a capacity, on a load that is computed: a service that takes 300 requests a second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from typer.testing import CliRunner

from gonogo.cli import app
from gonogo.errors import StackError, UndecidedError, UsageError
from gonogo.experiments.capacity.climb import CapacityOptions
from gonogo.experiments.capacity.search import CapacitySearch
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.load.target import Target
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.suite.load import Load
from gonogo.suite.recorder import RunPlace
from gonogo.suite.run import JudgedRun
from gonogo.verdicts.verdict import Outcome

TARGET = Target.build("GET", "http://127.0.0.1:8000/predict")
TAKES_S = 0.01


@dataclass
class Recorder:
    """Keeps what is written down."""

    experiments: list[ExperimentEntry] = field(default_factory=list)
    criteria_written: int = 0

    def place(self, name: str) -> RunPlace:
        return RunPlace(name, Path(), name)

    def run(self, entry: RunEntry) -> None: ...

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        self.criteria_written += len(entries)

    def experiment(self, entry: ExperimentEntry) -> None:
        self.experiments.append(entry)


@dataclass
class ComputedLoad:
    """A queue with one server, as the Lindley recursion has it.

    Attributes:
        tired: after an overload it takes a third less.
        silent_above: the rate above which every answer is a 503.
        dies: after such a rate every answer is.
    """

    capacity: float = 300.0
    tired: bool = False
    invalid_above: float = float("inf")
    silent_above: float = float("inf")
    dies: bool = False
    rates: list[float] = field(default_factory=list)

    def __call__(
        self, *_: Target, rate: float, duration: float, require: list[object], name: str, **__: object
    ) -> JudgedRun:
        overloaded = any(one > self.capacity for one in self.rates)
        silent = rate > self.silent_above or (self.dies and any(one > self.silent_above for one in self.rates))
        self.rates.append(rate)
        able = self.capacity * (2 / 3 if self.tired and overloaded else 1)
        due = np.arange(int(rate * duration)) / rate
        jitter = np.random.default_rng(len(self.rates)).exponential(1 / able, len(due)) * 0.2 + 0.8 / able
        # When each leaves: the longest of all ways to be behind.
        left = np.cumsum(jitter) + np.maximum.accumulate(due - np.concatenate([[0.0], np.cumsum(jitter)[:-1]]))
        done = left + TAKES_S
        count = len(due)
        columns = Columns(
            due_s=due,
            queued_s=np.zeros(count),
            sent_s=due,
            first_byte_s=done,
            done_s=done,
            status=np.full(count, 503 if silent else 200, np.int16),
            error=np.zeros(count, np.int8),
            success=np.full(count, not silent),
            bytes_in=np.ones(count, np.int64),
            bytes_out=np.ones(count, np.int64),
            connection=np.zeros(count, np.int32),
            target=np.zeros(count, np.int16),
        )
        valid = rate <= self.invalid_above
        facts = RunFacts(
            name,
            ("GET /predict",),
            rate,
            duration,
            float(due[-1]),
            float(max(done[-1] - due[-1], 0)),
            10.0,
            256,
            valid=valid,
            invalid_reason="" if valid else "the generator was late",
        )
        run = JudgedRun(Run(columns, facts), lambda _: None)
        run.require(*cast("list[str]", require))
        return run


def _search(load: ComputedLoad, recorder: Recorder | None = None) -> CapacitySearch:
    return CapacitySearch(lambda _: cast("Load", load), recorder or Recorder(), "t", None)


def test_the_capacity_is_found() -> None:
    """Between 80 % and 100 % of what the service can take, since queues grow before the rate is reached."""
    found = _search(ComputedLoad())(TARGET, require=["p99 <= 100ms"], start=50, step=10)
    assert 240 <= found.rate <= 300
    assert found.broken_at is not None
    assert found.rate < found.broken_at <= 1.1 * found.rate * 1.01
    assert not found.hysteresis


def test_the_limits_come_from_a_load_at_80_percent() -> None:
    """The last probe is there, and the breaker lets through what was then at once."""
    load = ComputedLoad()
    found = _search(load)(TARGET, require=["p99 <= 100ms"], step=10)
    assert load.rates[-1] == pytest.approx(0.8 * found.rate, rel=0.01)
    assert found.limits is not None
    assert 2 <= found.limits.max_connections <= 20


def test_a_service_that_does_not_recover_has_the_lower_capacity() -> None:
    """What held on the way up must hold after an overload; it says that it did not."""
    found = _search(ComputedLoad(tired=True))(TARGET, require=["p99 <= 100ms"], step=10)
    assert found.rate <= 200
    assert found.hysteresis
    assert "does not hold the rate that it held before" in found.conclusion


def test_a_generator_at_its_limit_is_no_capacity_of_the_service() -> None:
    """The search ends there and says so; what held below stands."""
    found = _search(ComputedLoad(capacity=10_000, invalid_above=300))(TARGET, require=["p99 <= 100ms"], step=2)
    assert found.rate == 200
    assert found.broken_at is None
    assert "the generator was the limit" in found.conclusion


def test_nothing_that_holds_is_no_capacity() -> None:
    """A limit below the service's own time: no rate, no limits, and no verification."""
    found = _search(ComputedLoad())(TARGET, require=["p99 <= 5ms"], step=10)
    assert (found.rate, found.limits) == (0.0, None)
    with pytest.raises(UndecidedError, match="no rate was shown to hold"):
        found.verify()


def test_the_judgment_gets_the_steps_and_no_criterion() -> None:
    """What an experiment tries may fail without making the session NO-GO."""
    recorder = Recorder()
    found = _search(ComputedLoad(), recorder)(TARGET, require=["p99 <= 100ms"], step=10)
    (entry,) = recorder.experiments
    assert recorder.criteria_written == 0
    assert [step.what for step in entry.steps][:3] == ["50/s", "100/s", "200/s"]
    assert any(step.outcome is Outcome.NO_GO for step in entry.steps)
    assert entry.curves[0].points == found.curve
    assert entry.conclusion == found.conclusion


def test_a_service_that_never_succeeds_ends_the_search() -> None:
    """Some requests show it; halving rates would take minutes and show nothing else."""
    load = ComputedLoad(silent_above=0)
    with pytest.raises(StackError, match="nothing answered with success: status 503") as refused:
        _search(load)(TARGET, require=["p99 <= 100ms"])
    assert (refused.value.where, refused.value.mend) == (
        "GET /predict at http://127.0.0.1:8000",
        "see the service's log",
    )
    assert load.rates == [5.0]


def test_a_service_that_only_refuses_what_is_too_much_is_searched_on() -> None:
    """Nothing succeeds at 800/s and 400/s: below, it answers, and has a capacity."""
    found = _search(ComputedLoad(capacity=1000, silent_above=250))(TARGET, require=["p99 <= 100ms"], start=800, step=10)
    assert 200 <= found.rate <= 250


def test_a_service_that_an_overload_killed_ends_the_search() -> None:
    """It has no success any more, at any rate: the message says after which load."""
    with pytest.raises(StackError, match=r"after 400/s nothing answered with success"):
        _search(ComputedLoad(capacity=1000, silent_above=250, dies=True))(TARGET, require=["p99 <= 100ms"], step=10)


def test_a_criterion_on_no_target_is_refused_at_once() -> None:
    """Before the first rate is tried."""
    load = ComputedLoad()
    with pytest.raises(UsageError, match="no target is called 'POST /predict'"):
        _search(load)(TARGET, require=["p99[POST /predict] <= 100ms"])
    assert load.rates == [5.0]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"step": 0}, "a step of 0 s"),
        ({"clients": 0}, "0 clients"),
        ({"start": 0}, "a search from 0/s"),
        ({"start": 500, "most": 100}, "a search from 500/s to 100/s"),
        ({"precision": 2}, "a precision of 2"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options: CapacityOptions, what: str) -> None:
    """Before anything is sent."""
    load = ComputedLoad()
    with pytest.raises(UsageError, match=what):
        _search(load)(TARGET, require=["p99 <= 100ms"], **options)
    assert load.rates == []


def test_the_command_names_its_own_option() -> None:
    """Criteria are given by --expect there."""
    done = CliRunner().invoke(app, ["capacity", "http://127.0.0.1:1/"])
    assert (done.exit_code, "--expect" in done.stderr) == (2, True), done.output


def test_a_search_without_a_criterion_is_refused() -> None:
    """There is nothing that could hold."""
    with pytest.raises(UsageError, match="without a criterion"):
        _search(ComputedLoad())(TARGET, require=[])


def test_the_command_tells_the_capacity_and_what_to_paste(serve: object) -> None:
    """A sound service holds the most that is tried: exit status 0, the rate, the rule."""
    url = cast("str", serve("sound")) if callable(serve) else ""
    arguments = ["capacity", f"{url}/predict", "--expect", "p50 < 2s", "--start", "20", "--most", "40", "--step", "2s"]
    done = CliRunner().invoke(app, [*arguments, "--warmup", "0s"])
    assert done.exit_code == 0, done.output
    assert "hold at 40/s" in done.output
    assert "kind: DestinationRule" in done.output
