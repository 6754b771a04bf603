"""Heat maps, runs over one another, and what replicas used, as drawings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from gonogo.errors import UsageError
from gonogo.gate.judgment import Judgment, ReplicaSeries
from gonogo.report.charts.heatmap import heat_chart
from gonogo.report.charts.overlay import MOST_RUNS, overlay_chart
from gonogo.report.charts.resources import MOST_REPLICAS, cpu_chart, memory_chart
from gonogo.report.digest import digest
from gonogo.report.exhibit import Exhibit
from gonogo.report.heat import Heat, heat
from gonogo.report.page import render
from gonogo.report.plots import Plots, dump_plots, load_plots
from gonogo.runs.run import Run

MakeRun = Callable[..., Run]


def markup(drawing: object) -> str:
    """What stands in the page."""
    return str(Markup.escape(drawing))


def series(replica: str = "a/iris/0", *, limit: float | None = 0.5) -> ReplicaSeries:
    """A replica that reached its CPU limit in the middle of a run of 10 s."""
    t_s = tuple(float(t) for t in range(-1, 12))
    cpu = tuple(0.5 if 4 <= t <= 6 else 0.2 for t in t_s)
    held = tuple(0.3 if 4 <= t <= 6 else 0.0 for t in t_s)
    return ReplicaSeries(replica, t_s, cpu, (200 * 2**20,) * len(t_s), held, limit, None)


def test_a_stall_is_seen_in_its_moment(make_run: MakeRun) -> None:
    """Requests that waited for 0.5 s are high up in the columns of that time, and in no other."""
    run = make_run(requests=6000, rate=100.0)
    columns = run.columns
    stalled = (columns.due_s >= 30) & (columns.due_s < 31)
    late = replace(run, columns=replace(columns, done_s=np.where(stalled, columns.done_s + 0.5, columns.done_s)))
    high = [index for index, column in enumerate(heat(late).columns) if column[-3:] != "000"]
    assert high == [30]


def test_shares_of_a_moment_are_graded(make_run: MakeRun) -> None:
    """Where half of the requests had no answer, the moment has the highest grade but one of failures."""
    run = make_run(requests=6000, rate=100.0, failing=0.0)
    columns = run.columns
    lost = (columns.due_s >= 30) & (columns.due_s < 31) & (np.arange(6000) % 2 == 0)
    error = np.where(lost, 1, 0).astype(np.int8)
    failed = heat(replace(run, columns=replace(columns, error=error))).failed
    assert failed == "0" * 30 + "6" + "0" * 29


def test_a_run_without_answers_has_no_map(make_run: MakeRun) -> None:
    """There is no latency to show."""
    assert heat(make_run(failing=1.0)) == Heat()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # the fixture is a plain function
@given(requests=st.integers(1, 400), failing=st.floats(0, 1))
def test_a_map_holds_every_moment(make_run: MakeRun, requests: int, failing: float) -> None:
    """However short the run: as many columns as moments, each of the same height, in digits only."""
    made = heat(make_run(requests=requests, failing=failing))
    assert len(made.failed) == len(made.columns)
    assert len({len(column) for column in made.columns}) <= 1


@pytest.mark.parametrize(
    "damage", [{"failed": "00"}, {"columns": ("00", "0"), "failed": "00"}, {"columns": ("<x",), "failed": "0"}]
)
def test_a_damaged_map_is_refused(damage: dict[str, object]) -> None:
    """It is made anew from the rows then."""
    with pytest.raises(UsageError, match="it is made anew"):
        Heat(1.0, 2.0, **damage)  # type: ignore[arg-type] # damaged on purpose


def test_a_map_survives_its_file(make_run: MakeRun) -> None:
    """Digits with leading zeros stay text."""
    plots = digest(make_run(failing=0.1))
    loaded = load_plots(dump_plots(plots))
    assert loaded is not None
    assert loaded.heat == plots.heat


def test_the_map_is_drawn_in_few_paths(make_run: MakeRun) -> None:
    """One for each shade; what was not answered is a band with its name."""
    text = markup(heat_chart(digest(make_run(requests=6000, failing=0.2)), [0.05], "x"))
    assert 2 <= len(re.findall('<path [^>]*class="h[1-6]"', text)) <= 6
    assert re.search('class="l[1-6]"', text)
    assert "not answered" in text
    assert "limit 50 ms" in text


@pytest.mark.parametrize("limits", [[], [0.05]])
def test_a_run_without_answers_is_drawn(make_run: MakeRun, limits: list[float]) -> None:
    """Where not one request was answered, the picture holds no shade, with and without a limit to draw."""
    assert not re.search('class="h[1-6]"', markup(heat_chart(digest(make_run(failing=1.0)), limits, "x")))


def test_runs_over_one_another_have_a_line_each(make_run: MakeRun) -> None:
    """In the classes that the table beside them explains, and in words for who cannot see them."""
    plots = digest(make_run())
    text = markup(overlay_chart({"slow": plots, "fast": plots}, "x"))
    assert [f'class="c{index}"' in text for index in range(3)] == [True, True, False]
    assert "slow: p50" in text
    assert "fast: p50" in text


def page_of(judgment: Judgment, plots: Plots) -> str:
    """The page of a judgment whose runs have the same plots."""
    return render([Exhibit(judgment, "", {run.name: plots for run in judgment.runs})])


@pytest.mark.parametrize(("runs", "shown"), [(1, False), (2, True), (MOST_RUNS, True), (MOST_RUNS + 1, False)])
def test_two_to_eight_runs_are_compared(
    make_judgment: Callable[..., Judgment],
    make_run: MakeRun,
    runs: int,
    shown: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """One has nothing to be compared with, and more than eight lines cannot be told apart."""
    page = page_of(make_judgment(runs=runs), digest(make_run()))
    assert ("Runs compared" in page) is shown


def test_cpu_shows_limit_and_throttling(make_run: MakeRun) -> None:
    """On the run's own time axis; samples before and after it are left out."""
    text = markup(cpu_chart(digest(make_run()), [series()], "x"))
    assert "limit 0.5" in text
    assert 'class="c0 held"' in text
    assert "held back in 3 of 13 samples" in text
    line = re.search('d="([^"]*)" class="c0"', text)
    assert line is not None
    assert len(re.findall("[ML]", line.group(1))) == 10


def test_a_far_limit_does_not_squeeze_the_lines(make_run: MakeRun) -> None:
    """It stands in the words only."""
    text = markup(cpu_chart(digest(make_run()), [series(limit=16.0)], "x"))
    assert text.count("limit 16") == 1
    assert "<desc" in text


def test_memory_is_told_in_mebibytes(make_run: MakeRun) -> None:
    """With round figures at the axis."""
    text = markup(memory_chart(digest(make_run()), [series()], "x"))
    assert ">200 MiB</text>" in text
    assert "from 200 MiB to 200 MiB" in text


def test_many_replicas_are_drawn_up_to_a_number(make_run: MakeRun) -> None:
    """All of them stand in the words."""
    many = [series(f"a/iris/{index}") for index in range(MOST_REPLICAS + 3)]
    text = markup(cpu_chart(digest(make_run()), many, "x"))
    assert f'class="c{MOST_REPLICAS}"' not in text
    assert f"a/iris/{MOST_REPLICAS + 2}: from" in text


def test_series_of_unequal_length_are_refused() -> None:
    """By the value itself."""
    with pytest.raises(UsageError, match="a/iris/0: series of a replica differ in length"):
        ReplicaSeries("a/iris/0", (1.0, 2.0), (0.1,), (1, 2))
