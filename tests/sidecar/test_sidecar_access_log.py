"""Access records joined to the requests of a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gonogo.sidecar.access_log import AccessLog


def line(request_id: str, **fields: object) -> str:
    """Return a line of an access log."""
    said = {
        "time": "2026-01-01T00:00:00Z",
        "request_id": request_id,
        "method": "GET",
        "path": "/",
        "authority": "iris",
        "status": 200,
        "flags": "-",
        "route": "",
        "service": "shop/iris",
        "subset": "svc",
        "upstream": "127.0.0.1:8000",
        "attempts": 1,
        "duration_ms": 1,
        "bytes_in": 0,
        "bytes_out": 0,
    }
    return json.dumps(said | fields) + "\n"


def ids(*names: str | None) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Return a column of request ids."""
    return np.array(names, dtype=object)


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    """An access log that is empty."""
    path = tmp_path / "access.json"
    path.touch()
    return AccessLog(path)


def append(log: AccessLog, *lines: str) -> None:
    """Write lines as a proxy does."""
    with log.path.open("a") as file:
        file.writelines(lines)


def test_records_are_found_by_the_requests_id(log: AccessLog) -> None:
    """Whatever their order in the log, records come to their own requests."""
    append(log, line("b", flags="UO", status=503), line("a"))
    joined = log.join(ids("a", "b"), np.ones(2, np.bool_))
    assert joined.flags.tolist() == ["", "UO"]
    assert joined.service.tolist() == ["shop/iris", "shop/iris"]
    assert joined.missing == 0


def test_a_request_without_a_record_has_none(log: AccessLog) -> None:
    """It counts as missing when it reached the sidecar, and not when it was never sent."""
    append(log, line("a"), line("of another run"))
    joined = log.join(ids("a", "b", None), np.array([True, True, False]), patience_s=0.0)
    assert joined.upstream.tolist() == ["127.0.0.1:8000", None, None]
    assert joined.missing == 1


def test_what_one_run_has_read_does_not_come_again(log: AccessLog) -> None:
    """The next run reads on from where the last one ended."""
    append(log, line("a"))
    log.join(ids("a"), np.ones(1, np.bool_))
    assert log.join(ids("a"), np.ones(1, np.bool_), patience_s=0.0).missing == 1


def test_a_line_that_is_cut_is_read_when_it_is_whole(log: AccessLog) -> None:
    """Half a record is no record yet."""
    whole = line("a")
    append(log, whole[:20])
    assert log.join(ids("a"), np.ones(1, np.bool_), patience_s=0.0).missing == 1
    append(log, whole[20:])
    assert log.join(ids("a"), np.ones(1, np.bool_)).missing == 0


def test_a_line_that_is_no_record_is_passed_over(log: AccessLog) -> None:
    """Rubbish does not lose the records behind it."""
    append(log, "rubbish\n", line("a"))
    assert log.join(ids("a"), np.ones(1, np.bool_)).missing == 0


def test_equal_texts_are_kept_once(log: AccessLog) -> None:
    """However many rows have a text, it is one object: a column costs a pointer a row."""
    append(log, *(line(str(number)) for number in range(100)))
    joined = log.join(ids(*map(str, range(100))), np.ones(100, np.bool_))
    assert len({id(text) for text in joined.upstream}) == 1
