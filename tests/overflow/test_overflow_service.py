"""The service as a process, before a service behind it, on SQLite and on Redis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from fixtures import client
from gonogo_services.errors import SettingsError
from gonogo_services.overflow.settings import OverflowSettings
from tests.composition.programs import Program
from tests.composition.test_composition_contract import probe
from tests.contracts.waiting import eventually
from tests.overflow.conftest import Upstream

Start = Callable[..., Program]


def _post(program: Program, body: str, **headers: str) -> httpx.Response:
    return client.post(f"{program.url}/predict?a=1", content=body, headers=headers)


def _get(program: Program, path: str) -> httpx.Response:
    return client.get(f"{program.url}{path}")


def _done(program: Program, url: str) -> httpx.Response:
    eventually(lambda: _get(program, url).json()["status"] in {"done", "failed"})
    return _get(program, f"{url}/result")


def test_a_request_is_accepted_and_answered_later(overflow: Start, upstream: Upstream, store: str) -> None:
    """202 with a place to look, and there the answer of the service behind, for the same path, query and body."""
    program = overflow(QUEUE_URL=store)
    accepted = _post(program, "one", authorization="Bearer x")
    assert accepted.status_code == 202
    assert accepted.headers["location"] == accepted.json()["status_url"]
    answer = _done(program, accepted.json()["status_url"])
    assert answer.status_code == 200
    assert answer.json() == {"echo": "one", "path": "/predict?a=1", "secret": None}
    assert upstream.asked == ["one"]


def test_accepted_work_survives_kill_9(overflow: Start, upstream: Upstream, store: str) -> None:
    """Every job accepted before the service was killed is answered after it was started again, also those under way."""
    upstream.order(wait_s=0.2)
    program = overflow(QUEUE_URL=store, CONCURRENCY="2", TIMEOUT_S="1")
    urls = [_post(program, str(n)).json()["status_url"] for n in range(12)]
    eventually(lambda: len(upstream.asked) >= 4)
    program.process.kill()
    program.process.wait()
    upstream.order()
    again = overflow(QUEUE_URL=store, CONCURRENCY="2", TIMEOUT_S="1")
    # A lease lasts as long as an attempt may take and 2 s more; then what the dead workers had is queued again.
    assert [_done(again, url).json()["echo"] for url in urls] == [str(n) for n in range(12)]


def test_a_full_queue_says_so(overflow: Start, upstream: Upstream) -> None:
    """What is more than it may keep is refused with 503 and a time to come back, and was not taken."""
    upstream.order(status=503)
    program = overflow(MOST_JOBS="2")
    assert [_post(program, "x").status_code for _ in range(3)] == [202, 202, 503]
    refused = _post(program, "x")
    assert refused.headers["retry-after"] == "1"
    assert "the queue is full: 2 requests wait" in refused.json()["detail"]
    assert _get(program, "/queue").json() == {"unfinished": 2, "most": 2}


def test_a_busy_service_is_asked_until_it_answers(overflow: Start, upstream: Upstream) -> None:
    """A job waits out the overload that brought it here."""
    upstream.order(status=503)
    program = overflow()
    url = _post(program, "one").json()["status_url"]
    eventually(lambda: len(upstream.asked) >= 1)
    assert _get(program, f"{url}/result").status_code == 202
    upstream.order()
    assert _done(program, url).json()["echo"] == "one"


def test_a_job_that_fails_says_why(overflow: Start, upstream: Upstream) -> None:
    """After its retries a fault of the service behind is the job's end: 502 with the reason."""
    upstream.order(status=500)
    program = overflow(RETRIES="0")
    answer = _done(program, _post(program, "one").json()["status_url"])
    assert answer.status_code == 502
    assert answer.json()["detail"] == "the job failed: the service answered 500, 1 times"


def test_a_refusal_is_an_answer(overflow: Start, upstream: Upstream) -> None:
    """What the service behind finds wrong with a request is handed on as it is."""
    upstream.order(status=422)
    program = overflow()
    answer = _done(program, _post(program, "one").json()["status_url"])
    assert (answer.status_code, answer.json()["echo"]) == (422, "one")


def test_what_a_stranger_asks_is_a_client_error(overflow: Start) -> None:
    """Unknown jobs, names that are none, bodies beyond the limit, keys beyond it."""
    program = overflow()
    assert _get(program, f"/jobs/{'0' * 32}").status_code == 404
    assert _get(program, "/jobs/none").status_code == 422
    assert _post(program, "x" * (1 << 20) + "x").status_code == 413
    assert _post(program, "x", **{"idempotency-key": "k" * 201}).status_code == 400


def test_it_answers_as_documented(overflow: Start) -> None:
    """No 500, and no answer that /openapi.json does not have."""
    assert probe(overflow(MOST_JOBS="100000").url) == 6


def test_a_queue_that_cannot_be_opened_stops_the_start(overflow: Start, tmp_path: Path) -> None:
    """A folder that is missing is named and nothing is served."""
    with pytest.raises(AssertionError, match="absent does not exist"):
        overflow(QUEUE_URL=f"sqlite:///{tmp_path}/absent/jobs.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UPSTREAM", "iris"),
        ("QUEUE_URL", "mysql://x"),
        ("MOST_JOBS", "0"),
        ("FORWARD_HEADERS", "Host"),
        ("TIMEOUT_S", "soon"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str) -> None:
    """The variable, and how to write it."""
    with pytest.raises(SettingsError, match=name):
        OverflowSettings.from_environment({"UPSTREAM": "http://iris:8000", name: value})
