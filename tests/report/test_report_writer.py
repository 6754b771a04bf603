"""Writing: after every test, as a whole, with the plots made once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.errors import EnvironmentFault, UsageError
from gonogo.gate.judgment import Judgment
from gonogo.report.plots import load_plots
from gonogo.report.reader import read
from gonogo.report.writer import write, write_page
from gonogo.runs.run import Run
from gonogo.verdicts.verdict import Outcome


class Rows:
    """A loader of runs that remembers which folders it was asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.asked: list[Path] = []

    def __call__(self, folder: Path) -> Run:
        """Return the same run for every folder."""
        self.asked.append(folder)
        return self.run


@pytest.fixture
def rows(make_run: Callable[..., Run]) -> Rows:
    """Rows of one run for every folder."""
    return Rows(make_run())


def gone(folder: Path) -> Run:
    """A loader that finds nothing."""
    raise UsageError("no requests.parquet", where=str(folder))


def folder_for(judgment: Judgment, path: Path) -> Path:
    """A judgment folder with a folder for every run."""
    for entry in judgment.runs:
        (path / entry.folder).mkdir(parents=True)
    return path


def test_all_four_files_are_written(tmp_path: Path, good: Judgment, rows: Rows) -> None:
    """A judgment is JSON, Markdown, JUnit XML and a page, and nothing else lies about."""
    write(good, folder_for(good, tmp_path), load_run=rows)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "index.html",
        "judgment.json",
        "judgment.md",
        "junit.xml",
        "runs",
    ]


def test_plots_are_made_once(tmp_path: Path, good: Judgment, rows: Rows) -> None:
    """A second write reads the small numbers, not the rows."""
    folder_for(good, tmp_path)
    write(good, tmp_path, load_run=rows)
    first = (tmp_path / "index.html").read_text(encoding="utf-8")
    write(good, tmp_path, load_run=gone)
    assert rows.asked == [tmp_path / "runs" / "load"]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == first


def test_kept_plots_are_strict_json(tmp_path: Path, good: Judgment, make_run: Callable[..., Run]) -> None:
    """With unanswered requests in them, too; and they are read back whole."""
    write(good, folder_for(good, tmp_path), load_run=Rows(make_run(failing=0.3)))
    text = (tmp_path / "runs" / "load" / "plots.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["latency"][-1] == "Infinity"
    plots = load_plots(text)
    assert plots is not None
    assert set(plots.outcomes) == {"200", "timeout"}


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"schema": "gonogo.plots/1", "t_s": [1], "due": []}'])
def test_damaged_plots_are_made_anew(tmp_path: Path, good: Judgment, rows: Rows, damage: str) -> None:
    """What cannot be read is no reason for a missing plot."""
    folder_for(good, tmp_path)
    (tmp_path / "runs" / "load" / "plots.json").write_text(damage, encoding="utf-8")
    write(good, tmp_path, load_run=rows)
    assert len(rows.asked) == 1


def test_rows_that_cannot_be_read_cost_the_plots_only(tmp_path: Path, good: Judgment) -> None:
    """The judgment is written, and the page says what is missing."""
    write(good, folder_for(good, tmp_path), load_run=gone)
    assert read(tmp_path).outcome is Outcome.GO
    assert "No plots: its rows cannot be read" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_run_outside_of_the_folder_is_not_read(tmp_path: Path, good: Judgment, rows: Rows) -> None:
    """A judgment from elsewhere cannot make the page read what lies beside it."""
    stray = replace(good, runs=(replace(good.runs[0], folder="../../elsewhere"),))
    write(stray, tmp_path, load_run=rows)
    assert rows.asked == []


def test_a_session_that_dies_leaves_what_was_known(tmp_path: Path, make_judgment: Callable[..., Judgment]) -> None:
    """After a write of an unfinished session, everything in the folder says so and nothing says GO."""
    write(make_judgment(complete=False, outcome=Outcome.GO), tmp_path, load_run=gone)
    judgment = read(tmp_path)
    assert (judgment.complete, judgment.outcome) == (False, Outcome.INCONCLUSIVE)
    for name in ("judgment.md", "index.html"):
        assert "cut short" in (tmp_path / name).read_text(encoding="utf-8")


def test_a_folder_that_vanished_is_one_clear_fault(tmp_path: Path, good: Judgment, rows: Rows) -> None:
    """The fault names the file and what to do."""
    with pytest.raises(EnvironmentFault, match=r"judgment\.json: it cannot be written"):
        write(good, tmp_path / "gone", load_run=rows)


def test_one_page_shows_several_judgments(tmp_path: Path, good: Judgment, rows: Rows) -> None:
    """Folders are named on the page, and their runs have plots."""
    for name in ("monday", "tuesday"):
        write(good, folder_for(good, tmp_path / name), load_run=rows)
    write_page([tmp_path / "monday", tmp_path / "tuesday" / "judgment.json"], tmp_path / "page.html", load_run=gone)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "monday: GO; tuesday: GO." in page
    assert page.count("Latency of answered requests over time</title>") == 2


@pytest.mark.parametrize(
    ("paths", "out", "message"),
    [
        ([], "page.html", "no judgment to show"),
        (["nothing"], "page.html", "no judgment can be read here"),
        (["good"], "no/such/page.html", "folder for the page does not exist"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused(
    tmp_path: Path, good: Judgment, rows: Rows, paths: list[str], out: str, message: str
) -> None:
    """Each mistake has its sentence."""
    write(good, folder_for(good, tmp_path / "good"), load_run=rows)
    with pytest.raises(UsageError, match=message):
        write_page([tmp_path / path for path in paths], tmp_path / out, load_run=rows)
