"""The first screen's words about the last judgment, and how that judgment is found."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.gate.judgment import Change, CriterionChange, Judgment
from gonogo.report.document import dump_judgment
from gonogo.report.earlier import find_earlier
from gonogo.report.since import change_lines, headline_of
from gonogo.verdicts.verdict import Outcome

GO, NO_GO, OPEN = Outcome.GO, Outcome.NO_GO, Outcome.INCONCLUSIVE


def changed(before: Outcome | None, now: Outcome | None, then: float, seen: float) -> CriterionChange:
    """A p99 then and now."""
    return CriterionChange("f.py::test_a", "p99 <= 50ms", "s", before, now, then, seen)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (changed(GO, NO_GO, 0.01, 3.0), "worse: p99 <= 50ms: 10 ms → 3 s (test_a), GO → NO-GO"),
        (changed(NO_GO, GO, 3.0, 0.01), "better: p99 <= 50ms: 3 s → 10 ms (test_a), NO-GO → GO"),
        (changed(GO, GO, 0.01, 0.02), "worse: p99 <= 50ms: 10 ms → 20 ms (test_a)"),
        (changed(None, GO, math.nan, 0.01), "p99 <= 50ms: 10 ms (test_a), new, GO"),
        (changed(GO, None, 0.01, math.nan), "p99 <= 50ms: judged no more (test_a), was GO"),
    ],
)
def test_a_change_is_one_line(one: CriterionChange, text: str) -> None:
    """Direction, criterion, figures and outcomes."""
    assert [str(line) for line in change_lines(Change("judgment-1", "", GO, (one,)))] == [text]


def test_what_is_left_is_counted() -> None:
    """Three criteria are shown; the others, those that stayed, and what was judged, are one line."""
    change = Change("x", "", GO, (changed(GO, NO_GO, 0.01, 3.0),) * 5, same=2, facts=("commit", "model"))
    lines = change_lines(change)
    assert len(lines) == 4
    assert lines[-1].text == "2 criteria more; 2 criteria as before; another commit, model"


@pytest.mark.parametrize(
    ("now", "text"), [(NO_GO, "GO on 2025-06-01, NO-GO now"), (GO, "GO on 2025-06-01, still GO now")]
)
def test_the_verdict_then_and_now(now: Outcome, text: str) -> None:
    """With the day, where it is known."""
    assert headline_of(Change("x", "2025-06-01T12:00:00+00:00", GO), now) == text
    assert headline_of(Change("x", "yesterday", GO), NO_GO) == "GO, NO-GO now"


def keep(judgment: Judgment, folder: Path, started_at: str) -> None:
    """Store a judgment that an earlier session left."""
    folder.mkdir()
    dated = replace(judgment, scope="all", provenance={"started_at": started_at})
    (folder / "judgment.json").write_text(dump_judgment(dated), encoding="utf-8")


def test_the_newest_kept_judgment_is_found(tmp_path: Path, good: Judgment) -> None:
    """Beside this session's folder; other folders, broken files and the folder itself are passed over."""
    keep(good, tmp_path / "judgment-20250601T120000Z", "2025-06-01T12:00:00+00:00")
    keep(good, tmp_path / "judgment-20250602T120000Z", "2025-06-02T12:00:00+00:00")
    keep(good, tmp_path / "judgment", "2025-06-04T12:00:00+00:00")
    keep(good, tmp_path / "else-20250605T120000Z", "2025-06-05T12:00:00+00:00")
    (tmp_path / "judgment-20250603T120000Z").mkdir()
    (tmp_path / "judgment-20250603T120000Z" / "judgment.json").write_text("{", encoding="utf-8")
    found = find_earlier(tmp_path / "judgment", "all")
    assert found is not None
    assert found[0] == "judgment-20250602T120000Z"
    assert find_earlier(tmp_path / "judgment", "a part") is None
    assert find_earlier(tmp_path / "no" / "judgment", "all") is None


def test_a_change_survives_its_file(tmp_path: Path, make_judgment: Callable[..., Judgment]) -> None:
    """Steps, change and series of a judgment that is read back are those that were written."""
    judgment = make_judgment()
    keep(judgment, tmp_path / "judgment-1", "2025-06-01T12:00:00+00:00")
    found = find_earlier(tmp_path / "judgment", "all")
    assert found is not None
    assert found[1].next_steps == judgment.next_steps
    assert found[1].runs[0].usage_over_time == judgment.runs[0].usage_over_time
    assert found[1].change is not None
    assert judgment.change is not None
    assert found[1].change.criteria[0] == judgment.change.criteria[0]
