"""What suites and target files write: expectations of answers, targets, and the requests made of them."""

from __future__ import annotations

import builtins
import json
import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import MissingPart, TargetError
from gonogo.load import checks
from gonogo.load.engine.answer import ends_with_connection
from gonogo.load.engine.journal import CODES
from gonogo.load.engine.render import render
from gonogo.load.engine.request import ACCEPTED, REFUSED, WRONG, Answers
from gonogo.load.engine.values import ValueLog
from gonogo.load.expect import expectation
from gonogo.load.target import Target
from gonogo.load.target_file import read_targets
from gonogo.runs.run import ERRORS

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def _holds(given: object, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> bool:
    return all(check.check(status, headers or {}, body) for check in expectation(given))


@pytest.mark.parametrize(
    ("given", "body", "holds"),
    [
        ("Persian cat", b'"Persian cat"', True),
        ("Persian cat", b"Persian cat\n", True),
        ("cat", b'"Persian cat"', False),
        ({"label": "bee"}, b'"bee"', True),
        ({"health": "ok"}, b'{ "health":"ok" }', True),
        ({"health": "ok"}, b'{"health":"ok","more":1}', False),
        ({"health": "ok"}, b"ok", False),
        ({"json": [1, 2.0]}, b"[1.0, 2]", True),
        ({"json": {"a": True}}, b'{"a": 1}', False),
        ({"json": {"a": 1}}, b'{"a": true}', False),
        ({"json": None}, b"", False),
        ({"$.mode": "svc"}, b'{"mode":"svc","x":[1]}', True),
        ({"$.mode": "svc"}, b'{"mode":"rf"}', False),
        ({"$.mode": "svc"}, b'["mode"]', False),
        ({"$.rows[1].p": 0.5}, b'{"rows":[{},{"p":0.5}]}', True),
        ({"$.rows[2]": None}, b'{"rows":[1]}', False),
        ({'$["odd key"][-1]': 3}, b'{"odd key":[1,2,3]}', True),
        ({"$": 1}, b"1", True),
        ({"schema": {"type": "object", "required": ["prediction"]}}, b'{"prediction":[]}', True),
        ({"schema": {"type": "object", "required": ["prediction"]}}, b"{}", False),
        ({"schema": True}, b"no json", False),
        ({"contains": "setosa"}, b"it is setosa.", True),
        ({"contains": "setosa"}, b"virginica", False),
        ({"matches": "^[0-9]+ ok$"}, b"12 ok", True),
        ({"matches": "^[0-9]+ ok$"}, b"ok", False),
        ({"status": [200, 201], "contains": "a"}, b"a", True),
        ({"status": 201, "contains": "a"}, b"a", False),
        ([{"contains": "a"}, {"contains": "b"}], b"a", False),
        (200, b"", True),
        ([404, 410], b"", False),
        (None, b"", True),
        ({"header": {"X-Mode": "svc"}}, b"", True),
        ({"header": {"x-mode": "rf"}}, b"", False),
    ],
)
def test_what_an_answer_must_be(given: object, body: bytes, holds: bool) -> None:  # noqa: FBT001 - a table
    """Each form of expect= holds for right answers, with status 200 and a header, and for no others."""
    assert _holds(given, body, headers={"x-mode": "svc"}) is holds


@given(value=_JSON)
def test_any_json_equals_itself(value: object) -> None:
    """Whatever JSON an answer is, an expectation of the same value holds."""
    assert _holds({"json": value}, json.dumps(value).encode())


@given(body=st.binary())
def test_no_body_breaks_a_check(body: bytes) -> None:
    """Bytes of any kind are judged, not raised about."""
    assert not _holds({"$.a.b": 1, "json": {"no": "such"}, "label": "never this", "schema": False}, body)


@pytest.mark.parametrize(
    "given",
    [
        3.5, True, [], {"status": "ok"}, {"status": []}, {"contains": 3}, {"matches": "("}, {"header": "X"}, {"$.": 1},
        {"$x": 1}, {"$.a[": 1}, {"status": 200, "mode": "svc"}, {"json": object()}, {"json": float("nan")}, 99, 1000,
        {"schema": {"type": "no such type"}},
    ],
)  # fmt: skip
def test_what_cannot_be_expected_is_refused(given: object) -> None:
    """An expectation that says nothing usable is an error when the target is made, not a check that never fails."""
    with pytest.raises(TargetError):
        expectation(given)


def test_a_missing_schema_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without jsonschema, a schema is refused with what to install."""
    real = builtins.__import__

    def without(name: str, *arguments: object, **more: object) -> object:
        if name.startswith("jsonschema"):
            raise ImportError(name)
        return real(name, *arguments, **more)  # type: ignore[arg-type] # passed on as they came

    checks._validator.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPart, match="gonogo\\[schema\\]"):
        expectation({"schema": {"type": "string"}})


def test_expectations_go_to_the_engine_unharmed() -> None:
    """They are equal after the way to another process."""
    made = expectation([{"json": {"a": [1]}, "$.a[0]": 1, "schema": {"type": "object"}, "status": 200}, "x"])
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own


def test_only_what_needs_a_body_collects_it() -> None:
    """A target without checks, or with a status alone, costs no body."""
    needs = [
        Answers(Target.build("GET", "http://a/", expect=e), {}, ValueLog(-1)).needs_body
        for e in (None, 200, "x", {"json": 1})
    ]
    assert needs == [False, False, True, True]


@pytest.mark.parametrize(
    ("expect", "status", "body", "outcome"),
    [
        (None, 399, b"", ACCEPTED),
        (None, 400, b"", REFUSED),
        (404, 404, b"", ACCEPTED),
        (404, 200, b"", WRONG),
        ("x", 200, b"x", ACCEPTED),
        ("x", 200, b"y", WRONG),
        ("x", 503, b"x", REFUSED),
        ({"status": 503, "label": "x"}, 503, b"x", ACCEPTED),
    ],
)
def test_how_an_answer_is_taken(expect: object, status: int, body: bytes, outcome: int) -> None:
    """Wrong answers fail as check; answers with another status than 200 to 399 are no success and not checked."""
    answers = Answers(Target.build("GET", "http://a/", expect=expect), {}, ValueLog(-1))
    assert [answers.take(status, {}, body) for _ in range(2)] == [(outcome, ())] * 2


def test_a_request_is_plain_http() -> None:
    """Host, length and path are as RFC 9112 has them, and what is given is not repeated."""
    target = Target.build("POST", "http://[::1]:8000/predict?a=ü b", json={"x": 1}, headers={"accept": "text/plain"})
    assert render(target) == (
        b"POST /predict?a=%C3%BC%20b HTTP/1.1\r\nHost: [::1]:8000\r\nUser-Agent: gonogo\r\naccept: text/plain\r\n"
        b'Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"x": 1}'
    )


def test_a_user_in_the_url_is_sent_as_basic() -> None:
    """As other clients do (RFC 7617)."""
    assert b"Authorization: Basic dTpwOnA=\r\n" in render(Target("GET", "http://u:p%3Ap@a/"))


@pytest.mark.parametrize(
    ("head", "ends"),
    [
        (b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nbody", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbody", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n", False),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\nContent-Length: 9", True),
    ],
)
def test_which_bodies_end_with_the_connection(head: bytes, ends: bool) -> None:  # noqa: FBT001 - a table
    """Those without a length and without chunks, and with a whole head."""
    assert ends_with_connection(head) is ends


def test_the_engine_knows_every_kind_of_failure() -> None:
    """Its codes are those of gonogo.runs, which it does not import."""
    assert list(CODES) == list(ERRORS)


_FILE = """# reference
GET http://iris:8000/predict/test

POST http://iris:8000/predict
Content-Type: application/json
X-Url: http://x:1/
@/body.json
HEAD http://iris:8000/health
"""


def test_a_target_file_is_read_in_order() -> None:
    """Requests, headers, bodies; comments and blank lines mean nothing."""
    targets = read_targets(_FILE, origin="targets.txt", open_file={"/body.json": b"{}"}.__getitem__)
    assert targets == (
        Target("GET", "http://iris:8000/predict/test"),
        Target(
            "POST",
            "http://iris:8000/predict",
            (("Content-Type", "application/json"), ("X-Url", "http://x:1/")),
            b"{}",
        ),
        Target("HEAD", "http://iris:8000/health"),
    )


def _open(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("GET http://a/\nnonsense", "t.txt:2", "'nonsense' is no request"),
        ("GET http://a/\n@/missing", "t.txt:2", "the body '/missing' cannot be read: No such file"),
        ("X: y", "t.txt:1", "stands before any request"),
        ("GET ftp://a/", "t.txt:1", "is no absolute URL"),
        ("GET http://a/\n@", "t.txt:2", "names no file"),
        ("GET http://a:99999/", "t.txt:1", "no usable port"),
        ("# nothing\n", "t.txt", "no request in it"),
    ],
)
def test_a_bad_line_is_named(text: str, where: str, what: str) -> None:
    """The error says the file, the line and what is wrong with it."""
    with pytest.raises(TargetError, match=what) as caught:
        read_targets(text, origin="t.txt", open_file=_open)
    assert caught.value.where == where


def test_all_bad_lines_are_named_at_once() -> None:
    """Nobody mends a file one error at a time."""
    with pytest.raises(TargetError) as caught:
        read_targets("bad\nGET http://a/\n@/b\nworse", origin="t.txt", open_file=_open)
    assert [f"line {number}:" in caught.value.what for number in (1, 2, 3, 4)] == [True, False, True, True]


@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text raises anything but a TargetError."""
    try:
        read_targets(text, origin="t.txt", open_file=_open)
    except TargetError as error:
        assert error.what  # noqa: PT017 - either way is right


def _answers(target: Target) -> Answers:
    return Answers(target, {}, ValueLog(-1))


def test_an_answer_that_came_before_is_known_by_its_bytes() -> None:
    """What was remembered is recalled with its status; any other byte makes another answer."""
    answers = _answers(Target.build("GET", "http://127.0.0.1:1/", expect={"contains": "ok"}))
    answers.remember(b"whole answer", 200, (ACCEPTED, ()))
    assert (answers.recall(b"whole answer"), answers.recall(b"Whole answer")) == ((200, (ACCEPTED, ())), None)


def test_nobody_looks_for_answers_that_are_all_different() -> None:
    """When more answers are new than known, looking for them costs more than it saves."""
    answers = _answers(Target.build("GET", "http://127.0.0.1:1/", expect={"contains": "ok"}))
    for number in range(2000):
        answer = str(number).encode()
        if answers.recalls and answers.recall(answer) is None:
            answers.remember(answer, 200, (ACCEPTED, ()))
    assert not answers.recalls


@pytest.mark.parametrize(
    ("method", "expect"), [("GET", None), ("HEAD", {"header": {"X-Mode": "a"}})], ids=["nothing asked", "no body"]
)
def test_answers_of_which_nothing_is_asked_are_not_remembered(method: str, expect: object) -> None:
    """Neither where any answer will do, nor for HEAD, whose answers end with their heads."""
    target = Target.build(method, "http://127.0.0.1:1/", **({"expect": expect} if expect else {}))  # type: ignore[arg-type] # one of its options
    assert not _answers(target).recalls
