"""A capacity as it was found: the rate, how it was found, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gonogo.errors import UndecidedError
from gonogo.experiments.capacity.advice import Limits, destination_rule, nginx_directives
from gonogo.experiments.capacity.knee import knee
from gonogo.gate.experiment import Attachment, Curve, ExperimentEntry, Step
from gonogo.gate.figure import figure
from gonogo.manifests.host import Host
from gonogo.suite.run import JudgedRun
from gonogo.units import format_duration
from gonogo.verdicts.verdict import Outcome

__all__ = ["HEADROOM", "Capacity", "Probe"]

HEADROOM: Final = 0.8
"""The share of its capacity at which a breaker keeps a service."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One rate that was tried.

    Attributes:
        at_s: when, seconds from the search's start.
        rate: asked for, requests per second.
        throughput: successes per second.
        success: share of the requests due.
        p50_s, p99_s: of the answered requests; NaN without one.
        in_flight: requests at once in all but one part in a thousand of the time.
        outcome: of the criteria.
        reason: of the first criterion that does not hold; why the rate was tried, when all hold.
        run: name of the run.
    """

    at_s: float
    rate: float
    throughput: float
    success: float
    p50_s: float
    p99_s: float
    in_flight: float
    outcome: Outcome
    reason: str
    run: str

    @property
    def held(self) -> bool:
        """Whether every criterion was shown to hold."""
        return self.outcome is Outcome.GO


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest rate at which the criteria hold.

    Attributes:
        rate: requests per second; 0 when no rate was shown to hold.
        broken_at: the lowest rate at which they were not shown to hold; None when the search ended below one.
        probes: every rate that was tried, in order.
        criteria: what had to hold, as texts.
        limit_s: the tightest latency limit among them; None without one.
        hysteresis: the rate held on the way up and did not after an overload.
        note: what else must be known: the generator was the limit, the search ended at its most.
        host: the Service; None where the target is no Service of the stack.
        limits: of the breaker, at 80 % of the capacity; None when there is no capacity.
        check: drives an overload with the limits acting; None where there is no sidecar to hold them.
    """

    rate: float
    broken_at: float | None
    probes: tuple[Probe, ...]
    criteria: tuple[str, ...]
    limit_s: float | None
    hysteresis: bool
    note: str
    host: Host | None
    limits: Limits | None
    check: Callable[[Capacity, float, Sequence[str]], JudgedRun] | None = field(default=None, repr=False, compare=False)

    @property
    def knee(self) -> tuple[float, float] | None:
        """Throughput and p99 at the knee of the curve; None when it has none."""
        return knee(self.curve)

    @property
    def curve(self) -> tuple[tuple[float, float], ...]:
        """Throughput in requests per second and p99 in seconds, in order of throughput, one point a rate."""
        best: dict[float, tuple[float, float]] = {}
        for probe in self.probes:
            if math.isfinite(probe.p99_s):
                best[probe.rate] = (probe.throughput, probe.p99_s)
        return tuple(sorted(best.values()))

    @property
    def conclusion(self) -> str:
        """The result in one sentence."""
        wanted = " and ".join(self.criteria)
        if not self.rate:
            return f"No rate was shown to hold {wanted}; {self.note or 'the lowest tried was too high'}"
        above = f", not at {figure(self.broken_at, '/s')}" if self.broken_at else ""
        parts = [f"{wanted} hold at {figure(self.rate, '/s')}{above}"]
        if self.hysteresis:
            parts.append("after an overload the service does not hold the rate that it held before")
        return "; ".join([*parts, *([self.note] if self.note else [])])

    def verify(self, overload: float = 2.0, require: Sequence[str] = ()) -> JudgedRun:
        """Drive ``overload`` times the capacity with the recommended limits acting, and judge.

        Without ``require``: all errors are the breaker's, what is admitted keeps the latency limit, and the goodput is
        at least 90 % of the capacity.

        Raises:
            UndecidedError: there is no capacity, or no sidecar that could hold the limits.
        """
        if self.check is None or self.limits is None:
            why = "no rate was shown to hold" if self.limits is None else "no sidecar stands before the service"
            raise UndecidedError(f"the breaker's limits cannot be verified: {why}")
        return self.check(self, overload, require)

    @property
    def took_s(self) -> float:
        """When the last rate was tried, seconds from the search's start."""
        return self.probes[-1].at_s if self.probes else 0.0

    def entry(self, name: str, test: str, verified: Step | None = None) -> ExperimentEntry:
        """Return what the judgment shows; ``verified``: the overload with the recommended limits, once driven."""
        marks = ((self.rate, "capacity"), (self.rate * HEADROOM, "80 %")) if self.rate else ()
        curve = Curve(
            title="Latency against throughput",
            x="successes per second",
            y="p99 of answered requests",
            x_unit="/s",
            y_unit="s",
            points=self.curve,
            limit=self.limit_s,
            marks=marks,
        )
        texts: tuple[Attachment, ...] = ()
        if self.limits and self.host:
            texts = (
                Attachment("DestinationRule that keeps it at 80 %", destination_rule(self.host, self.limits)),
                Attachment("The same for Nginx", nginx_directives(self.host, self.limits)),
            )
        steps = [*map(_step, self.probes), *([verified] if verified else [])]
        said = f"{self.conclusion}; at {verified.what}: {verified.outcome}" if verified else self.conclusion
        return ExperimentEntry(name, test, "capacity", said, tuple(steps), (curve,), texts)


def _step(probe: Probe) -> Step:
    figures = (
        ("Throughput", figure(probe.throughput, "/s")),
        ("Success", figure(probe.success, "share")),
        ("p99", format_duration(probe.p99_s)),
        ("At once", figure(probe.in_flight, "count")),
    )
    return Step(probe.at_s, figure(probe.rate, "/s"), figures, probe.outcome, probe.reason, probe.run)
