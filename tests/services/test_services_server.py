"""The server as a program: started, asked, hurt and stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fixtures import client
from fixtures.patience import PATIENCE_S
from gonogo_services.errors import ServiceError, SettingsError
from gonogo_services.serving.listeners import bind_listeners


class Server:
    """The iris service in a process of its own, on a port that the system chose."""

    def __init__(self, model: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "gonogo_services.iris"],
            env=os.environ | {"MODEL_FILEPATH": str(model), "PORT": "0", "LOG_LEVEL": "info"} | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.url = self.await_line(r"is ready at (\S+)").group(1)
        self.address = ("127.0.0.1", int(self.url.rpartition(":")[2]))

    def await_line(self, pattern: str) -> re.Match[str]:
        """Return the match of the next line on standard error in which ``pattern`` is found.

        A service that does not write it within the deadline is killed, which ends the wait.
        """
        assert self.process.stderr
        seen = []
        killer = threading.Timer(PATIENCE_S, self.process.kill)
        killer.start()
        try:
            for line in self.process.stderr:
                if match := re.search(pattern, line):
                    return match
                seen.append(line)
        finally:
            killer.cancel()
            killer.join()
        pytest.fail(f"the service ended without a line like {pattern!r}: {''.join(seen)}")

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes."""
        return psutil.Process(self.process.pid).children()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        """End it, whatever state it is in; its workers die with it."""
        self.process.kill()
        self.process.wait()
        assert self.process.stderr
        self.process.stderr.close()


Start = Callable[..., Server]


@pytest.fixture
def start(svc_path: Path) -> Iterator[Start]:
    """Start servers with the trained model that do not outlive the test."""
    started: list[Server] = []

    def begin(**environment: str) -> Server:
        started.append(Server(svc_path, **environment))
        return started[-1]

    yield begin
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def shared(svc_path: Path) -> Iterator[Server]:
    """One server with two workers for the tests that only ask it."""
    server = Server(svc_path, WORKERS="2")
    yield server
    server.close()


def _fail_to_start(**environment: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "gonogo_services.iris"],
        env=os.environ | {"PORT": "0", "WORKERS": "2"} | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return ended.returncode, ended.stderr


def test_the_server_answers_predictions(shared: Server) -> None:
    """A real request over a real socket gets its two rows."""
    answer = client.post(f"{shared.url}/predict/label", json={"data": [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6, 2.5]]})
    assert answer.json() == {"prediction": ["setosa", "virginica"]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"data": [[5.1, NaN, 1.4, 0.2]]}', 422),
        (b"{", 400),
        (b"x" * 10_000_000, 413),
        (b'{"data": ' + b"[" * 100_000, 400),
    ],
    ids=["NaN", "not JSON", "10 MB", "deep"],
)
def test_the_server_refuses_bad_bodies(shared: Server, body: bytes, status: int) -> None:
    """The whole way from the socket, bad input is a client error."""
    assert client.post(f"{shared.url}/predict", content=body).status_code == status


def test_the_server_refuses_an_endless_stream(shared: Server) -> None:
    """A body in chunks that never ends gets its 413 while it is still being sent."""
    with socket.create_connection(shared.address, PATIENCE_S) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: iris\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_leaves_early_leaves_no_error(start: Start) -> None:
    """A connection that closes in the middle of a body is no failure of the service."""
    server = start()
    with socket.create_connection(server.address, PATIENCE_S) as connection:
        _begin_request(connection, b"{}")
    assert client.get(f"{server.url}/health").json() == {"health": "ok"}
    assert server.stop() == 0
    assert server.process.stderr
    assert server.process.stderr.read() == ""


def test_as_many_workers_as_asked_for(shared: Server) -> None:
    """WORKERS=2 means two processes under one parent."""
    assert len(shared.workers()) == 2


def test_the_access_log_is_off_until_asked_for(start: Start) -> None:
    """With ACCESS_LOG=1 a request is a line."""
    server = start(ACCESS_LOG="1")
    client.get(f"{server.url}/health")
    assert server.await_line("GET /health")


def test_the_workers_share_one_prediction_log(start: Start, tmp_path: Path) -> None:
    """Every prediction of both workers is one whole line, also of those that were made just before the stop."""
    log = tmp_path / "predictions.jsonl"
    server = start(WORKERS="2", FLAVOUR="shadow", PREDICTION_LOG=str(log))
    body = {"data": [[5.1, 3.5, 1.4, 0.2]] * 500}
    for number in range(40):  # each on a connection of its own, so that both workers get some
        assert client.post(f"{server.url}/predict/job-{number}", json=body).status_code == 200
    assert server.stop() == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sorted(line["job_id"] for line in lines) == sorted(f"job-{number}" for number in range(40))
    for worker in {line["worker"] for line in lines}:
        numbers = [line["sequence"] for line in lines if line["worker"] == worker]
        assert numbers == list(range(1, len(numbers) + 1))


def test_serving_loads_no_training_library() -> None:
    """The server starts without scikit-learn, scipy, skl2onnx and onnx."""
    code = "import sys, gonogo_services.iris.__main__; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sklearn", "scipy", "skl2onnx", "onnx"} & set(loaded.stdout.split())


def test_the_parent_has_one_thread_when_it_forks(shared: Server) -> None:
    """No library has started a thread that the workers would lack."""
    assert psutil.Process(shared.process.pid).num_threads() == 1


def test_a_missing_model_stops_the_start(tmp_path: Path) -> None:
    """One line names the path, and the status is a failure."""
    status, said = _fail_to_start(MODEL_FILEPATH=str(tmp_path / "none.onnx"))
    assert (status, said.count("\n")) == (1, 1)
    assert f"iris: the model file {tmp_path}/none.onnx does not exist" in said


