"""Speed, deadlines and drift: the arithmetic, and what the job does with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.batch_tables import Job, Table
from gonogo_services.batch.deadline import foresee, parse_deadline
from gonogo_services.batch.drift import bin_counts, bin_edges, share, stability_index
from gonogo_services.batch.errors import LATE, DeadlineRefused
from gonogo_services.batch.pace import Estimate, Pace
from gonogo_services.batch.progress import Progress
from gonogo_services.errors import SettingsError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_interval_of_the_time_left_holds_what_it_promises() -> None:
    """The true time lies within the 95 % interval as often as that says.

    2,000 runs of 40 chunks with exponential noise; with a true coverage of 93 % (t on skewed data covers a little less
    than it says) fewer than 1,800 hits would be five standard deviations off.
    """
    source = np.random.default_rng(5)
    hits = 0
    for _ in range(2000):
        pace = Pace()
        for rows in source.integers(500, 1500, 40):
            pace.add(int(rows), rows * 1e-5 * (0.5 + source.exponential(0.5)))
        found = pace.estimate(1_000_000)
        assert found is not None
        hits += found.low_s <= 10.0 <= found.high_s
    assert 1800 <= hits <= 1980


@given(st.lists(st.tuples(st.integers(1, 10_000), st.floats(1e-6, 10)), min_size=3, max_size=30), st.integers(1, 10**7))
def test_an_estimate_is_ordered_and_scales_with_the_rows(chunks: list[tuple[int, float]], rows: int) -> None:
    """The bounds enclose the expected time, and no rows need no time."""
    pace = Pace()
    for chunk in chunks:
        pace.add(*chunk)
    found = pace.estimate(rows)
    assert found is not None
    assert 0 <= found.low_s <= found.expected_s <= found.high_s
    assert pace.estimate(0) == Estimate(0, 0, 0)


def test_two_chunks_are_too_few_for_an_interval() -> None:
    """Nothing is promised from two chunks."""
    pace = Pace()
    pace.add(10, 1)
    pace.add(10, 1)
    assert pace.estimate(100) is None


def test_progress_says_when_it_will_be_done() -> None:
    """A line has the rows, the rate, and the expected finish with its interval."""
    clock = iter([0.0, 1.0, 2.0, 3.0]).__next__
    progress = Progress(clock, total=1000)
    for _ in range(3):
        progress.done(100, 0, 0)
    assert progress.line() == "300 of 1,000 rows (30.0%), 100 rows/s, done in about 7 s (7 s to 7 s)"


def test_a_recount_takes_the_work_of_others_into_account() -> None:
    """When others do as many rows as this job, the rest takes half the time."""
    clock = iter([0.0, 1.0, 2.0, 3.0]).__next__
    progress = Progress(clock, total=1000)
    for _ in range(3):
        progress.done(100, 0, 0)
    progress.recounted(400)
    found = progress.estimate()
    assert found is not None
    assert found.expected_s == pytest.approx(2)


@pytest.mark.parametrize(
    ("left_s", "in_time", "late", "jobs"),
    [(100, True, False, 1), (12, True, False, 1), (11, False, False, 2), (9, False, True, 2), (3, False, True, 4)],
)
def test_a_forecast_compares_the_whole_interval(left_s: float, in_time: bool, late: bool, jobs: int) -> None:  # noqa: FBT001
    """In time only with the whole interval, late from the expected finish on, and enough jobs for the upper bound."""
    found = foresee(Estimate(8, 10, 12), left_s)
    assert (found.in_time, found.late, found.jobs) == (in_time, late, jobs)


def test_deadlines_are_moments_or_durations() -> None:
    """Both ways of writing a deadline come to a moment with a zone."""
    assert parse_deadline("90s", NOW) == NOW + timedelta(seconds=90)
    assert parse_deadline("1.5h", NOW) == NOW + timedelta(minutes=90)
    assert parse_deadline("2026-03-01T06:00:00+01:00", NOW) == NOW + timedelta(hours=5)
    assert parse_deadline("2026-03-01T06:00:00", NOW) == NOW + timedelta(hours=6)
    with pytest.raises(SettingsError, match="'tomorrow' is no moment"):
        parse_deadline("tomorrow", NOW)


def test_a_job_that_would_be_late_refuses_before_it_begins(table: Table, job: Job) -> None:
    """refuse: the trial is rolled back, nothing is predicted, and the message has the times."""
    table.fill(600)
    table.audited()
    with pytest.raises(DeadlineRefused, match="nothing was done"):
        job(table.url, "--deadline", "2020-01-01", "--on-deadline", "refuse")
    assert table.unpredicted() == 600
    assert table.audit() == []


def test_a_job_that_is_late_and_only_warns_does_its_rows(sqlite_table: Table, job: Job) -> None:
    """warn: says that it will be late, does everything, and ends with the status of a late job."""
    sqlite_table.fill(600)
    ended = job(sqlite_table.url, "--deadline", "2020-01-01")
    assert ended.status == LATE
    assert "warning: the deadline will not be met" in ended.lines
    assert (ended.summary["late"], ended.summary["predicted"]) == (True, 600)


def test_a_job_in_time_says_so_beforehand(table: Table, job: Job) -> None:
    """With time enough the forecast is told and the job ends well; the trial leaves nothing behind."""
    table.fill(600)
    table.audited()
    ended = job(table.url, "--deadline", "10h")
    assert ended.status == 0
    assert "as measured in a trial that was rolled back" in ended.lines
    assert len(table.audit()) == 600


def test_a_job_that_would_be_late_gets_helpers(sqlite_table: Table, job: Job) -> None:
    """scale: further jobs are started, and all rows are still done once."""
    sqlite_table.fill(3000)
    sqlite_table.audited()
    ended = job(
        sqlite_table.url,
        *("--deadline", "2020-01-01", "--on-deadline", "scale", "--jobs", "2", "--chunk", "50"),
        PATH="",
        BATCH_PROGRESS_S="1",
    )
    assert "working with 2 jobs from now on" in ended.lines
    assert ended.summary["predicted"] == 3000
    assert len(sqlite_table.audit()) == 3000


def test_the_stability_index_of_one_population_reaches_zero() -> None:
    """Two samples of one population: the interval's lower bound is 0 about as often as 97.5 % says.

    1,000 pairs; 975 are expected with a standard deviation of 5.
    """
    source = np.random.default_rng(11)
    reference = source.normal(size=2000)
    edges = bin_edges(reference)
    hits = 0
    for _ in range(1000):
        first, second = (bin_counts(source.normal(size=size), edges) for size in (2000, 400))
        hits += stability_index(first, second).low == 0
    assert 950 <= hits <= 998


def test_the_stability_index_sees_a_shift() -> None:
    """A mean that moves by one standard deviation is far above any usual limit, with the whole interval."""
    source = np.random.default_rng(12)
    reference = source.normal(size=2000)
    edges = bin_edges(reference)
    found = stability_index(bin_counts(reference, edges), bin_counts(source.normal(1.0, 1.0, 500), edges))
    assert found.low > 0.2


def test_an_empty_bin_leaves_the_index_finite() -> None:
    """A class that never came in the sample does not make the index infinite."""
    assert np.isfinite(stability_index([100, 100], [0, 50]).value)


@given(st.integers(1, 10**6).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_a_share_lies_in_its_interval(pair: tuple[int, int]) -> None:
    """Every share has bounds between 0 and 1 that enclose it."""
    found = share(*pair)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1


def test_a_sample_of_unchanged_rows_is_go(table: Table, job: Job, tmp_path: Path) -> None:
    """Rows like those of the reference: GO, and the database is as it was."""
    table.fill(1000)
    table.audited()
    reference = str(tmp_path / "reference.json")
    job(table.url, "--sample", "1000", "--write-reference", reference)
    ended = job(table.url, "--sample", "700", "--sample-seed", "3", "--reference", reference)
    assert (ended.status, ended.summary["verdict"]) == (0, "GO")
    assert {part["name"] for part in ended.summary["criteria"]} >= {"failures", "drift of predictions"}
    assert table.audit() == []
    assert table.unpredicted() == 1000


def test_a_sample_of_other_rows_is_no_go(sqlite_table: Table, job: Job, tmp_path: Path) -> None:
    """Rows of only one class and of another size: NO-GO, and the drifting parts are named."""
    sqlite_table.fill(1000)
    reference = str(tmp_path / "reference.json")
    job(sqlite_table.url, "--sample", "1000", "--write-reference", reference)
    sqlite_table.execute("DELETE FROM items")
    sqlite_table.add([[6.5, 3.0, 5.5, 2.0]] * 500)
    ended = job(sqlite_table.url, "--sample", "300", "--reference", reference)
    assert (ended.status, ended.summary["verdict"]) == (1, "NO-GO")
    assert {part["name"] for part in ended.summary["criteria"] if part["verdict"] == "NO-GO"} >= {
        "drift of petal length",
        "drift of predictions",
    }


def test_a_sample_with_too_many_bad_rows_is_no_go(sqlite_table: Table, job: Job) -> None:
    """Failures above their limit: NO-GO without any reference."""
    sqlite_table.fill(50)
    sqlite_table.add([[1, 2, 3]] * 50)
    ended = job(sqlite_table.url, "--sample", "100")
    assert (ended.status, ended.summary["criteria"][0]["value"]) == (1, 0.5)


def test_a_sample_too_small_to_tell_is_inconclusive(sqlite_table: Table, job: Job) -> None:
    """Ten good rows do not show that at most one in a hundred fails, and no rows show nothing."""
    assert job(sqlite_table.url, "--sample", "10").summary["verdict"] == "INCONCLUSIVE"
    sqlite_table.fill(10)
    ended = job(sqlite_table.url, "--sample", "10")
    assert (ended.status, ended.summary["verdict"]) == (3, "INCONCLUSIVE")


def test_a_seeded_sample_is_the_same_each_time(sqlite_table: Table, job: Job) -> None:
    """One seed, one table, one sample: also when the ids have gaps."""
    sqlite_table.fill(900)
    sqlite_table.execute("DELETE FROM items WHERE id % 7 <> 0 OR id BETWEEN 200 AND 800")
    first, second = (job(sqlite_table.url, "--sample", "20", "--sample-seed", "4").summary for _ in range(2))
    assert first["rows"] == 20
    assert first["classes"] == second["classes"]


@pytest.mark.parametrize(
    "content", ["{", '{"features": {}}', json.dumps({"model_sha256": "", "features": {}, "classes": {}})]
)
def test_a_reference_that_is_none_is_refused(sqlite_table: Table, job: Job, tmp_path: Path, content: str) -> None:
    """A file that is no reference is named."""
    path = tmp_path / "reference.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"reference .*reference\.json is (none|one of other)"):
        job(sqlite_table.url, "--sample", "10", "--reference", str(path))
