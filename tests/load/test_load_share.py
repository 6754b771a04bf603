"""Several engines: they share one schedule, start together, and make one run."""

from __future__ import annotations

import os
import signal
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.errors import UsageError
from gonogo.load.driver import start
from gonogo.load.mix import interleave
from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.target import Target
from tests.load.harness import Drive, Server


@given(engines=st.integers(1, 20), requests=st.integers(0, 10_000))
def test_each_request_is_one_engines(engines: int, requests: int) -> None:
    """The shares together are the schedule, and no two are further apart than by one."""
    shares = [list(Share(number, engines).of(range(requests))) for number in range(engines)]
    assert sorted(request for share in shares for request in share) == list(range(requests))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(engines=st.integers(1, 20), connections=st.integers(20, 500))
def test_connections_are_shared_too(engines: int, connections: int) -> None:
    """The engines together have as many as one would have."""
    assert sum(Share(number, engines).part(connections) for number in range(engines)) == connections


@pytest.mark.parametrize("engines", [2, 3, 4])
@pytest.mark.parametrize("weights", [[1, 1], [3, 1], [1, 1, 1], [1, 1, 1, 1]])
def test_no_engine_has_a_target_to_itself(engines: int, weights: list[float]) -> None:
    """Of 10,000 turns, every engine has its share of each target, to a fifth of it."""
    for number in range(engines):
        counts = np.bincount(list(Share(number, engines).of(islice(interleave(weights), 10_000))))
        assert counts / counts.sum() == pytest.approx(np.array(weights) / sum(weights), rel=0.2)


def test_two_engines_make_one_run(drive: Drive, server: Server) -> None:
    """Every due request has its row, in order, as if one engine had sent it."""
    columns = drive(f"{server.url}/ok", engines=2, warmup_s=0.1).columns
    assert columns.due_s == pytest.approx(np.arange(100) / 400)
    assert columns.success.all()
    assert {ordinal % 2 for ordinal in columns.connection} == {0, 1}


def test_two_engines_count_their_warm_up_together(drive: Drive, server: Server) -> None:
    """A tenth of a second at 400/s are 40 requests."""
    assert drive(f"{server.url}/ok", engines=2, warmup_s=0.1).facts.warmup_requests == 40


def test_two_engines_send_a_datas_rows_in_turn(drive: Drive, server: Server) -> None:
    """Templates are filled as by one engine: row i for request i."""
    target = Target.build(
        "POST", f"{server.url}/echo", json=["{row.x}"], data=[{"x": n} for n in range(3)], extract={"x": "$[0]"}
    )
    assert drive(target, engines=2).columns.extracted["x"].tolist() == [n % 3 for n in range(100)]


def test_two_engines_of_a_closed_loop(drive: Drive, server: Server) -> None:
    """Each drives its half of the connections, and the rows of both come in order."""
    columns = drive(f"{server.url}/slow?s=0.01", rate=None, connections=4, engines=2, duration_s=0.3).columns
    assert columns.success.all()
    assert np.all(np.diff(columns.due_s) >= 0)
    assert {ordinal % 2 for ordinal in columns.connection} == {0, 1}


def test_a_rate_that_two_engines_cannot_send(drive: Drive, server: Server) -> None:
    """Every due request has its row, sent or not."""
    run = drive(f"{server.url}/ok", rate=1e6, duration_s=0.2, timeout_s=0.5, engines=2)
    assert len(run.columns) == 200_000
    assert not run.facts.valid


def test_a_lost_engine_is_named(server: Server, tmp_path: Path) -> None:
    """When one of three engines is killed, the others end soon, and the run is kept, invalid and says which died."""
    plan = LoadPlan("test", (Target("GET", f"{server.url}/ok"),), 300, 60, engines=3)
    with start(plan, tmp_path) as running:
        deadline = time.monotonic() + 20
        while running.progress().done < 30:
            assert time.monotonic() < deadline
            os.sched_yield()
        os.kill(running.pids[1], signal.SIGKILL)
        run = running.wait()
    assert run.columns.success.sum() >= 30
    assert not run.facts.valid
    assert run.facts.invalid_reason == "the load engine 2 of 3 was killed by signal 9 before the run was over"


@pytest.mark.parametrize("engines", [0, 300, 65])
def test_engines_have_bounds(engines: int) -> None:
    """At least one, no more than a machine could have, and a connection for each."""
    with pytest.raises(UsageError, match="engines"):
        LoadPlan("x", (Target("GET", "http://127.0.0.1:1/"),), 1, 1, connections=64, engines=engines)
