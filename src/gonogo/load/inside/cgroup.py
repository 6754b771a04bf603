"""The control group that a worker runs in: what it may use, what it has used, and for how long it had no CPU.

Files of version 2: https://docs.kernel.org/admin-guide/cgroup-v2.html; of version 1:
https://docs.kernel.org/scheduler/sched-bwc.html and https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

__all__ = ["Allowance", "Standing", "allowance", "standing", "starved_s"]

_ROOT: Final = Path("/sys/fs/cgroup")
_STARVING: Final = 0.05
_UNLIMITED: Final = 1 << 60
"""Version 1 writes a number near the largest for "no limit"."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a control group may use, and the most memory that it has held.

    Attributes:
        cpu: cores; None without a limit, and where nobody can tell, as with the others.
        memory: bytes.
        memory_peak: bytes.
    """

    cpu: float | None
    memory: int | None
    memory_peak: int | None


def allowance(root: Path = _ROOT) -> Allowance:
    """Return what the control group mounted at ``root`` may use."""
    if (unified := _text(root / "cpu.max")) is not None:
        quota, _, period = unified.partition(" ")
        cpu = None if quota == "max" else int(quota) / int(period)
        return Allowance(cpu, _bytes(root / "memory.max"), _bytes(root / "memory.peak"))
    quota_us, period_us = _bytes(root / "cpu/cpu.cfs_quota_us"), _bytes(root / "cpu/cpu.cfs_period_us")
    memory = root / "memory"
    return Allowance(
        quota_us / period_us if quota_us and quota_us > 0 and period_us else None,
        _bytes(memory / "memory.limit_in_bytes"),
        _bytes(memory / "memory.max_usage_in_bytes"),
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a control group, and a process in it, have come to.

    Attributes:
        at_s: when, a reading of the clock.
        throttled_s: for how long its CPU limit has held the group back, by the group's own account.
        delayed_s: for how long the process was ready to run and did not (run_delay of /proc/PID/schedstat).
    """

    at_s: float
    throttled_s: float
    delayed_s: float


def standing(pid: int, root: Path = _ROOT, proc: Path = Path("/proc")) -> Standing | None:
    """Return how the control group at ``root`` and the process ``pid`` in it stand; None where nobody can tell."""
    delays = (_text(proc / str(pid) / "schedstat") or "").split()
    if not delays:
        return None
    return Standing(time.monotonic(), _throttled_s(root), int(delays[1]) / 1e9)


def starved_s(samples: Sequence[Standing]) -> float:
    """Return for how many seconds the process had work and no CPU, from the first of ``samples`` to the last.

    A limit's own account does not tell: of a Pod's group, which has the same limit as that of its only container, it
    cannot be seen from within, and others may have the CPU as well. What a process waits at each of its awakenings is a
    few microseconds and no starvation; so a stretch from one sample to the next counts when it waited for a twentieth
    of it or more.
    """
    waits = ((now.delayed_s - before.delayed_s, now.at_s - before.at_s) for before, now in pairwise(samples))
    return sum(waited_s for waited_s, stretch_s in waits if waited_s >= _STARVING * stretch_s)


def _throttled_s(root: Path) -> float:
    for path, name, scale in (("cpu.stat", "throttled_usec", 1e6), ("cpu/cpu.stat", "throttled_time", 1e9)):
        for line in (_text(root / path) or "").splitlines():
            word, _, number = line.partition(" ")
            if word == name:
                return int(number) / scale
    return 0.0


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None


def _bytes(path: Path) -> int | None:
    text = _text(path)
    if text is None or text == "max":
        return None
    return number if (number := int(text)) < _UNLIMITED else None
