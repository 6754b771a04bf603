"""A load plan: everything that the engine needs to know before the first request, as a value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gonogo.errors import UsageError
from gonogo.load.profile import Profile
from gonogo.load.schedule import MOST_REQUESTS, Schedule, schedule
from gonogo.load.target import Target

__all__ = ["MOST_ENGINES", "LoadPlan"]

MOST_ENGINES = 256
"""The most processes of one run."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load to drive.

    Attributes:
        name: name of the run.
        targets: at least one; requests are spread over them by weight, evenly and by ``seed``.
        rate: requests per second, or how they change, open loop; None: closed loop over all connections, as fast as
            answers come.
        duration_s: seconds of measured load, after the warm-up.
        warmup_s: seconds of load before it, at the same rate, kept out of every measure.
        timeout_s: a request without a complete answer so long after its due time has failed.
        connections: the most connections open at once.
        arrivals: ``constant`` (evenly spaced) or ``poisson``.
        tightest_limit_s: the tightest latency limit that shall be decided: lag p99 must stay below 5 % of it.
        cores: CPUs to pin the engine to; empty: not pinned. Several engines have one each, in turn.
        engines: how many processes drive the load; their requests are one run.
        workers: over how many Pods they are spread where the load is sent from within the stack.
    """

    name: str
    targets: tuple[Target, ...]
    rate: float | Profile | None
    duration_s: float
    warmup_s: float = 0.0
    timeout_s: float = 10.0
    connections: int = 256
    seed: int = 0
    arrivals: str = "constant"
    tightest_limit_s: float | None = None
    cores: tuple[int, ...] = ()
    engines: int = 1
    workers: int = 1

    def __post_init__(self) -> None:
        if not self.targets:
            raise UsageError("a load without targets", where=self.name, mend="give at least one target")
        if isinstance(self.rate, float | int) and not (math.isfinite(self.rate) and self.rate > 0):
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
        self._check_size()
        self._check_columns()

    def _check_size(self) -> None:
        if not 1 <= self.engines <= MOST_ENGINES:
            raise UsageError(f"{self.engines} engines", where=self.name, mend=f"have 1 to {MOST_ENGINES}")
        if not 1 <= self.workers <= self.engines:
            raise UsageError(
                f"{self.workers} workers for {self.engines} engines",
                where=self.name,
                mend="have at least one engine each",
            )
        if self.connections < self.engines:
            raise UsageError(
                f"{self.connections} connections for {self.engines} engines",
                where=self.name,
                mend="allow at least one each",
            )
        if isinstance(self.rate, Profile) and self.warmup_s and not self.rate.stages[0].begin:
            raise UsageError(
                "the warm-up goes at the first rate, which is 0", where=self.name, mend="begin the rate above 0"
            )
        if (requests := self._expected) is not None and requests > MOST_REQUESTS:
            raise UsageError(
                f"{self.rate_text} for {self.duration_s + self.warmup_s:g} s are more than {MOST_REQUESTS:,} requests",
                where=self.name,
                mend="lower the rate, or split the load into several runs",
            )

    def _check_columns(self) -> None:
        names = self.further_columns
        if len({name.lower() for name in names}) < len(names):
            raise UsageError(
                f"two of the extracted columns {', '.join(names)} differ only in case",
                where=self.name,
                mend="call what is the same by the same name",
            )

    @property
    def _expected(self) -> float | None:
        """Requests due, warm-up included; None for a closed loop."""
        if self.rate is None:
            return None
        if isinstance(self.rate, Profile):
            return self.rate.requests(self.duration_s) + self.rate.stages[0].begin * self.warmup_s
        return self.rate * (self.duration_s + self.warmup_s)

    @property
    def mean_rate(self) -> float | None:
        """Requests per second over the whole duration; None for a closed loop."""
        return self.rate.requests(self.duration_s) / self.duration_s if isinstance(self.rate, Profile) else self.rate

    @property
    def rate_text(self) -> str:
        """The rate as people write it."""
        if self.rate is None:
            return "max"
        return str(self.rate) if isinstance(self.rate, Profile) else f"{self.rate:g}/s"

    @property
    def further_columns(self) -> tuple[str, ...]:
        """Names of the columns that targets extract, in order of their first mention."""
        return tuple(dict.fromkeys(one.name for target in self.targets for one in target.extract))

    @property
    def schedule(self) -> Schedule | None:
        """When requests are due; None for a closed loop."""
        if self.rate is None:
            return None
        return schedule(self.rate, self.duration_s, self.warmup_s, arrivals=self.arrivals, seed=self.seed)

    @property
    def requests(self) -> int | None:
        """Requests due in the measured part; None for a closed loop."""
        rate = self.mean_rate
        return None if rate is None else max(1, round(rate * self.duration_s))
