"""Lines of a capturing proxy as values."""

import base64
import json

import pytest

from gonogo.capture.record import captured
from gonogo.errors import UsageError

BEGUN = {"event": "begun", "replica": "127.0.0.1:1", "request_id": "a", "time": "10.5"}
ENDED = {
    **BEGUN,
    "event": "ended",
    "method": "POST",
    "path": "/predict",
    "status": 200,
    "flags": "-",
    "latency_us": 1500,
    "request": base64.b64encode(b"in").decode(),
    "request_bytes": 2,
    "answer": base64.b64encode(b"out").decode(),
    "answer_bytes": 30,
    "headers": {"user_id": "7"},
}


def lines(*entries: object) -> list[str]:
    """Return the lines of a file with these entries."""
    return [json.dumps(entry) for entry in entries]


def test_a_request_that_began_and_did_not_end_is_there() -> None:
    """A shadow that hangs got its copy: the copy counts, and has no answer."""
    (one,) = captured(lines(BEGUN))
    assert (one.request_id, one.ended, one.succeeded, one.answer) == ("a", False, False, None)


def test_beginning_and_end_are_one_request_in_any_order() -> None:
    """Both lines of a request make one value, with what the end tells."""
    (one,) = captured(lines(ENDED, BEGUN))
    assert (one.status, one.latency_s, one.request.content, one.headers) == (200, 0.0015, b"in", {"user_id": "7"})


def test_a_cut_body_is_not_whole() -> None:
    """What was cut is told by the length of the whole."""
    (one,) = captured(lines(ENDED))
    assert one.answer is not None
    assert (one.request.whole, one.answer.whole, one.answer.size) == (True, False, 30)


def test_an_answer_of_the_proxy_is_no_success() -> None:
    """A broken connection is answered by the proxy itself, whose flags tell."""
    (one,) = captured(lines({**ENDED, "status": 503, "flags": "UF"}))
    assert not one.succeeded


def test_the_same_id_at_one_replica_twice_is_two_requests() -> None:
    """A model that is mirrored to itself gets each request twice."""
    assert len(captured(lines(ENDED, {**ENDED, "time": "10.6"}))) == 2


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"event": "ended", "replica": "a", "request_id": "b", "time": "x"}'])
def test_what_is_no_line_is_one_message(line: str) -> None:
    """A line that cannot be read is named."""
    with pytest.raises(UsageError, match="no captured request"):
        captured([line])
