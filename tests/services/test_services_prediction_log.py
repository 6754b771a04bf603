"""The log of predictions has a line for each, holds up no answer, and counts what it had to drop."""

from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.patience import PATIENCE_S
from gonogo_services.environment import Environment
from gonogo_services.errors import SettingsError
from gonogo_services.iris.app import create_app
from gonogo_services.iris.classifier import Classifier
from gonogo_services.iris.flavour import Flavour
from gonogo_services.iris.prediction_line import REQUEST_ID, PredictionLine, lost_line
from gonogo_services.iris.settings import IrisSettings
from gonogo_services.serving.answered import Answered
from gonogo_services.serving.log_destination import open_destination
from gonogo_services.serving.prediction_log import MAX_HELD_BYTES, Noted, PredictionLog

SETOSA = [5.1, 3.5, 1.4, 0.2]


def _answered(content: bytes = b"{}") -> Answered:
    return Answered("GET", "/predict/test", b"", [], b"", 200, content, 1)


def _number(noted: Noted) -> bytes:
    return b"%d %s" % (noted.sequence, noted.answered.content)


def _lost(count: int) -> bytes:
    return b"lost %d" % count


@contextmanager
def _written_to(path: Path, line: Callable[[Noted], bytes], headers: tuple[bytes, ...] = ()) -> Iterator[PredictionLog]:
    descriptor = open_destination(str(path), "PREDICTION_LOG")
    log = PredictionLog(descriptor, line, _lost, headers)
    try:
        yield log
    finally:
        log.close(PATIENCE_S)
        os.close(descriptor)


async def _lines_of(
    classifier: Classifier,
    path: Path,
    flavour: Flavour,
    method: str,
    url: str,
    **request: Any,  # noqa: ANN401 - httpx's
) -> list[dict[str, Any]]:
    """Ask a service that logs to ``path`` once and return the lines."""
    line = PredictionLine(classifier.model.path.name, classifier.model.sha256, ("x-user-id",))
    with _written_to(path, line, (REQUEST_ID, b"x-user-id")) as log:
        app = create_app(classifier, flavour, log)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://iris") as client,
        ):
            await client.request(method, url, **request)
    return _lines(path)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_prediction_is_a_line(classifier: Classifier, tmp_path: Path) -> None:
    """A line has who asked, what was asked and answered, by which model, and how long that took."""
    (line,) = await _lines_of(
        classifier,
        tmp_path / "log",
        Flavour.SHADOW,
        "POST",
        "/predict-label/job-7",
        content=json.dumps({"data": [SETOSA, [6, 3, 6, 2]], "note": "line\nbreak"}, indent=1),
        headers={"X-Request-Id": "r-1", "X-User-Id": "u-1", "Authorization": "Bearer secret"},
    )
    assert line.pop("worker") == os.getpid()
    assert 0 < line.pop("latency_s") < PATIENCE_S
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "sequence": 1,
        "request_id": "r-1",
        "job_id": "job-7",
        "method": "POST",
        "path": "/predict-label/{job_id}",
        "status": 200,
        "model": "iris_svc.onnx",
        "model_sha256": classifier.model.sha256,
        "headers": {"x-user-id": "u-1"},
        "input": [SETOSA, [6, 3, 6, 2]],
        "answer": {"job_id": "job-7", "prediction": ["setosa", "virginica"]},
    }


async def test_the_sample_is_the_input_of_its_prediction(classifier: Classifier, tmp_path: Path) -> None:
    """A prediction of the built-in sample has a line with it."""
    (line,) = await _lines_of(classifier, tmp_path / "log", Flavour.ONLINE_AB, "GET", "/predict/test/label")
    assert (line["input"], line["answer"]) == ([SETOSA], {"prediction": ["setosa"], "mode": "iris_svc.onnx"})
    assert (line["request_id"], line["job_id"], line["headers"]) == (None, None, {"x-user-id": None})


@pytest.mark.parametrize(
    ("url", "content", "status"), [("/predict/-", b"{}", 422), ("/predict/a", b"\n{", 400), ("/predict/a", b"[]", 422)]
)
async def test_a_refusal_is_a_line_without_its_input(
    classifier: Classifier, tmp_path: Path, url: str, content: bytes, status: int
) -> None:
    """What was refused counts too; what no model saw is not repeated."""
    (line,) = await _lines_of(classifier, tmp_path / "log", Flavour.SHADOW, "POST", url, content=content)
    assert (line["status"], line["input"], set(line["answer"])) == (status, None, {"detail", "field"})


async def test_what_is_no_prediction_is_no_line(classifier: Classifier, tmp_path: Path) -> None:
    """Probes of the health do not fill the log."""
    assert await _lines_of(classifier, tmp_path / "log", Flavour.PLAIN, "GET", "/health") == []


