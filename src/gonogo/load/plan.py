"""A load plan: everything that the engine needs to know before the first request, as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gonogo.errors import UsageError
from gonogo.load.schedule import MOST_REQUESTS, Schedule, schedule
from gonogo.load.target import Target

__all__ = ["LoadPlan"]


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load to drive.

    Attributes:
        name: name of the run.
        targets: at least one; requests are spread over them by weight, evenly and by ``seed``.
        rate: requests per second, open loop; None: closed loop over all connections, as fast as answers come.
        duration_s: seconds of measured load, after the warm-up.
        warmup_s: seconds of load before it, at the same rate, kept out of every measure.
        timeout_s: a request without a complete answer so long after its due time has failed.
        connections: the most connections open at once.
        arrivals: ``constant`` (evenly spaced) or ``poisson``.
        tightest_limit_s: the tightest latency limit that shall be decided: lag p99 must stay below 5 % of it.
        cores: CPUs to pin the engine to; empty: not pinned.
    """

    name: str
    targets: tuple[Target, ...]
    rate: float | None
    duration_s: float
    warmup_s: float = 0.0
    timeout_s: float = 10.0
    connections: int = 256
    seed: int = 0
    arrivals: str = "constant"
    tightest_limit_s: float | None = None
    cores: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.targets:
            raise UsageError("a load without targets", where=self.name, mend="give at least one target")
        if self.rate is not None and not (math.isfinite(self.rate) and self.rate > 0):
            raise UsageError(f"rate {self.rate} is not above 0", where=self.name)
        for label, value in (("duration", self.duration_s), ("timeout", self.timeout_s)):
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"{label} {value} s is not above 0", where=self.name)
        if not (math.isfinite(self.warmup_s) and self.warmup_s >= 0):
            raise UsageError(f"warmup {self.warmup_s} s is below 0", where=self.name)
        if self.connections < 1:
            raise UsageError(f"{self.connections} connections", where=self.name, mend="allow at least one")
        if self.arrivals not in ("constant", "poisson"):
            raise UsageError(f"arrivals {self.arrivals!r}", where=self.name, mend="write constant or poisson")
        if self.rate is not None and self.rate * (self.duration_s + self.warmup_s) > MOST_REQUESTS:
            raise UsageError(
                f"{self.rate:g}/s for {self.duration_s + self.warmup_s:g} s are more than {MOST_REQUESTS:,} requests",
                where=self.name,
                mend="lower the rate, or split the load into several runs",
            )

    @property
    def schedule(self) -> Schedule | None:
        """When requests are due; None for a closed loop."""
        if self.rate is None:
            return None
        return schedule(self.rate, self.duration_s, self.warmup_s, arrivals=self.arrivals, seed=self.seed)

    @property
    def requests(self) -> int | None:
        """Requests due in the measured part; None for a closed loop."""
        return None if self.rate is None else max(1, round(self.rate * self.duration_s))
