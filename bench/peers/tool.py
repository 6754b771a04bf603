"""What every load generator can be asked: closed loop or a rate, on one CPU, and what it then reports."""

from __future__ import annotations

import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Outcome", "Task", "Tool", "run_on"]


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement.

    Attributes:
        url: of the server.
        rate: requests per second; None: closed loop.
        connections: of the closed loop; the most at a rate.
        seconds: how long.
        cpu: the generator's.
        folder: for files of its own.
    """

    url: str
    rate: float | None
    connections: int
    seconds: float
    cpu: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tool reports, and what it used.

    Attributes:
        answers: requests that it calls successful.
        p50_s: its median latency; NaN when it gives none.
        p99_s: its 99th percentile.
        cpu_s: CPU seconds of its processes, start and report included.
        note: what else must be known.
    """

    answers: int
    p50_s: float = math.nan
    p99_s: float = math.nan
    cpu_s: float = math.nan
    note: str = ""


class Tool(Protocol):
    """A load generator."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def open_loop(self) -> bool:
        """Whether it can be given a rate."""

    @property
    def missing(self) -> str:
        """What is not installed; empty when it can run."""

    def measure(self, task: Task) -> Outcome:
        """Run it once."""


def run_on(
    cpu: int, command: Sequence[object], *, limit_s: float, more: Mapping[str, str] | None = None
) -> tuple[str, float]:
    """Run a program on one CPU; return what it wrote and the CPU seconds that it used.

    Raises:
        SystemExit: it failed, or took longer than ``limit_s``.
    """
    before = os.times()
    try:
        done = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
            env={**os.environ, **(more or {})},
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
        )
    except subprocess.TimeoutExpired as error:
        raise SystemExit(f"{command[0]} did not end within {limit_s:g} s") from error
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    if done.returncode not in (0, 99):  # k6 ends with 99 when thresholds are crossed
        raise SystemExit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout, used
