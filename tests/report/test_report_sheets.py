"""What stands around the drawings: figures of a run, groups of criteria, facts, comparison."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from gonogo.gate.judgment import CriterionEntry, Judgment, ReplicaUsage, RunEntry
from gonogo.report.comparison import compare
from gonogo.report.digest import digest
from gonogo.report.exhibit import Exhibit
from gonogo.report.facts import NOT_RECORDED, host_of, key_facts, started
from gonogo.report.groups import group_criteria, interval_text, latency_limits, short_test
from gonogo.report.outline import Branch, outline
from gonogo.report.plain import one_line, plain
from gonogo.report.sheet import allowed_lag, cut_short, headline, outcome_lines, run_lines, usage_lines
from gonogo.runs.run import Columns, Run
from gonogo.runs.summary import summarize
from gonogo.verdicts.verdict import Outcome, Verdict


def entry(expression: str, test: str = "f.py::a", run: str = "load", outcome: Outcome = Outcome.GO) -> CriterionEntry:
    """A criterion of 50 ms whatever it is about."""
    return CriterionEntry(test, run, Verdict(outcome, expression, 0.01, 0.0, 0.02, 0.05, "s", 9, 0.95, ""))


def test_every_request_has_one_outcome(make_run: Callable[..., Run]) -> None:
    """Statuses and failures of the plots add up to what was due in every bin."""
    plots = digest(make_run(failing=0.3))
    totals = np.sum(list(plots.outcomes.values()), axis=0)
    assert totals == pytest.approx(np.array(plots.due), rel=1e-3)


def test_a_run_without_requests_has_no_plots(make_run: Callable[..., Run]) -> None:
    """There is nothing to draw of nothing."""
    run = make_run()
    empty = {name: getattr(run.columns, name)[:0] for name in Columns.__dataclass_fields__ if name != "extracted"}
    assert digest(Run(Columns(**empty), run.facts)).t_s == ()


def test_a_short_run_has_few_bins(make_run: Callable[..., Run]) -> None:
    """A bin holds enough requests that its rate means something."""
    assert len(digest(make_run(requests=1000)).t_s) == 20
    assert len(digest(make_run(requests=60)).t_s) == 10


def test_a_steady_rate_is_drawn_steady(make_run: Callable[..., Run]) -> None:
    """The edges of the bins make no ripples of their own: every bin holds as many requests."""
    due = digest(make_run(requests=10_000, rate=1000.0)).due
    assert max(due) / min(due) < 1.015


def test_the_sheet_shows_what_the_summary_has(make_run: Callable[..., Run]) -> None:
    """Groups of labelled figures with units, in the words of the summary."""
    sheet = {line.label: line.text for _, lines in run_lines(summarize(make_run())) for line in lines}
    assert sheet["requests"] == "1,000"
    assert sheet["rate asked for"] == "100/s"
    assert sheet["success"] == "100 %"
    assert sheet["lag p99"] == "20 µs"


@pytest.mark.parametrize("summary", [{}, {"requests": None, "latency_s": None, "status": [], "facts": 3}])
def test_a_sheet_leaves_out_what_is_not_known(summary: dict[str, object]) -> None:
    """A summary of another make is shown as far as it goes, and never breaks the page."""
    assert run_lines(summary) == ()
    assert headline(summary) == ""
    assert outcome_lines(summary) == ()
    assert cut_short(summary) == ""


def test_a_run_is_told_in_one_line(make_run: Callable[..., Run]) -> None:
    """Requests, rate, success, and a p99 that says whose it is."""
    assert headline(summarize(make_run())) == "1,000 requests at 100/s, success 100 %, answered p99 10.2 ms"


def test_outcomes_come_with_counts_and_shares(make_run: Callable[..., Run]) -> None:
    """The most frequent first, shares of all requests due."""
    lines = outcome_lines(summarize(make_run(failing=0.3)))
    assert [(line.label, line.count, line.share, line.kind) for line in lines] == [
        ("200", "674", "67.4 %", "s2"),
        ("timeout", "326", "32.6 %", "failure"),
    ]


def test_usage_is_mean_cores_over_the_run() -> None:
    """CPU seconds are divided by the seconds that the load and its answers took."""
    usage = ReplicaUsage("ns/svc/0", 5.0, 300 * 2**20, None, 2, ("cpu 0.5 cores: enforced",))
    lines = usage_lines(RunEntry("r", "t", "runs/r", {"attack_s": 9.0, "wait_s": 1.0}, (usage,)))
    assert (lines[0].cpu, lines[0].memory, lines[0].throttled) == ("0.5 cores", "300 MiB", "unknown")


@pytest.mark.parametrize(
    ("facts", "allowed"), [({}, 0.001), ({"tightest_limit_s": 0.05}, 0.0025), ({"tightest_limit_s": 0.01}, 0.001)]
)
def test_the_lag_allowed_follows_from_the_tightest_limit(facts: dict[str, object], allowed: float) -> None:
    """One millisecond, or five percent of the tightest latency limit."""
    assert allowed_lag({"facts": facts}) == pytest.approx(allowed)


def test_groups_come_worst_first() -> None:
    """Criteria of one test and run stand together; the group with the worst leads."""
    judgment = Judgment(
        Outcome.NO_GO,
        "",
        complete=True,
        criteria=(entry("p99 <= 50ms"), entry("p50 <= 50ms", "f.py::b", outcome=Outcome.NO_GO), entry("max <= 50ms")),
    )
    groups = group_criteria(judgment)
    assert [(group.test, group.outcome, len(group.entries)) for group in groups] == [
        ("f.py::b", Outcome.NO_GO, 1),
        ("f.py::a", Outcome.GO, 2),
    ]


@pytest.mark.parametrize(
    ("low", "high", "confidence", "text"),
    [
        (0.04, 0.05, 0.95, "95 % sure: 40 ms to 50 ms"),
        (0.04, float("inf"), 0.95, "95 % sure: at least 40 ms"),
        (-float("inf"), 0.05, 0.99, "99 % sure: at most 50 ms"),
        (-float("inf"), float("inf"), 0.95, "95 % sure: no bound"),
        (float("inf"), float("inf"), 0.95, "95 % sure: beyond any number"),
        (0.04, 0.04, 1.0, "compared exactly"),
    ],
)
def test_intervals_are_told_in_words(low: float, high: float, confidence: float, text: str) -> None:
    """Open ends are words, not signs."""
    assert interval_text(Verdict(Outcome.GO, "x", 0.04, low, high, 0.05, "s", 9, confidence, "")) == text


def test_limits_of_service_latency_are_drawn_and_others_not() -> None:
    """Percentiles of the service have a line in its plots; the generator's, extremes and lower limits have none."""
    criteria = [
        entry(text) for text in ("p99 <= 50ms", "answered.p50 < 10ms", "lag.p99 <= 1ms", "max <= 1s", "p50 > 2ms")
    ]
    assert latency_limits(criteria) == (0.05, 0.01)


