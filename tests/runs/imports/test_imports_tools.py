"""Files that the tools themselves wrote, read to the figures that the tools themselves gave."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.runs.imports.imported import Imported, Summary
from gonogo.runs.imports.registry import IMPORTERS, Importer, import_file, recognise
from gonogo.runs.imports.rows import Rows, kind_of_error
from gonogo.runs.run import ERRORS, Run

DATA = Path(__file__).parent / "data"
FILES = {
    "vegeta": ("vegeta.bin", "vegeta.json", "vegeta.csv"),
    "k6": ("k6.json", "k6.csv", "k6-micro.csv"),
    "Locust": ("locust_stats.csv", "locust_stats_history.csv"),
    "hey": ("hey.csv", "hey.txt"),
    "wrk": ("wrk.txt", "wrk-latency.txt"),
}


def run_of(name: str) -> Run:
    """The run in a file of single requests."""
    run = import_file(DATA / name).run
    assert run is not None
    return run


def summary_of(name: str) -> Summary:
    """The summary in a file of figures."""
    summary = import_file(DATA / name).summary
    assert summary is not None
    return summary


def errors_of(run: Run) -> dict[str, int]:
    """Failures by kind."""
    kinds, counts = np.unique(run.columns.error, return_counts=True)
    return {ERRORS[kind]: int(count) for kind, count in zip(kinds, counts, strict=True) if kind}


@pytest.mark.parametrize(("tool", "name"), [(tool, name) for tool, names in FILES.items() for name in names])
def test_files_are_known_by_what_stands_in_them(tool: str, name: str, tmp_path: Path) -> None:
    """Each is read by the importer of its tool, and of no other, whatever the file is called."""
    data = (DATA / name).read_bytes()
    assert [one.tool for one in IMPORTERS if one.recognises(data)] == [tool]
    (tmp_path / "results.dat").write_bytes(data)
    assert import_file(tmp_path / "results.dat").tool == tool


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b"a,b\n", b"\x00\xff" * 40, b"{broken", b"Summary:\n", b"1,2,3\n"]
)
def test_other_files_are_nobodys(data: bytes, tmp_path: Path) -> None:
    """They are refused, with the tools that are known."""
    assert recognise(data) is None
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(UsageError, match="no tool is known that writes such files; give results of vegeta, k6"):
        import_file(tmp_path / "file")


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(UsageError, match=r"nothing\.bin: it cannot be read"):
        import_file(tmp_path / "nothing.bin")


def test_vegeta_says_the_same_in_all_its_forms() -> None:
    """Binary, JSON and CSV of one attack are the same run; JSON times have no more than microseconds here."""
    binary, json, csv = (run_of(name) for name in FILES["vegeta"])
    for other, digits in ((json, 5), (csv, 6)):
        assert other.columns.due_s == pytest.approx(binary.columns.due_s, abs=10**-digits)
        for name in ("status", "error", "bytes_in", "target"):
            assert getattr(other.columns, name).tolist() == getattr(binary.columns, name).tolist()
        assert other.columns.latency_s == pytest.approx(binary.columns.latency_s, abs=1e-9)


def test_vegeta_is_read_as_vegeta_reports() -> None:
    """``vegeta report`` said: 60 requests, 61.03/s, success 86.67 %, mean 10.798 ms, attack 983.132 ms."""
    run = run_of("vegeta.bin")
    assert len(run.columns) == 60
    assert run.facts.attack_s == pytest.approx(0.983132, abs=1e-6)
    assert run.columns.success.mean() == pytest.approx(0.8667, abs=1e-4)
    assert run.columns.latency_s.mean() == pytest.approx(0.010798, abs=1e-6)
    assert errors_of(run) == {"timeout": 2}
    assert run.facts.targets == ("GET /predict",)
    assert run.facts.started_at.startswith("2026-11-22T02:59:2")


def test_requests_stand_in_order_of_sending() -> None:
    """Tools write them in the order in which they ended."""
    for name in ("vegeta.bin", "k6.json", "hey.csv"):
        assert (np.diff(run_of(name).columns.due_s) >= 0).all()


def test_a_result_that_is_cut_off_is_a_run_cut_short(tmp_path: Path) -> None:
    """An attack that was killed leaves what it had, and no GO comes of it."""
    (tmp_path / "cut.bin").write_bytes((DATA / "vegeta.bin").read_bytes()[:-7])
    run = import_file(tmp_path / "cut.bin").run
    assert run is not None
    assert (len(run.columns), run.facts.cut_short) == (59, "the file ends inside of a result")


def test_k6_puts_a_request_together_from_its_points() -> None:
    """The time blocked (connecting, TLS) counts beside the duration, and the end less both is the start."""
    run = run_of("k6.json")
    assert len(run.columns) == 40
    assert run.columns.success.sum() == 36
    assert errors_of(run) == {"timeout": 2}
    assert run.columns.latency_s.max() == pytest.approx(0.301, abs=0.002)
    assert run.facts.attack_s == pytest.approx(1.0, abs=0.01)


def test_k6_that_dropped_iterations_is_no_measurement() -> None:
    """What was due and never sent makes the run INVALID, with the figures."""
    run = run_of("k6.json")
    assert not run.facts.valid
    assert run.facts.invalid_reason == "k6 dropped 1 of 41 iterations that were due"


def test_k6_csv_in_whole_seconds_tells_no_throughput() -> None:
    """In microseconds it does."""
    assert "throughput" in import_file(DATA / "k6.csv").refused
    assert "throughput" not in import_file(DATA / "k6-micro.csv").refused


def test_k6_errors_have_a_kind() -> None:
    """A closed connection (``EOF``, which k6 gives the code of any error) is a reset."""
    assert errors_of(run_of("k6-micro.csv")) == {"timeout": 2, "reset": 1}


def test_hey_table_is_rounded_and_lacks_failures() -> None:
    """Both are said, and forbid what they must."""
    imported = import_file(DATA / "hey.csv")
    assert imported.resolution_s == 1e-4
    assert {"success", "errors", "status"} <= imported.refused.keys()
    assert len(run_of("hey.csv").columns) == 60


SUMMARIES = {
    "hey.txt": (60, {"success": 0.9, "status[503]": 0.1, "max": 0.5038, "p95": 0.5002, "p50": 0.0001}),
    "wrk.txt": (294, {"success": 247 / 294, "max": 0.50457, "mean": 0.12619, "throughput": 247 / 1.1}),
    "wrk-latency.txt": (175, {"p50": 0.000207, "p99": 0.50062}),
    "locust_stats.csv": (61, {"success": 1 - 10 / 61, "p50": 0.002, "p99": 0.51, "max": 0.5121135}),
    "locust_stats_history.csv": (61, {"success": 1 - 10 / 61, "max": 0.5121135}),
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_keep_the_figures_that_they_give(name: str) -> None:
    """In seconds and shares, under the names that criteria use."""
    requests, figures = SUMMARIES[name]
    summary = summary_of(name)
    assert summary.requests == requests
    assert {key: summary.figures[key] for key in figures} == pytest.approx(figures, rel=1e-3)


def test_percentiles_that_hey_could_not_tell_are_left_out() -> None:
    """It prints 0% in 0.0000 secs for a level that too few requests reach."""
    assert not {"p0", "p99"} & summary_of("hey.txt").figures.keys()


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("vegeta.json", (b'"timestamp":', b'"time":'), "line 2: this is no result of vegeta"),
        ("vegeta.csv", (b"\n17", b"\nx7"), "line 2: this is no result of vegeta"),
        ("k6.json", (b'"value":', b'"worth":'), "this is no point of k6"),
        ("k6.csv", (b"1.000000", b"one"), "line 2: this is no point of k6"),
        ("hey.csv", (b",503,", b",bad,"), "this is no line of hey's table"),
        ("hey.txt", (b"responses", b"answers"), "hey's summary counts no request"),
        ("wrk.txt", (b"requests in", b"in"), "does not say how many requests"),
        ("locust_stats.csv", (b"Aggregated", b"Some"), "no line for all requests"),
        ("locust_stats.csv", (b",Aggregated,61", b",Aggregated,many"), "cannot be read"),
    ],
)
def test_damage_is_told_with_its_place(name: str, damage: tuple[bytes, bytes], message: str, tmp_path: Path) -> None:
    """A file of a tool that cannot be understood is one sentence, and never half a run."""
    data = (DATA / name).read_bytes()
    assert damage[0] in data
    # By its first line a file is known, so that only what comes after it is damaged; a short file is known by more.
    first, rest = data[:100], data[100:]
    (tmp_path / name).write_bytes(first + rest.replace(*damage) if damage[0] in rest else data.replace(*damage))
    with pytest.raises(UsageError, match=re.escape(message)):
        import_file(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "timeout"),
        ("dial tcp 127.0.0.1:1: connect: connection refused", "refused"),
        ("read tcp 127.0.0.1:2->127.0.0.1:1: read: connection reset by peer", "reset"),
        ('Get "http://a/": EOF', "reset"),
        ("dial tcp: lookup nowhere: no such host", "dns"),
        ("x509: certificate signed by unknown authority", "tls"),
        ("malformed HTTP response", "protocol"),
        ("something else", "connect"),
    ],
)
def test_texts_of_errors_have_a_kind(text: str, kind: str) -> None:
    """What Go's HTTP client says, as the kinds that criteria name."""
    assert kind_of_error(text) == kind


