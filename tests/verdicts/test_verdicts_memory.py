"""Over how many requests a service remembers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.signal import lfilter

from gonogo.errors import MeasurementError
from gonogo.verdicts.evidence import FloatArray, Signal
from gonogo.verdicts.memory import measure_memory, nearness

N = 40000
BLOCK = np.arange(N) * 200 // N


def _moods(memory: float) -> FloatArray:
    shocks = np.random.default_rng(3).normal(size=N)
    return np.asarray(lfilter([math.sqrt(1 - memory**2)], [1, -memory], shocks))


@pytest.mark.parametrize("memory", [0.0, 0.9, 0.99])
def test_memory_of_a_known_process(memory: float) -> None:
    """The estimate is that of theory, (1 + r) / (1 - r) for an AR(1), to within a half."""
    truth = (1 + memory) / (1 - memory)
    assert truth / 1.5 <= measure_memory(Signal.of(_moods(memory), BLOCK)) <= 1.5 * truth


def test_memory_longer_than_the_run_is_seen_to_be_long() -> None:
    """A movement over the whole run leaves no twenty stretches that are independent."""
    assert N / measure_memory(Signal.of(np.linspace(0, 1, N), BLOCK)) < 60


@pytest.mark.parametrize("signal", [None, Signal.of(np.ones(N), BLOCK), Signal.of(np.zeros(0), np.zeros(0, np.int64))])
def test_nothing_to_see_is_no_memory(signal: Signal | None) -> None:
    """Without a signal, or with one that never changes, every request counts in full."""
    assert measure_memory(signal) == 1.0


def test_what_is_far_below_the_limit_does_not_count() -> None:
    """How latency varies below a sixth of the limit says nothing about the limit."""
    assert measure_memory(nearness(0.001 * np.exp(0.1 * _moods(0.99)), BLOCK, 1.0)) == 1.0


def test_endless_waits_are_at_the_limit() -> None:
    """A request without an answer counts like one that took six times the limit."""
    assert float(nearness(np.array([math.inf]), np.zeros(1, np.int64), 1.0).sums[0]) == pytest.approx(math.log(6))


def test_impossible_signal_is_refused() -> None:
    """A signal without a count for each sum is a fault of the measure."""
    with pytest.raises(MeasurementError):
        Signal(np.zeros(2), np.zeros(1), np.zeros(2))
