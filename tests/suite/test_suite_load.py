"""Load: what is driven, kept and judged, with a real engine and a real server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gonogo.errors import UndecidedError, UsageError
from gonogo.gate.experiment import ExperimentEntry
from gonogo.gate.judgment import CriterionEntry, RunEntry
from gonogo.load.target import Target
from gonogo.suite.load import Bench, Load
from gonogo.suite.placement import Placement
from gonogo.suite.recorder import RunPlace
from gonogo.verdicts.verdict import Outcome

Serve = Callable[[str], str]


@dataclass
class Notebook:
    """A recorder that keeps everything in memory."""

    folder: Path
    places: list[str] = field(default_factory=list)
    runs: list[RunEntry] = field(default_factory=list)
    judged: list[CriterionEntry] = field(default_factory=list)

    def place(self, name: str) -> RunPlace:
        self.places.append(name)
        path = self.folder / f"{len(self.places)}"
        path.mkdir()
        return RunPlace(f"{name}-{len(self.places)}", path, path.name)

    def run(self, entry: RunEntry) -> None:
        self.runs.append(entry)

    def criteria(self, entries: Sequence[CriterionEntry]) -> None:
        self.judged.extend(entries)

    def experiment(self, entry: ExperimentEntry) -> None:
        """Loads make no experiments."""


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A recorder in a folder of its own, and a load lock of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Notebook(tmp_path)


def _load(notebook: Notebook, *, remeasure: int = 0, lines: list[str] | None = None) -> Load:
    told = [] if lines is None else lines
    loopback = "127.0.0.1".__eq__
    return Load(
        Bench(Placement((), ()), short=False, remeasure=remeasure, allows=loopback, announce=told.append),
        notebook,
        "tests::here",
        None,
    )


def test_every_criterion_is_judged_and_written_down(notebook: Notebook, serve: Serve) -> None:
    """None hides behind the first that is broken."""
    target = Target.build("GET", serve("broken"))
    run = _load(notebook)(
        target, rate=100, duration="2s", timeout="60s", require=["p99 <= 30s", "status[500] >= 90%", "max < 30s"]
    )
    outcomes = [entry.verdict.outcome for entry in notebook.judged]
    assert outcomes == [Outcome.NO_GO, Outcome.GO, Outcome.NO_GO]
    assert not run.go


def test_an_undecided_run_is_neither_true_nor_false(notebook: Notebook, serve: Serve) -> None:
    """``not run.go`` cannot make a pass of too few requests."""
    run = _load(notebook)(
        Target.build("GET", serve("sound")), rate=50, duration="1s", timeout="60s", require=["p99 <= 30s"]
    )
    with pytest.raises(UndecidedError, match="p99 <= 30s"):
        assert not run.go


def test_a_comparison_is_judged_and_not_written_down(notebook: Notebook, serve: Serve) -> None:
    """What a suite compares for itself is no claim of the release."""
    run = _load(notebook)(
        Target.build("GET", serve("slow")), rate=100, duration="2s", timeout="60s", require=["p99 <= 30s"]
    )
    before = len(notebook.judged)
    assert not run.latency.p99 <= 0.1
    assert run.latency.p90 <= 30.0
    assert 0.3 <= run.latency.p50.value < 30.0
    assert run.status[200].value == 1.0
    assert len(notebook.judged) == before


def test_a_run_without_criteria_is_an_observation(notebook: Notebook, serve: Serve) -> None:
    """It is written down as such, and asking for its verdict is an error that says so."""
    run = _load(notebook)(Target.build("GET", serve("sound")), rate=50, duration="1s")
    assert notebook.runs[0].observation
    with pytest.raises(UsageError, match="no criteria"):
        bool(run.go)


def test_an_invalid_run_is_kept_and_measured_again(notebook: Notebook, serve: Serve) -> None:
    """The first is an observation that says why, the last is judged, and the service is not blamed."""
    lines: list[str] = []
    load = _load(notebook, remeasure=1, lines=lines)
    run = load(
        Target.build("GET", serve("sound")), rate=1_000_000, duration=0.2, timeout=1.0, require=["success >= 99%"]
    )
    first, last = notebook.runs
    assert (first.observation, last.observation) == (True, False)
    assert "measured again" in first.notes[0]
    assert run.go.outcome is Outcome.INCONCLUSIVE
    assert len(notebook.judged) == 1
    assert any("measuring again" in line for line in lines)


def test_actions_run_while_the_load_goes_on(notebook: Notebook, serve: Serve) -> None:
    """An action is called at its time; its load is judged as usual afterwards."""
    seen: list[int] = []
    with _load(notebook).running(Target.build("GET", serve("sound")), rate=50, duration="4s") as live:
        live.at("1s", lambda: seen.append(live.progress().due))
    assert 0 < seen[0] < 200
    assert len(live.run.columns) == 200


def test_the_error_of_an_action_is_raised_after_the_run_is_kept(notebook: Notebook, serve: Serve) -> None:
    """Nothing measured is lost when an action fails."""
    load = _load(notebook)
    with (
        pytest.raises(ZeroDivisionError),
        load.running(Target.build("GET", serve("sound")), rate=100, duration="1s") as live,
    ):
        live.at("100ms", lambda: 1 / 0)
    assert len(live.run.columns) == 100


def test_a_bad_service_ends_its_run_early(notebook: Notebook, serve: Serve) -> None:
    """A p99 that is far off is NO-GO long before the minute is over, and the judgment says how the run ended."""
    target = Target.build("GET", serve("broken"))
    run = _load(notebook)(target, rate=100, duration="60s", timeout="60s", require=["p99 <= 30s"])
    assert run.go.outcome is Outcome.NO_GO
    assert run.facts.attack_s < 30.0
    assert notebook.runs[0].notes[0].startswith("stopped early: decided after ")


def test_repeats_are_kept_and_judged_together(notebook: Notebook, serve: Serve) -> None:
    """Five runs stand in the judgment, and one verdict speaks of all of them."""
    target = Target.build("GET", serve("sound"))
    run = _load(notebook)(target, rate=100, duration="1s", timeout="60s", repeats=5, require=["success >= 90%"])
    assert [entry.notes[0] for entry in notebook.runs] == [f"run {n} of 5, judged together" for n in range(1, 6)]
    assert not any(entry.observation for entry in notebook.runs)
    (entry,) = notebook.judged
    assert (entry.run, entry.verdict.n, len(run.runs)) == ("here-1", 500, 5)
    assert entry.verdict.reason.startswith("Over 5 runs: ")


def test_fewer_than_five_repeats_are_refused(notebook: Notebook) -> None:
    """Two runs say next to nothing about how runs differ."""
    with pytest.raises(UsageError, match="at least 5"):
        _load(notebook)(Target.build("GET", "http://127.0.0.1:9/"), rate=1, repeats=2)


def test_a_run_that_is_stopped_is_cut_short_and_cannot_be_go(notebook: Notebook, serve: Serve) -> None:
    """What was measured is kept and judged, but never as GO."""
    with _load(notebook).running(
        Target.build("GET", serve("sound")), rate=200, duration="30s", require=["success >= 50%"]
    ) as live:
        live.at("1s", live.stop)
    assert live.run.go.outcome is Outcome.INCONCLUSIVE
    assert 100 < len(live.run.columns) < 3000


def test_load_goes_nowhere_that_is_not_allowed(notebook: Notebook) -> None:
    """A host outside the allow-list is refused before anything is sent."""
    with pytest.raises(UsageError, match=r"192\.0\.2\.1"):
        _load(notebook)(Target.build("GET", "http://192.0.2.1/"), rate=1)
    assert notebook.places == []
