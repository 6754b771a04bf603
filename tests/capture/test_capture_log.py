"""A service's own log as a source: which lines count, what is missing in them and between them."""

import json
from pathlib import Path
from typing import Any

import pytest

from gonogo.capture.inlet import Scope
from gonogo.capture.log_feed import LogFeed
from gonogo.capture.reading import Reading
from gonogo.capture.record import Captured
from gonogo.capture.tail import Tail
from gonogo.errors import GrammarError
from gonogo.manifests.prediction_log import LogFields, read_log_fields

REPLICA = "127.0.0.1:1"
WHOLE: dict[str, Any] = {
    "time": "2025-01-31T09:30:00.500000+00:00",
    "worker": 7,
    "sequence": 1,
    "request_id": "r1",
    "method": "POST",
    "path": "/predict",
    "status": 200,
    "latency_s": 0.25,
    "model": "iris_svc.onnx",
    "headers": {"x-user-id": "u1"},
    "input": [[5.1, 3.5]],
    "answer": {"prediction": [[0.9, 0.1]]},
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The log of a replica."""
    return tmp_path / "log"


def feed(log: Path, where: LogFields | None = None, scope: Scope | None = None) -> LogFeed:
    """Return a reader of the log."""
    return LogFeed(Tail(log), REPLICA, where or LogFields(), Reading(), scope or Scope())


def write(log: Path, *lines: dict[str, Any] | str) -> None:
    """Append lines to the log."""
    with log.open("a") as file:
        file.writelines(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def told(log: Path, *lines: dict[str, Any] | str, where: LogFields | None = None) -> tuple[list[Captured], LogFeed]:
    """Return what a new reader makes of these lines."""
    write(log, *lines)
    reader = feed(log, where)
    return list(reader.news()), reader


def test_a_line_is_a_captured_request(log: Path) -> None:
    """It has what an Envoy's record has: begin, latency, bodies as a client's JSON, headers; and the model."""
    (one,), reader = told(log, WHOLE)
    assert (one.replica, one.request_id, one.method, one.path, one.status) == (
        *(REPLICA, "r1", "POST", "/predict"),
        200,
    )
    assert (one.latency_s, one.began_s, one.model, one.headers) == (
        *(0.25, 1738315800.25, "iris_svc.onnx"),
        {"user_id": "u1"},
    )
    assert json.loads(one.request.content) == {"data": [[5.1, 3.5]]}
    assert one.answer is not None
    assert one.answer.whole
    assert Reading().prediction(one.answer.content) is not None
    assert reader.gap().lacking == ()


def test_other_lines_are_left_out(log: Path) -> None:
    """A service writes more than its predictions, and a container's name may stand before a line."""
    noise = ["--- gonogo: started ---", "{not json", '{"level": "info", "message": "ready"}', "[1, 2]"]
    found, _ = told(log, *noise, f"[model] {json.dumps(WHOLE)}")
    assert [one.request_id for one in found] == ["r1"]


def test_a_request_without_an_id_is_nobodys(log: Path) -> None:
    """A client that sends none cannot be joined; the line still has its number."""
    found, reader = told(log, {**WHOLE, "request_id": None}, {**WHOLE, "sequence": 2})
    assert (len(found), reader.gap().lost) == (1, 0)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        *((name, name) for name in ("time", "status", "latency_s", "method", "path", "model", "input", "answer")),
        ("headers", "headers.x-user-id"),
    ],
)
def test_a_field_that_is_missing_is_counted(log: Path, field: str, named: str) -> None:
    """By the path where it was looked for."""
    _, reader = told(log, {key: value for key, value in WHOLE.items() if key != field})
    assert named in dict(reader.gap().lacking)


def test_a_refusal_needs_no_input(log: Path) -> None:
    """What was refused could not be read as rows, and may have no body."""
    found, reader = told(log, {**WHOLE, "status": 422, "input": None, "answer": None})
    assert (found[0].status, reader.gap().lacking) == (422, ())


def test_numbers_that_are_left_out_are_lost_lines(log: Path) -> None:
    """Each worker numbers its own lines; another worker's numbers say nothing of them."""
    lines = [{**WHOLE, "sequence": number} for number in (1, 2, 5)]
    _, reader = told(log, *lines, {**WHOLE, "worker": 8, "sequence": 1})
    assert reader.gap().lost == 2


def test_what_was_before_the_run_is_left_out_and_counted_on(log: Path) -> None:
    """A line that is lost between two runs is no loss of the second; one lost at its beginning is."""
    write(log, WHOLE, {**WHOLE, "sequence": 4})
    reader = feed(log)
    reader.skip()
    write(log, {**WHOLE, "sequence": 6, "request_id": "r6"})
    assert [one.request_id for one in reader.news()] == ["r6"]
    assert (reader.gap().seen, reader.gap().lost) == (1, 1)


def test_a_log_without_numbers_tells_of_lost_lines_itself(log: Path) -> None:
    """The line that says how many were lost counts."""
    _, reader = told(log, {"lost": 3}, WHOLE, where=LogFields(sequence=""))
    assert reader.gap().lost == 3


def test_fields_may_have_other_names(log: Path) -> None:
    """Paths lead into objects and lists; milliseconds are milliseconds."""
    where = read_log_fields(
        "{request_id: id, latency_ms: took, user_id: user.id, input: in.rows, answer: out.0, time: at}"
    )
    line = {"id": "r9", "took": 1.5, "user": {"id": 3}, "in": {"rows": [[1]]}, "out": [{"prediction": ["a"]}], "at": 9}
    known = {key: WHOLE[key] for key in ("method", "path", "status", "model")}
    (one,), reader = told(log, {**known, **line}, where=where)
    assert (one.latency_s, one.headers["user_id"], reader.gap().lacking) == (0.0015, "3", ())


def test_standard_output_means_the_usual_names() -> None:
    """As gonogo's own services write them."""
    assert read_log_fields("stdout") == LogFields()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("stderr", "says no log"),
        ("{request: id}", "no field 'request'"),
        ("{request_id: 'a b'}", "no path"),
        ("{request_id: }", "without request ids"),
        ("{", "no YAML"),
        (5, "says no log"),
    ],
)
def test_what_says_no_log_is_refused(given: object, message: str) -> None:
    """With what is wrong in it."""
    with pytest.raises(GrammarError, match=message):
        read_log_fields(given)
