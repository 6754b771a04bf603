"""The services that runs are simulated of: latencies of which the truth is known.

Every process is given by a name and draws float64[runs, requests] latencies, of consecutive requests, in units in
which the median is about 1; :func:`truth` gives its quantiles and its mean in the long run, exactly or from a
simulation so long that its own error does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.special import ndtri

__all__ = ["CAP", "PROCESSES", "Process", "mean_of", "quantile_of"]

FloatArray = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, int], FloatArray]

CAP: Final = 1000.0
"""No latency is longer: the timeout of the simulated client."""

_WARM: Final = 3000
_LONG: Final = (400, 50000)


@dataclass(frozen=True, slots=True)
class Process:
    """One simulated service.

    Attributes:
        draw: latencies of (generator, runs, requests).
        about: what it is, for the table.
        stationary: its distribution is the same at every time; otherwise truth is that of the whole run.
    """

    draw: Draw
    about: str
    stationary: bool = True


def _lognormal(memory: float) -> Draw:
    """Latency whose logarithm remembers the one before (AR(1))."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> FloatArray:
        shocks = rng.standard_normal((runs, n))
        if memory:
            fade = math.sqrt(1 - memory**2)
            shocks[:, 0] /= fade
            shocks = np.asarray(lfilter([fade], [1, -memory], shocks, axis=1))
        return np.minimum(np.exp(shocks), CAP)

    return draw


def _queue(load: float, *, fixed_service: bool) -> Draw:
    """Time in the system of a queue with one server, Poisson arrivals, in units of the service time."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> FloatArray:
        warm = int(_WARM / (1 - load))  # long after the queue has forgotten that it began empty
        shape = (runs, n + warm)
        service = np.ones(shape) if fixed_service else rng.exponential(size=shape)
        steps = service[:, :-1] - rng.exponential(1 / load, size=(runs, n + warm - 1))
        walk = np.concatenate([np.zeros((runs, 1)), np.cumsum(steps, axis=1)], axis=1)
        waiting = walk - np.minimum.accumulate(walk, axis=1)
        return (waiting + service)[:, warm:]

    return draw


def _stalls(every: float, mean_length: float) -> Draw:
    """Independent latencies, and stalls in which every request due waits for the stall's end.

    Args:
        every: requests from one stall to the next, on average.
        mean_length: of a stall in requests, exponential; a request takes 1 unit, arrivals are 1 unit apart.
    """

    def draw(rng: np.random.Generator, runs: int, n: int) -> FloatArray:
        warm = int(12 * mean_length)
        total = n + warm
        starts = rng.random((runs, total)) < 1 / every
        ends = np.where(starts, np.arange(total) + rng.exponential(mean_length, (runs, total)), -1.0)
        left = np.maximum(np.maximum.accumulate(ends, axis=1) - np.arange(total), 0.0)
        return np.minimum(np.exp(0.5 * rng.standard_normal((runs, total))) + left, CAP)[:, warm:]

    return draw


def _pareto(index: float) -> Draw:
    def draw(rng: np.random.Generator, runs: int, n: int) -> FloatArray:
        return np.minimum(rng.random((runs, n)) ** (-1 / index), CAP)

    return draw


def _drift(growth: float) -> Draw:
    """Independent latencies whose scale grows from the first request to the last by a factor."""

    def draw(rng: np.random.Generator, runs: int, n: int) -> FloatArray:
        return np.exp(0.5 * rng.standard_normal((runs, n)) + np.linspace(0, math.log(growth), n))

    return draw


PROCESSES: Final[Mapping[str, Process]] = {
    "independent": Process(_lognormal(0.0), "independent lognormal latencies"),
    "AR 0.9": Process(_lognormal(0.9), "lognormal, AR(1) with coefficient 0.9"),
    "AR 0.99": Process(_lognormal(0.99), "lognormal, AR(1) with coefficient 0.99"),
    "AR 0.999": Process(_lognormal(0.999), "lognormal, AR(1) with coefficient 0.999"),
    "M/M/1 50%": Process(_queue(0.5, fixed_service=False), "M/M/1 queue at a load of 50 %"),
    "M/M/1 80%": Process(_queue(0.8, fixed_service=False), "M/M/1 queue at a load of 80 %"),
    "M/D/1 80%": Process(_queue(0.8, fixed_service=True), "M/D/1 queue at a load of 80 %"),
    "stalls": Process(_stalls(1000, 20), "a stall of 20 ms on average every second"),
    "heavy tail": Process(_pareto(1.3), "independent Pareto latencies with index 1.3"),
    "drift": Process(_drift(2.0), "latency doubles from the first request to the last", stationary=False),
}


_LOADS: Final = {"M/M/1 50%": 0.5, "M/M/1 80%": 0.8}


@cache
def _sample(name: str) -> FloatArray:
    runs, n = _LONG
    rng = np.random.default_rng([7, len(name)])
    parts = [PROCESSES[name].draw(rng, 20, n).ravel() for _ in range(runs // 20)]
    return np.sort(np.concatenate(parts))


@cache
def quantile_of(name: str, level: float) -> float:
    """Return the quantile of a process in the long run."""
    if name in _LOADS:
        return -math.log(1 - level) / (1 - _LOADS[name])
    if name.startswith("AR") or name == "independent":
        return math.exp(float(ndtri(level)))
    sample = _sample(name)
    return float(sample[math.ceil(len(sample) * level) - 1])


@cache
def mean_of(name: str) -> float:
    """Return the mean of a process in the long run."""
    if name in _LOADS:
        return 1 / (1 - _LOADS[name])
    if name.startswith("AR") or name == "independent":
        return math.exp(0.5)
    return float(_sample(name).mean())