def test_tests_are_named_shortly_where_that_is_clear() -> None:
    """Two tests of one name in different files keep their files."""
    assert short_test("a.py::test_x", ["a.py::test_x", "a.py::test_y"]) == "test_x"
    assert short_test("a.py::test_x", ["a.py::test_x", "b.py::test_x"]) == "a.py::test_x"


def test_provenance_is_told_line_by_line() -> None:
    """Nested facts have a path, plain lists are one line, nothing known is left out."""
    facts = {"a": {"b": 1, "c": None}, "d": ["x", 2], "e": [{"f": "g"}], "h": []}
    assert outline(facts) == (
        Branch("a.b", "1"),
        Branch("d", "x, 2"),
        Branch("e[0].f", "g"),
        Branch("h", "none"),
    )


def test_key_facts_stand_on_the_first_screen() -> None:
    """What, which model, image and commit, where and when; what identifies it says when it was not recorded."""
    facts = {
        "images": {"iris": "sha256:" + "ab" * 32},
        "model": "iris_svc.onnx",
        "commit": "0123456789abcdef0123456789abcdef01234567 with changes",
        "machine": {"host": "node", "cpu": "EPYC", "cores": 2, "memory": "8 GiB"},
        "started_at": "2025-06-01T14:00:00+02:00",
    }
    assert key_facts(facts) == (
        ("Service", NOT_RECORDED),
        ("Model", "iris_svc.onnx"),
        ("Image", "iris sha256:abababababab"),
        ("Commit", "0123456789ab with changes"),
        ("Machine", "EPYC, 2 cores, 8 GiB"),
        ("Started", "2025-06-01 12:00 UTC"),
    )
    assert host_of(facts) == "node"


def test_facts_that_are_not_known_are_not_made_up() -> None:
    """Without provenance, what was judged is not recorded; a start that is no time is none."""
    assert key_facts({}) == tuple((label, NOT_RECORDED) for label in ("Service", "Model", "Image", "Commit"))
    assert host_of({"machine": "x"}) == ""
    assert started({"started_at": "yesterday"}) is None


def test_judgments_are_compared_criterion_by_criterion() -> None:
    """Those that differ come first, and what one did not judge is a gap."""
    monday = Judgment(Outcome.GO, "", complete=True, criteria=(entry("p50 <= 50ms"), entry("p99 <= 50ms")))
    tuesday = Judgment(Outcome.GO, "", complete=True, criteria=(entry("p50 <= 50ms"),))
    rows = compare([Exhibit(monday, "m"), Exhibit(tuesday, "t")]).rows
    assert [(row.expression, row.differs, row.entries[1] is None) for row in rows] == [
        ("p99 <= 50ms", True, True),
        ("p50 <= 50ms", False, False),
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [("a\tb\nc", "a\tb\nc"), ("\x1b[31m", "␛[31m"), ("\x7f", "␡"), ("\x85\u202e\udc80", "���"), ("é ∞ 漢", "é ∞ 漢")],
)
def test_text_is_made_plain(text: str, seen: str) -> None:
    """What cannot be seen is shown, what can be read is left alone."""
    assert plain(text) == seen


def test_one_line_is_one_line() -> None:
    """Line ends of any kind are spaces."""
    assert one_line(" a\n\n b\u2028c\t") == "a b c"