def test_a_reader_that_does_not_read_holds_nothing_up() -> None:
    """Offers to a full pipe return and are bounded; once it is read, lines and counts of the lost add up."""
    read, write = os.pipe()
    log = PredictionLog(write, _number, _lost, max_held_bytes=100_000)
    log.start()
    try:
        for _ in range(1000):
            log.offer(_answered(b"x" * 2000))
        assert len(log._waiting) * 2000 <= 100_000
        lines = _read_all(read, 1000)
        log.close(PATIENCE_S)
    finally:
        os.close(write)
        os.close(read)
    assert sum(line.startswith(b"lost") for line in lines) >= 1
    assert 10 < len(lines) < 200


def _read_all(descriptor: int, offered: int) -> list[bytes]:
    """Read until every offered answer has its line or is counted in one."""
    content = b""
    while select.select([descriptor], [], [], PATIENCE_S)[0]:
        content += os.read(descriptor, 1 << 20)
        lines = content.split(b"\n")[:-1]
        if offered == sum(int(line.split()[1]) if line.startswith(b"lost") else 1 for line in lines):
            return lines
    pytest.fail("not every answer was written or counted in time")


def test_lines_come_in_order(tmp_path: Path) -> None:
    """What is taken is written once, in the order in which it was offered."""
    with _written_to(tmp_path / "log", _number) as log:
        log.start()
        for _ in range(1000):
            log.offer(_answered())
    assert (tmp_path / "log").read_bytes() == b"".join(b"%d {}\n" % number for number in range(1, 1001))


def test_an_answer_larger_than_the_bound_is_lost_and_counted(tmp_path: Path) -> None:
    """One answer may not take more memory than all may."""
    with _written_to(tmp_path / "log", _number) as log:
        log.start()
        log.offer(_answered(b"x" * MAX_HELD_BYTES))
    assert (tmp_path / "log").read_bytes() == b"lost 1\n"


def test_a_line_that_cannot_be_made_is_lost_and_counted(tmp_path: Path) -> None:
    """An error in one line costs this line only."""

    def odd(noted: Noted) -> bytes:
        if noted.sequence == 2:
            raise ValueError("even")
        return _number(noted)

    with _written_to(tmp_path / "log", odd) as log:
        log.start()
        for _ in range(3):
            log.offer(_answered())
    assert sorted((tmp_path / "log").read_bytes().splitlines()) == [b"1 {}", b"3 {}", b"lost 1"]


def test_a_full_disk_loses_lines_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    """Where nothing can be written, the service's own log says so, once, with what is missing in the end."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    log = PredictionLog(descriptor, _number, _lost)
    log.start()
    try:
        for _ in range(100):
            log.offer(_answered())
        log.close(PATIENCE_S)
    finally:
        os.close(descriptor)
    assert caplog.messages == [
        "the prediction log cannot be written: No space left on device",
        "the prediction log ends without its last 100 predictions",
    ]


def test_a_lost_line_is_json_with_the_count() -> None:
    """Readers tell it from a prediction by its key."""
    line = json.loads(lost_line(3))
    assert (set(line), line["lost"], line["worker"]) == ({"time", "worker", "lost"}, 3, os.getpid())


def test_a_log_is_appended_to_and_is_not_for_everybody(tmp_path: Path) -> None:
    """What a file has stays; a new one can be read by its owner and group only, because inputs may be personal."""
    (tmp_path / "log").write_text("before\n")
    for name in ("log", "new"):
        descriptor = open_destination(str(tmp_path / name), "PREDICTION_LOG")
        os.write(descriptor, b"after\n")
        os.close(descriptor)
    assert (tmp_path / "log").read_text() == "before\nafter\n"
    assert (tmp_path / "new").stat().st_mode & 0o007 == 0


def test_an_unusable_destination_names_its_variable(tmp_path: Path) -> None:
    """A log that cannot be opened stops the start."""
    with pytest.raises(SettingsError, match=r"^PREDICTION_LOG='.*/none/log' cannot be opened to append: No such file"):
        open_destination(str(tmp_path / "none" / "log"), "PREDICTION_LOG")


def test_a_named_pipe_without_a_reader_does_not_hold_up_the_start(tmp_path: Path) -> None:
    """It is refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SettingsError, match="No such device or address"):
        open_destination(str(tmp_path / "pipe"), "PREDICTION_LOG")


def test_the_environment_chooses_log_and_headers() -> None:
    """Off by default; header names are taken in any case."""
    values = {"MODEL_FILEPATH": "/m"}
    assert IrisSettings.from_environment(Environment(values)).prediction_log == ""
    values |= {"PREDICTION_LOG": "-", "PREDICTION_LOG_HEADERS": " X-User-Id, cookie,"}
    settings = IrisSettings.from_environment(Environment(values))
    assert (settings.prediction_log, settings.prediction_log_headers) == ("-", ("x-user-id", "cookie"))


@pytest.mark.parametrize("value", ["x user", "x:y", "é", ",".join(f"x-{number}" for number in range(17))])
def test_a_wrong_header_name_names_its_variable(value: str) -> None:
    """What no header can be called, or too many of them, is a wrong setting."""
    with pytest.raises(SettingsError, match=r"^PREDICTION_LOG_HEADERS"):
        IrisSettings.from_environment(Environment({"MODEL_FILEPATH": "/m", "PREDICTION_LOG_HEADERS": value}))
