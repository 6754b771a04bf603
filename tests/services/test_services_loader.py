"""The model loader brings a model whole and right, or fails with the source and the reason."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fixtures.patience import PATIENCE_S
from gonogo_services.errors import SettingsError, StoreError
from gonogo_services.iris.cache import cache_folder
from gonogo_services.model_store.folder import FolderStore
from gonogo_services.model_store.loader import Loaded, load
from gonogo_services.model_store.registry import open_store
from gonogo_services.model_store.store import Store
from gonogo_services.model_store.web import WebStore

CONTENT = b"a model" * 1000


class Answers(BaseHTTPRequestHandler):
    """Answers by path; ``/flaky`` fails twice before it works."""

    failures_left = 2

    def do_GET(self) -> None:
        """Answer one request."""
        kind = self.path.split("/")[1]
        if kind == "flaky" and Answers.failures_left:
            Answers.failures_left -= 1
            self.send_error(503)
        elif kind == "moved":
            self.send_response(302)
            self.send_header("Location", "/ok/model.onnx")
            self.end_headers()
        elif kind in {"ok", "flaky", "short"}:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:100] if kind == "short" else CONTENT)
        else:
            self.send_error(int(kind))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server on loopback: its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(Answers, "failures_left", 2)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one model."""
    store = tmp_path / "my store"
    (store / "v2").mkdir(parents=True)
    (store / "iris_svc.onnx").write_bytes(CONTENT)
    (store / "v2" / "iris_svc.onnx").write_bytes(b"second")
    return store


