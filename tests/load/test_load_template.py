"""Templates, data sets, sizes and extraction: what fills a request, and what is kept of its answer."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import TargetError, UsageError
from gonogo.load.dataset import DataSet, data_set
from gonogo.load.engine.request import TargetRequests
from gonogo.load.engine.values import ValueLog
from gonogo.load.plan import LoadPlan
from gonogo.load.sizes import Lognormal, Uniform, Weighted, parse_size, sizes
from gonogo.load.target import Target
from gonogo.load.template import Place, Source, split
from gonogo.runs.run import ERRORS
from tests.load.harness import Drive, Server

_ROWS = [{"id": 1, "text": 'a "quoted" line\n'}, {"id": 2.5, "text": "ü/?&"}]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def _payloads(target: Target, count: int, seed: int = 0) -> list[bytes]:
    requests = TargetRequests(0, target, seed=seed, columns={}, values=ValueLog(-1))
    return [requests.request(number).payload for number in range(count)]


def _body(payload: bytes) -> bytes:
    return payload.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ("",)),
        ('{"data": [1]}', ('{"data": [1]}',)),
        ("/a/{user}", ("/a/", Place("user"), "")),
        ("{row.a b}{request_id}", ("", Place("row.a b"), "", Place("request_id"), "")),
        ("{{user}}", ("{user}",)),
        ('{"x": {row.x}}', ('{"x": ', Place("row.x"), "}")),
        ("{row.} {User} {filler", ("{row.} {User} {filler",)),
    ],
)
def test_what_is_a_place(text: str, parts: tuple[object, ...]) -> None:
    """Known words in braces are places, doubled braces the text itself; any other brace stands for itself."""
    assert split(text) == parts


def test_a_target_without_places_is_made_once() -> None:
    """All of its requests are one and the same object: templates cost such a target nothing."""
    requests = TargetRequests(0, Target("GET", "http://a/"), columns={}, values=ValueLog(-1))
    assert requests.request(0) is requests.request(1)


def test_rows_take_turns() -> None:
    """Request i has row i, and after the last the first again."""
    target = Target.build("GET", "http://a/{row.id}", data=_ROWS)
    assert [payload.split()[1] for payload in _payloads(target, 3)] == [b"/1", b"/2.5", b"/1"]


def test_values_are_written_so_that_they_stay_what_they_are() -> None:
    """In a path percent-encoded, in a JSON string escaped, alone in a JSON string the value itself."""
    target = Target.build(
        "POST", "http://a/{row.text}", json={"v": "{row.id}", "t": "no {row.id}: {row.text}", "{row.id}": 1}, data=_ROWS
    )
    first, second = _payloads(target, 2)
    assert second.split()[1] == b"/%C3%BC%2F%3F%26"
    assert json.loads(_body(first)) == {"v": 1, "t": 'no 1: a "quoted" line\n', "1": 1}


@given(value=_JSON)
def test_any_value_fills_json(value: object) -> None:
    """A string that is nothing but a place becomes the value, whatever JSON it is, and its neighbours stay."""
    target = Target.build(
        "POST", "http://a/", json=["{row.x}", {"a": 'q"{row.x}', "b": "{row.x}"}], data=[{"x": value}]
    )
    text = value if isinstance(value, str) else json.dumps(value)
    assert json.loads(_body(_payloads(target, 1)[0])) == [value, {"a": f'q"{text}', "b": value}]


@given(value=st.text())
def test_no_value_breaks_out_of_a_path(value: str) -> None:
    """A text in the path adds no space, slash, query or line."""
    target = Target.build("GET", "http://a/x-{row.x}-y", data=[{"x": value}])
    assert _payloads(target, 1)[0].split(b"\r\n")[0].count(b" ") == 2


def test_headers_are_filled() -> None:
    """A request has its own id and user."""
    target = Target.build("GET", "http://a/", headers={"X-Request-Id": "{request_id}", "X-User": "u{user}"}, users=3)
    heads = [dict(line.split(b": ") for line in one.split(b"\r\n")[1:-2]) for one in _payloads(target, 50)]
    assert len({uuid.UUID(head[b"X-Request-Id"].decode()) for head in heads}) == 50
    assert {head[b"X-User"] for head in heads} == {b"u0", b"u1", b"u2"}


def test_the_length_is_that_of_the_filled_body() -> None:
    """Content-Length follows the size of each body."""
    target = Target.build("POST", "http://a/", size="1KiB..8KiB")
    for payload in _payloads(target, 5):
        assert f"Content-Length: {len(_body(payload))}\r\n".encode() in payload


@given(seed=st.integers(0, 99), number=st.integers(0, 2**40))
def test_what_fills_a_place_follows_from_seed_and_number(seed: int, number: int) -> None:
    """Two sources of one seed give the same, two seeds do not."""
    one, same, other = (Source(str(s), users=10**9, data=None, sizes=None).draw(number) for s in (seed, seed, seed + 1))
    assert (one.request_id, one.user) == (same.request_id, same.user)
    assert one.request_id != other.request_id


def test_bodies_that_are_no_text_are_left_alone() -> None:
    """A body of arbitrary bytes has no places."""
    assert _body(_payloads(Target("POST", "http://a/", body=b"\xff{user}"), 1)[0]) == b"\xff{user}"


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Target.build("GET", "http://a/{row.x}"), "without a data set"),
        (lambda: Target.build("GET", "http://a/{row.x}", data=[{"y": 1}]), "has no 'x'"),
        (lambda: Target.build("GET", "http://{user}/"), "filled anew"),
        (lambda: Target.build("POST", "http://a/", body="{filler}"), "without a size"),
        (lambda: Target.build("GET", "http://a/", headers={"X": "{row.x}"}, data=[{"x": "a\nb"}]), "line break"),
        (lambda: Target.build("GET", "http://a/", users=0), "0 users"),
        (lambda: Target.build("GET", "http://a/", data=[]), "without rows"),
        (lambda: Target.build("GET", "http://a/", data=[{"x": 1}, {"y": 1}]), "row 2 differs"),
        (lambda: Target.build("GET", "http://a/", data=[{"x": object()}]), "cannot be written as JSON"),
        (lambda: Target.build("GET", "http://a/", data=3), "no data set"),
        (lambda: Target.build("GET", "http://a/", data="/no/such.csv"), "cannot be read"),
        (lambda: Target.build("GET", "http://a/", extract={"status": "$.x"}), "cannot be called 'status'"),
        (lambda: Target.build("GET", "http://a/", extract={"m": "mode"}), "cannot be extracted"),
        (lambda: Target.build("GET", "http://a/", extract={"m": "{row.x}"}), "without a data set"),
        (lambda: Target.build("GET", "http://a/", extract={"m": "$.a", "M": "$.b"}), "two columns"),
        (lambda: Target.build("GET", "http://a/", size="1XB"), "is no size"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(make: object, what: str) -> None:
    """Before anything is sent, with what is wrong."""
    assert callable(make)
    with pytest.raises(TargetError, match=what):
        make()


def test_csv_has_numbers_where_all_values_are_numbers(tmp_path: Path) -> None:
    """A column of codes with leading zeros stays text."""
    path = tmp_path / "rows.csv"
    path.write_text('length,code,note\n5.1,007,"a, b"\n3,100,\n')
    assert data_set(str(path)) == DataSet(("length", "code", "note"), ((5.1, "007", "a, b"), (3, "100", "")))


def test_json_lines_are_rows(tmp_path: Path) -> None:
    """One object a line, empty lines apart."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"x": [1, 2], "y": null}\n\n{"y": "b", "x": 3}\n')
    assert data_set(path) == DataSet(("x", "y"), (([1, 2], None), (3, "b")))


