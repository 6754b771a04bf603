"""Certification of ramps: at which rate the generator became the limit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fixtures.runs import build_run
from gonogo.load.certify import certify
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