class Pauses:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Remember a pause."""
        self.slept.append(seconds)

    def clock(self) -> float:
        """Return the seconds slept so far."""
        return sum(self.slept)


def _load(store: Store, name: str, to: Path, *, sha256: str = "", max_bytes: int = 1 << 20) -> tuple[Loaded, Pauses]:
    pauses = Pauses()
    loaded = load(store, name, to, sha256=sha256, sleep=pauses.sleep, clock=pauses.clock, max_bytes=max_bytes)
    return loaded, pauses


@pytest.mark.parametrize("address", [str, lambda path: path.as_uri(), lambda path: f"file://localhost{path}"])
def test_a_folder_is_a_store(folder: Path, tmp_path: Path, address: Callable[[Path], str]) -> None:
    """By path or by file:// URL, the model arrives as it was, in a folder that is made for it."""
    target = tmp_path / "volume" / "iris_svc.onnx"
    loaded, _ = _load(open_store(address(folder)), "iris_svc.onnx", target)
    assert target.read_bytes() == CONTENT
    assert loaded == Loaded(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_a_name_may_have_folders(folder: Path, tmp_path: Path) -> None:
    """Versions can be kept apart by folders inside the store."""
    _load(FolderStore(str(folder)), "v2/iris_svc.onnx", tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == b"second"


def test_the_web_is_a_store(web: str, tmp_path: Path) -> None:
    """A model comes from under an http:// prefix, with or without a slash at its end."""
    _load(open_store(f"{web}/ok/"), "model.onnx", tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == CONTENT


def test_a_redirect_is_followed(web: str, tmp_path: Path) -> None:
    """A store may send the loader elsewhere."""
    _load(open_store(f"{web}/moved"), "model.onnx", tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == CONTENT


def test_a_failure_that_passes_is_tried_again(web: str, tmp_path: Path) -> None:
    """Two 503s are waited out, a little longer each time."""
    _, pauses = _load(open_store(f"{web}/flaky"), "model.onnx", tmp_path / "model")
    assert pauses.slept == [0.5, 1.0]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("404", "the server answered 404 Not Found$"),
        ("403", "the server answered 403 Forbidden$"),
        ("500", r"the server answered 500 Internal Server Error \(5 attempts\)$"),
        ("short", r"the answer ended after 100 of 7000 bytes \(5 attempts\)$"),
    ],
)
def test_a_failure_names_source_and_reason(web: str, tmp_path: Path, kind: str, reason: str) -> None:
    """What cannot be had is said with its address; only what may pass is tried again; no file is left."""
    with pytest.raises(StoreError, match=f"^{web}/{kind}/model.onnx did not arrive: {reason}"):
        _load(open_store(f"{web}/{kind}"), "model.onnx", tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_nobody_listening_is_said(tmp_path: Path) -> None:
    """A refused connection is tried again and then named."""
    with pytest.raises(StoreError, match=r"http://127.0.0.1:1/m did not arrive: .*refused \(5 attempts\)"):
        _load(WebStore("http://127.0.0.1:1"), "m", tmp_path / "model")


@pytest.mark.parametrize(
    ("name", "reason"), [("none.onnx", "No such file"), ("v2", "Is a directory"), ("empty.onnx", "it is empty")]
)
def test_a_folder_without_the_model_is_said(folder: Path, tmp_path: Path, name: str, reason: str) -> None:
    """A missing file, a folder and an empty file are no models."""
    (folder / "empty.onnx").touch()
    with pytest.raises(StoreError, match=f"{name} did not arrive: {reason}"):
        _load(FolderStore(str(folder)), name, tmp_path / "model")


def test_the_right_hash_is_taken(folder: Path, tmp_path: Path) -> None:
    """A content that hashes to MODEL_SHA256 arrives."""
    wanted = hashlib.sha256(CONTENT).hexdigest()
    assert _load(FolderStore(str(folder)), "iris_svc.onnx", tmp_path / "model", sha256=wanted)[0].sha256 == wanted


@pytest.mark.parametrize("fault", ["hash", "size"])
def test_a_refused_model_leaves_what_was_there(folder: Path, tmp_path: Path, fault: str) -> None:
    """A wrong hash or too many bytes fail, and the model of before stays whole."""
    target = tmp_path / "volume" / "model"
    target.parent.mkdir()
    target.write_bytes(b"before")
    sha256, max_bytes = ("0" * 64, 1 << 20) if fault == "hash" else ("", 100)
    with pytest.raises(StoreError, match=r"its SHA-256 is|it is larger than 100 bytes"):
        _load(FolderStore(str(folder)), "iris_svc.onnx", target, sha256=sha256, max_bytes=max_bytes)
    assert {path.name: path.read_bytes() for path in target.parent.iterdir()} == {"model": b"before"}


def test_time_that_is_over_ends_the_attempts(tmp_path: Path) -> None:
    """No attempt begins after the deadline."""
    pauses = Pauses()
    with pytest.raises(StoreError, match=r"\(2 attempts\)"):
        load(
            WebStore("http://127.0.0.1:1"),
            "m",
            tmp_path / "model",
            sleep=pauses.sleep,
            clock=pauses.clock,
            pauses_s=(10, 10, 10),
            deadline_s=5,
        )


def test_an_unwritable_destination_is_said(folder: Path) -> None:
    """The path that cannot be written is named."""
    target = folder / "iris_svc.onnx" / "model"
    with pytest.raises(StoreError, match=f"{target} cannot be written"):
        _load(FolderStore(str(folder)), "iris_svc.onnx", target)


@pytest.mark.parametrize(
    "location",
    ["s4://bucket/models", "ftp://host/x", "http://", "file://elsewhere/models", "trained://iris", "http://h/x?sig=1"],
)
def test_an_unknown_store_is_a_wrong_setting(location: str) -> None:
    """An address that no store can be opened for names the variable."""
    with pytest.raises(SettingsError, match=r"^MODEL_STORE"):
        open_store(location)


def test_a_password_in_an_address_is_not_repeated() -> None:
    """A refused address may hold a secret, which the message keeps to itself."""
    with pytest.raises(SettingsError) as refused:
        open_store("https://user:hunter2@host/models")
    assert "hunter2" not in str(refused.value)


def _program(**environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-m", "gonogo_services.model_store"]
    return subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE, text=True)


def test_the_program_fails_with_one_line(folder: Path, tmp_path: Path) -> None:
    """A model that is not there ends the init container with a failure and one line."""
    source = str(folder / "none.onnx")
    with _program(MODEL_STORE=str(folder), MODEL_NAME="none.onnx", MODEL_FILEPATH=str(tmp_path / "m")) as program:
        _, said = program.communicate(timeout=PATIENCE_S)
    assert (program.returncode, said) == (
        1,
        f"model_store: {source} did not arrive: No such file or directory\n",
    )


def test_first_uses_at_the_same_time_train_one_model(svc_path: Path, rf_path: Path, tmp_path: Path) -> None:
    """Four loaders of two models with an empty cache all succeed with the same bytes, whatever their hash seed."""
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    paths = [svc_path, rf_path, svc_path, rf_path]
    programs = [
        _program(
            MODEL_STORE="trained://",
            MODEL_NAME=path.name,
            MODEL_FILEPATH=str(tmp_path / f"{seed}.onnx"),
            PYTHONHASHSEED=str(seed),
            **cache,
        )
        for seed, path in enumerate(paths)
    ]
    for program in programs:
        program.communicate(timeout=5 * PATIENCE_S)
    assert [program.returncode for program in programs] == [0, 0, 0, 0]
    assert [(tmp_path / f"{seed}.onnx").read_bytes() for seed in range(4)] == [path.read_bytes() for path in paths]
    kept = sorted(path.name for path in cache_folder("iris_svc.onnx", cache).iterdir())
    assert kept == [".lock", "iris_rf.onnx", "iris_svc.onnx"]
