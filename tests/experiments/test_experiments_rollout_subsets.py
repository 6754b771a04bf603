"""The access log, read while it grows: which subset each request of a snapshot went to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.runs import build_run
from gonogo.errors import UsageError
from gonogo.experiments.rollout.subsets import SubsetLog
from gonogo.runs.run import Columns

RECORD = {
    "time": "2025-01-31T09:30:00Z",
    "method": "GET",
    "path": "/",
    "authority": "iris",
    "status": 200,
    "flags": "-",
    "route": "",
    "service": "shop/iris",
    "upstream": "127.0.0.1:8000",
    "attempts": 1,
    "duration_ms": 1,
    "bytes_in": 0,
    "bytes_out": 0,
}


def write(path: Path, **subsets: str) -> None:
    """Append a record for each request id."""
    with path.open("a", encoding="utf-8") as file:
        for name, subset in subsets.items():
            file.write(json.dumps({**RECORD, "request_id": name, "subset": subset}) + "\n")


def columns(*names: str) -> Columns:
    """Return requests with these ids, 10 ms apart, answered after 10 ms."""
    return build_run(len(names), extracted={"request_id": np.array(names, dtype=object)}).columns


def test_each_request_gets_its_subset(tmp_path: Path) -> None:
    """Records come in any order, and one at a time."""
    log = SubsetLog(tmp_path / "access.json")
    write(log.path, b="rf")
    write(log.path, a="svc")
    assert list(log.known(columns("a", "b"), now_s=10).extracted["sidecar_subset"]) == ["svc", "rf"]


def test_what_was_logged_before_is_not_read(tmp_path: Path) -> None:
    """The log begins where it ends now."""
    path = tmp_path / "access.json"
    write(path, a="svc")
    assert list(SubsetLog(path).known(columns("a"), now_s=10).extracted["sidecar_subset"]) == [None]


def test_nothing_is_known_beyond_a_record_that_may_still_come(tmp_path: Path) -> None:
    """A fresh answer without its record ends what is looked at; after 3 s it stays without a subset."""
    log = SubsetLog(tmp_path / "access.json")
    write(log.path, a="svc", c="rf")
    assert len(log.known(columns("a", "b", "c"), now_s=1)) == 1
    assert list(log.known(columns("a", "b", "c"), now_s=10).extracted["sidecar_subset"]) == ["svc", None, "rf"]


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """A record that is being written is read once it is whole."""
    log = SubsetLog(tmp_path / "access.json")
    line = json.dumps({**RECORD, "request_id": "a", "subset": "svc"}) + "\n"
    log.path.write_text(line[:20])
    assert len(log.known(columns("a"), now_s=1)) == 0
    with log.path.open("a") as file:
        file.write(line[20:])
    assert list(log.known(columns("a"), now_s=1).extracted["sidecar_subset"]) == ["svc"]


def test_requests_past_the_sidecar_are_refused(tmp_path: Path) -> None:
    """Without ids nobody knows who got what."""
    with pytest.raises(UsageError, match="past the client's sidecar"):
        SubsetLog(tmp_path / "access.json").known(replace(columns("a"), extracted={}), now_s=1)
