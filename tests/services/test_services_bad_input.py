"""Bad input is a client error that names the field, never a 500."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo_services.iris.rows import MAX_ROWS, parse_rows
from gonogo_services.serving.body import MAX_BODY_BYTES
from gonogo_services.serving.operation import Operation
from gonogo_services.serving.refusal import Refusal
from gonogo_services.serving.service import Service

ROW = "[5.1, 3.5, 1.4, 0.2]"

BAD_BODIES = {
    "nothing": (b"", 400, "body"),
    "text": (b"5.1,3.5,1.4,0.2", 400, "body"),
    "cut short": (b'{"data": [[5.1, 3.5', 400, "body"),
    "two documents": (b'{"data": [[1,2,3,4]]}{}', 400, "body"),
    "not UTF-8": (b'\xff\xfe{"data": []}', 400, "body"),
    "compressed": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", 400, "body"),
    "deep nesting": (b'{"data": ' + b"[" * 100_000, 400, "body"),
    "deep nesting that closes": (b'{"data": ' + b"[" * 150 + b"]" * 150 + b"}", 422, "data[0][0]"),
    "a number": (b"3", 422, "body"),
    "null": (b"null", 422, "body"),
    "a list": (b"[[5.1, 3.5, 1.4, 0.2]]", 422, "body"),
    "no data": (b'{"rows": [[5.1, 3.5, 1.4, 0.2]]}', 422, "data"),
    "data null": (b'{"data": null}', 422, "data"),
    "data a string": (b'{"data": "5.1"}', 422, "data"),
    "data an object": (b'{"data": {"0": 1}}', 422, "data"),
    "no rows": (b'{"data": []}', 422, "data"),
    "a row that is no list": (b'{"data": [5.1, 3.5, 1.4, 0.2]}', 422, "data[0]"),
    "an empty row": (b'{"data": [[]]}', 422, "data[0]"),
    "three numbers": (b'{"data": [[5.1, 3.5, 1.4]]}', 422, "data[0]"),
    "five numbers": (b'{"data": [[5.1, 3.5, 1.4, 0.2, 1]]}', 422, "data[0]"),
    "a short row among others": (f'{{"data": [{ROW}, {ROW}, [1], {ROW}]}}'.encode(), 422, "data[2]"),
    "text for a number": (f'{{"data": [{ROW}, {ROW}, {ROW}, [1, "2", 3, 4]]}}'.encode(), 422, "data[3][1]"),
    "a boolean": (b'{"data": [[5.1, true, 1.4, 0.2]]}', 422, "data[0][1]"),
    "a null": (b'{"data": [[5.1, 3.5, null, 0.2]]}', 422, "data[0][2]"),
    "NaN": (b'{"data": [[5.1, 3.5, 1.4, NaN]]}', 422, "data[0][3]"),
    "Infinity": (b'{"data": [[Infinity, 3.5, 1.4, 0.2]]}', 422, "data[0][0]"),
    "-Infinity": (b'{"data": [[-Infinity, 3.5, 1.4, 0.2]]}', 422, "data[0][0]"),
    "more than 32 bits hold": (b'{"data": [[1e39, 3.5, 1.4, 0.2]]}', 422, "data[0][0]"),
    "more than 64 bits hold": (b'{"data": [[5.1, -1e999, 1.4, 0.2]]}', 422, "data[0][1]"),
    "a large integer": (b'{"data": [[5.1, 3.5, 1.4, ' + b"9" * 40 + b"]]}", 422, "data[0][3]"),
    "an enormous integer": (b'{"data": [[5.1, 3.5, 1.4, ' + b"9" * 5000 + b"]]}", 400, "body"),
    "too many rows": (b'{"data": [' + b"[1,2,3,4]," * MAX_ROWS + b"[1,2,3,4]]}", 422, "data"),
    "10 MB": (b'{"data": "' + b"x" * 10_000_000 + b'"}', 413, "body"),
}


@pytest.mark.parametrize("path", ["/predict", "/predict/label"])
@pytest.mark.parametrize("case", BAD_BODIES)
async def test_a_bad_body_is_refused_and_its_field_named(iris: httpx.AsyncClient, path: str, case: str) -> None:
    """The status is the client's fault, and both the sentence and the field name the place."""
    body, status, field = BAD_BODIES[case]
    answer = await iris.post(path, content=body)
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (status, field)
    assert problem["detail"].startswith(f"{field}: ")


