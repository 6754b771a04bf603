"""The capturing proxy, with a real Envoy before a service of the standard library."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from gonogo.capture.inlet import Inlet, Scope
from gonogo.capture.proxy import CaptureProxy
from gonogo.capture.record import Captured, captured
from gonogo.mesh.sidecar import Address

WAIT_S = 15.0


class Echo(BaseHTTPRequestHandler):
    """Answers with what it is sent; ``/hang`` waits until the test is over."""

    protocol_version = "HTTP/1.1"
    over = threading.Event()

    def do_POST(self) -> None:
        """Answer."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/hang":
            self.over.wait(WAIT_S)
        self.send_response(500 if self.path == "/fail" else 200)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-seen-id", self.headers.get("x-request-id", ""))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def replica() -> Iterator[Address]:
    """A replica that echoes."""
    Echo.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Address("127.0.0.1", server.server_port)
        Echo.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def start(replica: Address, tmp_path: Path) -> Iterator[Callable[..., CaptureProxy]]:
    """Starts proxies before the replica, and stops them."""
    started: list[CaptureProxy] = []

    def begin(scope: Scope | None = None, lines: Path | None = None) -> CaptureProxy:
        inlet = Inlet(Address("127.0.0.1", free_port()), replica)
        proxy = CaptureProxy("shop/model", [inlet], scope or Scope(), folder=tmp_path / "proxy", lines=lines)
        started.append(proxy)
        return proxy

    yield begin
    for proxy in started:
        proxy.stop()


def free_port() -> int:
    """Return a port that nothing listens on."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        return int(server.server_port)


def url(proxy: CaptureProxy, path: str = "/predict") -> str:
    """Return the address of a path through the proxy."""
    return f"http://{proxy.inlets[0].listen}{path}"


def told(proxy: CaptureProxy, count: int, *, ended: bool = True) -> list[Captured]:
    """Wait until ``count`` requests are captured."""
    tail, lines = proxy.tail(), []
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        lines += tail.lines()
        seen = captured(lines)
        if len(seen) >= count and all(one.ended for one in seen) == ended:
            return list(seen)
        time.sleep(0.01)
    raise AssertionError(f"{len(captured(lines))} of {count} requests were captured")


def test_it_forwards_and_records(start: Callable[..., CaptureProxy]) -> None:
    """The replica gets the client's id, the client the replica's answer, the file both bodies."""
    proxy = start()
    answer = httpx.post(url(proxy), content=b"\xffdata", headers={"x-request-id": "id-1", "x-user-id": "7"})
    assert (answer.content, answer.headers["x-seen-id"]) == (b"\xffdata", "id-1")
    (one,) = told(proxy, 1)
    assert (one.request_id, one.status, one.succeeded, one.headers["user_id"]) == ("id-1", 200, True, "7")
    assert one.answer is not None
    assert (one.request.content, one.answer.content) == (b"\xffdata", b"\xffdata")
    assert one.latency_s is not None


def test_a_long_body_passes_whole_and_is_kept_in_part(start: Callable[..., CaptureProxy]) -> None:
    """What is kept is bounded, what passes is not."""
    proxy = start(Scope(kept_bytes=1000))
    body = bytes(range(256)) * 20_000
    assert httpx.post(url(proxy), content=body, timeout=WAIT_S).content == body
    (one,) = told(proxy, 1)
    assert one.answer is not None
    assert (one.request.content, one.request.size, one.answer.size) == (body[:1000], len(body), len(body))


@pytest.mark.parametrize(("path", "status"), [("/fail", 500), ("/predict", 200)])
def test_a_status_is_recorded_as_it_is(start: Callable[..., CaptureProxy], path: str, status: int) -> None:
    """A failure of the replica is its own and not the proxy's."""
    proxy = start()
    assert httpx.post(url(proxy, path)).status_code == status
    (one,) = told(proxy, 1)
    assert (one.status, one.flags) == (status, "")


def test_a_request_that_hangs_is_known_from_its_beginning(start: Callable[..., CaptureProxy]) -> None:
    """A copy that is never answered has arrived all the same."""
    proxy = start()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(url(proxy, "/hang"), headers={"x-request-id": "stuck"}, timeout=0.3)
    assert told(proxy, 1)[0].request_id == "stuck"


def test_a_full_disk_touches_no_answer(start: Callable[..., CaptureProxy]) -> None:
    """Every write fails; every request is answered, and the failures are counted."""
    proxy = start(lines=Path("/dev/full"))
    with httpx.Client() as client:
        assert {client.post(url(proxy), content=b"x").status_code for _ in range(50)} == {200}
    deadline = time.monotonic() + WAIT_S
    while not proxy.lost_writes():
        assert time.monotonic() < deadline, "no failed write was counted"
        time.sleep(0.02)


def test_a_disk_that_stands_still_touches_no_answer(start: Callable[..., CaptureProxy], tmp_path: Path) -> None:
    """Nobody reads the pipe that the lines go to: its 64 KiB are soon full, and the writer waits; clients do not."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    proxy = start(lines=pipe)
    with httpx.Client(timeout=WAIT_S) as client:
        assert {client.post(url(proxy), content=b"x" * 20_000).status_code for _ in range(40)} == {200}
    os.close(reader)


def test_another_replica_comes_without_a_lost_request(start: Callable[..., CaptureProxy], replica: Address) -> None:
    """A new inlet takes requests when the change returns, and the first goes on."""
    proxy = start()
    first = proxy.inlets[0]
    second = Inlet(Address("127.0.0.1", free_port()), replica)
    with httpx.Client() as client:
        client.post(url(proxy))
        proxy.change([first, second])
        assert client.post(url(proxy)).status_code == 200
        assert client.post(f"http://{second.listen}/predict").status_code == 200