@given(text=st.text())
def test_any_text_is_a_data_set_or_refused(text: str) -> None:
    """No text raises anything but a TargetError."""
    for read in (DataSet.from_csv, DataSet.from_json_lines):
        try:
            assert len(read(text, origin="x")) > 0
        except TargetError as error:
            assert error.what  # noqa: PT017 - either way is right


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (100, Uniform(100, 100)),
        ("1.5KiB", Uniform(1536, 1536)),
        ("1KB..2KiB", Uniform(1000, 2048)),
        ("lognormal(1KiB, 1MiB)", Lognormal(1024, 1024**2)),
        ({"1KiB": 9, 5: 1}, Weighted(((1024, 9.0), (5, 1.0)))),
    ],
)
def test_how_sizes_are_written(given: object, made: object) -> None:
    """Each form of the table means what it says."""
    assert sizes(given) == made


def test_sizes_have_their_distribution() -> None:
    """Quantiles of the distributions are those that were written."""
    assert [Uniform(10, 19).at(share) for share in (0, 0.5, 1)] == [10, 15, 19]
    assert [Lognormal(1000, 9000).at(share) for share in (0.5, 0.99)] == [1000, 9000]
    assert [Weighted(((1, 3), (2, 1))).at(share) for share in (0, 0.74, 0.76, 1)] == [1, 1, 2, 2]


