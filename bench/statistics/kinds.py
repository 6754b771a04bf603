"""Kinds of criteria, each with its evidence from a simulated run, and a limit at or away from the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from processes import CAP, FloatArray, mean_of, quantile_of

from gonogo.verdicts.criterion import Between, Comparison, Criterion, MeasureName
from gonogo.verdicts.evidence import Evidence, IntArray, Mean, Proportion, Quantile
from gonogo.verdicts.memory import nearness

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of criterion.

    Attributes:
        criterion: of (process, room): at room 1 the truth is the limit; at 3 the service is three times as fast as it
            must be, at 1/3 three times too slow.
        evidence: of (latencies in order, time block of each, process, room).
        slow: for a kind that counts requests, beyond which latency one is late, of (process, room).
        late: for a rate of successes likewise.
        share: for a kind that counts requests, the claim about the share of late (or good) ones.
        good: requests that are not late are counted.
    """

    criterion: Callable[[str, float], Criterion]
    evidence: Callable[[FloatArray, IntArray, str, float], Evidence]
    slow: Callable[[str, float], float] | None = None
    late: Callable[[str, float], float] | None = None
    share: Comparison | Between | None = None
    good: bool = False

    def counted(self, _process: str) -> Criterion:
        """Return the criterion as a claim about the share of late (or good) requests, which it is equal to."""
        assert self.share is not None
        return Criterion(MeasureName("success" if self.good else "errors"), self.share, "share", "share of requests")


def _quantile(level: float) -> Kind:
    name = f"p{100 * level:g}"

    def criterion(process: str, room: float) -> Criterion:
        claim = Comparison("<=", room * quantile_of(process, level))
        return Criterion(MeasureName(name), claim, "s", f"{name} <= limit")

    def evidence(values: FloatArray, block: IntArray, _process: str, _room: float) -> Quantile:
        return Quantile(values, block, level, "latency")

    return Kind(criterion, evidence, slow=_beyond(level), share=Comparison("<=", 1 - level))


def _beyond(level: float) -> Callable[[str, float], float]:
    return lambda process, room: room * quantile_of(process, level)


def _slow(values: FloatArray, block: IntArray, limit: float) -> tuple[IntArray, IntArray]:
    blocks = int(block[-1]) + 1
    return np.bincount(block[values > limit], minlength=blocks), np.bincount(block, minlength=blocks)


def _share(level: float, claim: Comparison | Between, name: str) -> Kind:
    """The share of requests beyond a timeout that 1 - level of them exceed at room 1."""

    def criterion(_process: str, _room: float) -> Criterion:
        return Criterion(MeasureName(name), claim, "share", f"{name} within the limit")

    def evidence(values: FloatArray, block: IntArray, process: str, room: float) -> Proportion:
        timeout = room * quantile_of(process, level)
        late, due = _slow(values, block, timeout)
        hits = due - late if name == "success" else late
        return Proportion(hits, due, name, nearness(values, block, timeout))

    return Kind(criterion, evidence, slow=_beyond(level), share=claim, good=name == "success")


def _mean() -> Kind:
    def criterion(process: str, room: float) -> Criterion:
        return Criterion(MeasureName("mean"), Comparison("<=", room * mean_of(process)), "s", "mean <= limit")

    def evidence(values: FloatArray, block: IntArray, _process: str, _room: float) -> Mean:
        weights = np.bincount(block).astype(np.float64)
        each = np.bincount(block, weights=values) / weights
        return Mean(each, weights, float(values.mean()), "s", len(values), "mean", each=values, block=block, most=CAP)

    return Kind(criterion, evidence)


def _throughput() -> Kind:
    def criterion(_process: str, _room: float) -> Criterion:
        return Criterion(MeasureName("throughput"), Comparison(">=", 0.99), "/s", "throughput >= limit")

    def evidence(values: FloatArray, block: IntArray, process: str, room: float) -> Mean:
        timeout = room * quantile_of(process, 0.99)
        late, due = _slow(values, block, timeout)
        good = (values <= timeout).astype(np.float64)
        return Mean(
            values=1 - late / due,
            weights=due.astype(np.float64),
            observed=float(good.mean()),
            unit="/s",
            n=len(values),
            noun="throughput",
            each=good,
            block=block,
            most=1.0,
            signal=nearness(values, block, timeout),
        )

    return Kind(criterion, evidence, late=_beyond(0.99))


KINDS: Final[Mapping[str, Kind]] = {
    "p50": _quantile(0.5),
    "p99": _quantile(0.99),
    "success": _share(0.99, Comparison(">=", 0.99), "success"),
    "between": _share(0.5, Between(0.25, 0.5), "errors"),
    "mean": _mean(),
    "throughput": _throughput(),
}
