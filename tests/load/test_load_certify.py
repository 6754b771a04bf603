"""Certification: of ramps, at which rate the generator became the limit; of overloads, whose fault the waiting is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fixtures.runs import build_run
from gonogo.load.certify import certify, crowded
from gonogo.runs.run import ERRORS, Columns


def _ramp(n: int = 10_000) -> Columns:
    """Return requests of a rate that rises evenly from 0 to 2,000/s in 10 s: the k-th is due at the root of k."""
    columns = build_run(n, rate=1000.0, latency_s=0.001).columns
    due_s = 10 * np.sqrt(np.arange(n) / n)
    return replace(columns, due_s=due_s, sent_s=due_s.copy(), done_s=due_s + 0.001, queued_s=np.zeros(n))


def test_a_ramp_says_at_which_rate_its_generator_fell_behind() -> None:
    """A generator that is late above 1,500/s says about that rate, and when it came."""
    columns = _ramp()
    late = columns.due_s > 7.5
    slow = replace(columns, sent_s=columns.sent_s + np.where(late, 0.02, 0.0), done_s=columns.done_s + late * 0.02)
    valid, reason = certify(slow, rate=1000.0, changing=True)
    assert not valid
    assert "it became the limit at about 1,5" in reason
    assert "7.4 s into the run" in reason


def test_a_ramp_says_where_requests_were_left_unsent() -> None:
    """Unsent requests count like late ones."""
    columns = _ramp()
    error = np.where(columns.due_s > 9.0, ERRORS.index("unsent"), columns.error).astype(np.int8)
    _, reason = certify(replace(columns, error=error), rate=1000.0, changing=True)
    assert "it became the limit at about 1,8" in reason


def test_a_constant_rate_is_told_to_be_lower() -> None:
    """Without a change of rate there is only one rate to name."""
    columns = _ramp()
    late = replace(columns, sent_s=columns.sent_s + 0.02, done_s=columns.done_s + 0.02)
    assert "lower the rate of 1000/s" in certify(late, rate=1000.0)[1]


def _overload(lag_share: float, *, connections: int = 10) -> Columns:
    """Return requests of which each waits longer for a connection, and the generator is to blame for a share of it."""
    columns = build_run(1000, rate=1000.0, latency_s=0.001).columns
    waits = np.linspace(0, 9.0, 1000)
    sent = columns.due_s + waits
    return replace(
        columns,
        queued_s=waits * (1 - lag_share),
        sent_s=sent,
        done_s=sent + 0.1,
        connection=np.arange(1000, dtype=np.int32) % connections,
    )


def test_an_overload_of_few_connections_is_valid() -> None:
    """Of nine seconds of waiting for a connection, 90 ms in which the engine was busy are no reason to doubt them."""
    assert certify(_overload(0.01), rate=1000.0, tightest_limit_s=0.25) == (True, "")


def test_a_generator_at_its_limit_cannot_pass_for_an_overload() -> None:
    """Where a fifth of the waiting is the engine's own, the run is INVALID and says that waits were allowed for."""
    valid, reason = certify(_overload(0.2), rate=1000.0, tightest_limit_s=0.25)
    assert not valid
    assert "beside 5 % of the waits for a connection" in reason


def test_waiting_for_the_connections_allowed_is_told() -> None:
    """The note names how many waited, for how many connections, and what allows more."""
    told = crowded(_overload(0.0), 10)
    assert "requests waited for one of the 10 connections allowed" in told
    assert "connections= allows more" in told


def test_waiting_for_connections_that_are_being_opened_is_not_told() -> None:
    """With fewer connections in use than the plan allows, their number was not the limit."""
    assert crowded(_overload(0.0), 64) == ""