def test_an_import_without_requests_is_refused(tmp_path: Path) -> None:
    """A table with its head alone is no load."""
    (tmp_path / "hey.csv").write_bytes((DATA / "hey.csv").read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(UsageError, match="holds no request"):
        import_file(tmp_path / "hey.csv")


def test_a_time_outside_the_calendar_is_refused() -> None:
    """A damaged number of 93 billion seconds before our era is no date, and no traceback."""
    rows = Rows()
    rows.add(start_s=-93e9, latency_s=0.1, status=200, target="GET /")
    with pytest.raises(UsageError, match="which no calendar has"):
        rows.run("k6.csv", epoch=True)


@pytest.mark.parametrize("name", [name for names in FILES.values() for name in names])
def test_every_import_says_what_it_cannot_tell(name: str) -> None:
    """At least one sentence, each with its full stop."""
    imported: Imported = import_file(DATA / name)
    assert imported.notes
    assert all(note.endswith(".") for note in imported.notes)


@pytest.mark.parametrize("tool", IMPORTERS, ids=lambda one: one.tool)
@given(data=st.data())
def test_damage_of_any_kind_is_read_or_refused(tool: Importer, data: st.DataObject) -> None:
    """Files with bytes changed at random give a load or a UsageError, and nothing else."""
    name = data.draw(st.sampled_from(FILES[tool.tool]))
    whole = bytearray((DATA / name).read_bytes()[:3000])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        whole[place] = data.draw(st.sampled_from([0, 9, 10, 34, 44, 45, 46, 48, 57, 78, 101, 123, 255]))
    try:
        tool.read(bytes(whole), name)
    except UsageError:
        return
