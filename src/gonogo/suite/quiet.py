"""A run starts on a drained stack: what an earlier load left behind must not be measured in the next."""

from __future__ import annotations

import time

from gonogo.platforms.interface import RunningStack
from gonogo.units import format_duration

__all__ = ["wait_until_quiet"]

IDLE_CORES = 0.10
"""A stack that uses less CPU than this has drained."""

LOOK_S = 0.1
PATIENCE_S = 20.0


def wait_until_quiet(stack: RunningStack, patience_s: float = PATIENCE_S) -> str:
    """Wait until the stack's replicas together use less than a tenth of a core.

    Returns:
        Empty when the stack came to rest; otherwise a note for the judgment that it did not within ``patience_s``.
    """
    begun = looked = time.monotonic()
    used = _cpu_s(stack)
    while True:
        time.sleep(LOOK_S)
        now, use = time.monotonic(), _cpu_s(stack)
        cores = (use - used) / (now - looked)
        if cores < IDLE_CORES:
            return ""
        if now - begun > patience_s:
            return (
                f"the stack was still using {cores:.2f} cores {format_duration(now - begun)} after the load before: "
                "this run began on a busy stack"
            )
        looked, used = now, use


def _cpu_s(stack: RunningStack) -> float:
    return sum(sample.cpu_s for sample in stack.sample().values())