@given(least=st.integers(0, 9999), more=st.integers(0, 9999), share=st.floats(0, 1))
def test_no_size_leaves_its_range(least: int, more: int, share: float) -> None:
    """A uniform size stays between its bounds."""
    assert least <= Uniform(least, least + more).at(share) <= least + more


@pytest.mark.parametrize("given", ["", "-1", True, 1.5, "2KiB..1KiB", "lognormal(0, 1)", {}, {"1": 0}, "65MiB"])
def test_what_is_no_size_is_refused(given: object) -> None:
    """Nothing is guessed."""
    with pytest.raises(TargetError):
        sizes(given)


def test_a_size_is_bytes() -> None:
    """Binary and decimal units differ."""
    assert [parse_size(text) for text in ("7", "7B", "1KB", "1KiB", "2MiB")] == [7, 7, 1000, 1024, 2097152]


@given(values=st.lists(st.none() | st.booleans() | st.integers(0, 1) | st.sampled_from([0.0, 1.0, "0", "1"]) | _JSON))
def test_values_keep_their_kind(values: list[object]) -> None:
    """1, 1.0, true and "1" are different values; an equal value has its number again."""
    fd = os.memfd_create("values")
    log = ValueLog(fd)
    codes = [log.code(value) for value in values]
    log.flush()
    lines = os.pread(fd, 1 << 20, 0).split(b"\n")
    os.close(fd)
    assert [json.dumps(json.loads(lines[code - 1])) for code in codes] == [json.dumps(value) for value in values]


def test_answers_fields_become_columns(drive: Drive, server: Server) -> None:
    """Every fifth answer names another mode: so does the column, and the header's column beside it."""
    target = Target.build("GET", f"{server.url}/json?n=5", extract={"mode": "$.mode", "header": "header X-Mode"})
    columns = drive(target).columns
    assert (columns.extracted["mode"] == "rf").sum() == 20
    assert (columns.extracted["mode"] == columns.extracted["header"]).all()


def test_what_was_sent_can_be_kept_beside_what_came(drive: Drive, server: Server) -> None:
    """The echo of each row is kept beside the row's own value, as a list and as it was."""
    rows = [{"x": [number, "a"]} for number in range(7)]
    target = Target.build(
        "POST", f"{server.url}/echo", json={"got": "{row.x}"}, data=rows, extract={"sent": "{row.x}", "got": "$.got"}
    )
    columns = drive(target).columns
    assert columns.extracted["sent"][:8].tolist() == [rows[number % 7]["x"] for number in range(8)]
    assert columns.extracted["got"].tolist() == columns.extracted["sent"].tolist()


def test_a_request_that_failed_keeps_what_was_sent(drive: Drive, server: Server) -> None:
    """Without an answer, columns of the answer are empty and those of the request are not."""
    target = Target.build("GET", f"{server.url}/never?{{user}}", extract={"user": "{user}", "mode": "$.mode"}, users=4)
    columns = drive(target, timeout_s=0.2).columns
    assert set(columns.error) == {ERRORS.index("timeout")}
    assert set(columns.extracted["user"]) == {0, 1, 2, 3}
    assert set(columns.extracted["mode"]) == {None}


def test_targets_share_columns_by_name(drive: Drive, server: Server) -> None:
    """A column that only one of two targets has is empty for the other."""
    targets = (
        Target("GET", f"{server.url}/ok"),
        Target.build("GET", f"{server.url}/json?n=1", extract={"m": "$.mode"}),
    )
    columns = drive(*targets).columns
    assert [set(columns.extracted["m"][columns.target == number]) for number in (0, 1)] == [{None}, {"rf"}]


def test_every_request_has_its_own_body(drive: Drive, server: Server) -> None:
    """Bodies with ids are echoed as they were sent, each with its own."""
    target = Target.build("POST", f"{server.url}/echo", body="{request_id} {filler}", size={"10": 1, "100KiB": 1})
    columns = drive(target, rate=100).columns
    assert columns.success.all()
    assert np.ptp(columns.bytes_out) == 102_400 - 10 + 4  # the longer one has more digits in its Content-Length


def test_columns_that_differ_only_in_case_are_refused() -> None:
    """Also when they are those of two targets."""
    targets = tuple(Target.build("GET", "http://a/", extract={name: "$.x"}) for name in ("m", "M"))
    with pytest.raises(UsageError, match="only in case"):
        LoadPlan("x", targets, 1, 1)
