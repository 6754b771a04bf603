"""gonogo decides whether an inference service may be released.

What suites import: the measures, to be compared with a limit and given to ``require=``, and the units to write limits
in. ``require=[latency.p99 <= 50 * ms, success >= 99.9 * percent]`` says the same as text does.
"""

from gonogo.units import h, minute, ms, s, us
from gonogo.verdicts.expressions import (
    admitted,
    answered,
    breaker,
    difference,
    goodput,
    lag,
    latency,
    moves,
    outcome,
    percent,
    queued,
    requests,
    routed,
    split,
    status,
    success,
    throughput,
)

__all__ = [
    "admitted",
    "answered",
    "breaker",
    "difference",
    "goodput",
    "h",
    "lag",
    "latency",
    "minute",
    "moves",
    "ms",
    "outcome",
    "percent",
    "queued",
    "requests",
    "routed",
    "s",
    "split",
    "status",
    "success",
    "throughput",
    "us",
]