async def test_a_stream_is_read_up_to_the_limit_only(iris: httpx.AsyncClient) -> None:
    """A body of unknown length is refused once it passes the limit, and what follows is not read."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    assert (await iris.post("/predict", content=endless())).status_code == 413
    assert sent <= MAX_BODY_BYTES + 65536


async def test_an_announced_size_is_believed_before_a_byte_is_read(iris: httpx.AsyncClient) -> None:
    """A request that announces too much is refused without reading it."""
    read = []

    async def watched() -> AsyncIterator[bytes]:
        read.append("something")
        yield b"{}"

    headers = {"content-length": str(MAX_BODY_BYTES + 1)}
    assert (await iris.post("/predict", content=watched(), headers=headers)).status_code == 413
    assert read == []


async def test_a_body_of_exactly_the_limit_is_taken(iris: httpx.AsyncClient) -> None:
    """The limit itself is allowed."""
    body = json.dumps({"data": [[5.1, 3.5, 1.4, 0.2]]}).encode()
    assert (await iris.post("/predict", content=body.ljust(MAX_BODY_BYTES))).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "field"),
    [
        ("GET", "/", 404, "path"),
        ("GET", "/predict/", 404, "path"),
        ("POST", "/predict/test/../..", 404, "path"),
        ("GET", "/predict", 405, "method"),
        ("DELETE", "/health", 405, "method"),
        ("TRACE", "/predict", 405, "method"),
        ("POST", "/predict/test", 405, "method"),
    ],
)
async def test_unknown_paths_and_methods_are_client_errors(
    iris: httpx.AsyncClient, method: str, path: str, status: int, field: str
) -> None:
    """What does not exist is 404, what exists for another method is 405; the answer has the form of every problem."""
    answer = await iris.request(method, path)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


async def test_a_405_names_the_methods_that_are_allowed(iris: httpx.AsyncClient) -> None:
    """RFC 9110 section 15.5.6 wants the Allow header."""
    assert (await iris.get("/predict")).headers["allow"] == "POST"


async def test_an_unexpected_error_keeps_its_internals(caplog: pytest.LogCaptureFixture) -> None:
    """A fault of the service is a 500 in JSON that shows nothing of it; the log has it."""

    def fail(_body: bytes) -> None:
        raise RuntimeError("secret")

    service = Service("broken", "", [Operation("GET", "/", "Fail.", fail, None)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=service), base_url="http://broken") as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["field"]) == (500, "")
    assert "secret" not in answer.text
    assert "secret" in caplog.text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.binary() | _JSON.map(json.dumps).map(str.encode) | _JSON.map(lambda v: json.dumps({"data": v}).encode()))
def test_any_body_gives_rows_or_a_refusal(body: bytes) -> None:
    """Whatever is sent, the result is an (N, 4) array of finite numbers or a client error."""
    rows = np.zeros((1, 4), np.float32)
    status = 400
    try:
        rows = parse_rows(body)
    except Refusal as refusal:
        status = refusal.status
    assert status in (400, 422)
    assert rows.shape == (len(rows), 4)
    assert np.isfinite(rows).all()


_LENGTH = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(st.lists(st.lists(_LENGTH, min_size=4, max_size=4), min_size=1, max_size=20))
def test_good_rows_arrive_as_they_were_sent(rows: list[list[float]]) -> None:
    """Every finite 32-bit number comes through unchanged."""
    assert parse_rows(json.dumps({"data": rows}).encode()).tolist() == rows