def test_a_broken_model_stops_the_start(tmp_path: Path, svc_path: Path) -> None:
    """A truncated file is found by the workers, and one line names the path."""
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(svc_path.read_bytes()[:1000])
    status, said = _fail_to_start(MODEL_FILEPATH=str(broken))
    assert (status, said.count("\n")) == (1, 1)
    assert f"iris: the model file {broken} cannot be opened" in said


def test_a_wrong_setting_stops_the_start() -> None:
    """One line names the variable, and the status is that of wrong usage."""
    status, said = _fail_to_start(MODEL_FILEPATH="/m", WORKERS="many")
    assert (status, said) == (2, "iris: WORKERS='many' is not a whole number; write digits only, such as WORKERS=1\n")


def test_a_port_in_use_stops_the_start(shared: Server, svc_path: Path) -> None:
    """A second service on the port of a first one is refused, although both would share it if they could."""
    status, said = _fail_to_start(MODEL_FILEPATH=str(svc_path), PORT=str(shared.address[1]))
    assert status == 1
    assert said.startswith(f"iris: 127.0.0.1:{shared.address[1]} is in use")


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a" * 70])
def test_an_unusable_host_names_its_variable(host: str) -> None:
    """A name that does not resolve and an address of another machine are wrong settings."""
    with pytest.raises(SettingsError, match=r"^HOST="):
        bind_listeners(host, 0, 1)


def test_a_port_that_listens_is_not_shared() -> None:
    """Listeners of one service share a port among themselves and with nobody else."""
    listeners = bind_listeners("127.0.0.1", 0, 3)
    try:
        ports = {listener.getsockname()[1] for listener in listeners}
        assert len(ports) == 1
        for listener in listeners:
            listener.listen()
        with pytest.raises(ServiceError, match="is in use"):
            bind_listeners("127.0.0.1", ports.pop(), 1)
    finally:
        for listener in listeners:
            listener.close()


def test_a_killed_worker_is_replaced(start: Start) -> None:
    """A connection made after the death of the only worker is answered by its successor."""
    server = start(WORKERS="1")
    (before,) = server.workers()
    before.kill()
    server.await_line("was ended by SIGKILL; another one takes its place")
    assert client.get(f"{server.url}/health").json() == {"health": "ok"}
    assert server.workers() != [before]


def test_a_replacement_answers_with_the_first_model(svc_path: Path, tmp_path: Path, start: Start) -> None:
    """A model file that changes or vanishes under a running service changes nothing of its answers."""
    copy = tmp_path / "model.onnx"
    copy.write_bytes(svc_path.read_bytes())
    server = start(WORKERS="1", MODEL_FILEPATH=str(copy))
    first = client.get(f"{server.url}/metadata").json()
    copy.write_bytes(b"another one")
    server.workers()[0].kill()
    server.await_line("another one takes its place")
    assert client.get(f"{server.url}/metadata").json() == first


def test_workers_that_keep_dying_end_the_service(start: Start) -> None:
    """After three deaths of one worker within a minute, a fourth ends the service with a failure."""
    server = start(WORKERS="1")
    for _ in range(3):
        server.workers()[0].kill()
        server.await_line("another one takes its place")
    server.workers()[0].kill()
    server.await_line("iris: more than 3 workers ended within 60 s; the last one was ended by SIGKILL")
    assert server.process.wait(PATIENCE_S) == 1


def test_workers_die_with_a_killed_parent(start: Start) -> None:
    """SIGKILL to the parent leaves no worker behind."""
    server = start(WORKERS="3")
    workers = server.workers()
    server.process.kill()
    _, alive = psutil.wait_procs(workers)
    assert alive == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_before_the_end(start: Start, number: signal.Signals) -> None:
    """Told to stop, the service takes no new connection, finishes what has begun, and exits with 0."""
    server = start(WORKERS="2")
    body = b'{"data": [[5.1, 3.5, 1.4, 0.2]]}'
    with socket.create_connection(server.address, PATIENCE_S) as connection:
        _begin_request(connection, body)
        server.process.send_signal(number)
        _await_refusal(server.address)
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(PATIENCE_S) == 0


def test_an_interrupt_of_the_whole_group_is_a_graceful_stop(svc_path: Path) -> None:
    """Ctrl-C reaches parent and workers alike, and ends them with 0."""
    environment = os.environ | {"MODEL_FILEPATH": str(svc_path), "PORT": "0", "WORKERS": "2"}
    command = [sys.executable, "-m", "gonogo_services.iris"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, process_group=0)
    try:
        assert process.stderr
        assert b"is ready at" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def test_a_request_that_does_not_end_is_cut_off(start: Start) -> None:
    """When the grace time is over, a client that never sends its body is told so and does not keep the service."""
    server = start(GRACE_S="0")
    with socket.create_connection(server.address, PATIENCE_S) as connection:
        _begin_request(connection, b"{}")
        assert server.stop() == 0
        assert connection.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert server.process.stderr
    assert "Traceback" not in server.process.stderr.read()


def _begin_request(connection: socket.socket, body: bytes) -> None:
    """Send a request's head and wait until the service asks for its body, which shows that it is at work on it."""
    head = f"POST /predict HTTP/1.1\r\nHost: iris\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    connection.sendall(head.encode())
    assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")


def _await_refusal(address: tuple[str, int]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        try:
            socket.create_connection(address, PATIENCE_S).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:
            continue
    pytest.fail("the service still takes connections")
