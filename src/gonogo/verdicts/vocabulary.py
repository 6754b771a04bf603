"""The measures that a criterion can name: their units, populations and keys, as plain data.

What a measure is computed from is the concern of :mod:`gonogo.measures`; this table only says which words exist and
which limits fit them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from gonogo.verdicts.arms import ArmsKind
from gonogo.verdicts.criterion import MeasureName

__all__ = ["ERROR_KINDS", "POPULATIONS", "Entry", "KeyKind", "Kind", "level_of", "look_up", "suggestion"]

Kind = Literal["quantile", "mean", "extreme", "share", "rate", "count", "split", "difference", "divergence", "error"]
KeyKind = Literal["target", "status", "error", "any", "none", "routing"] | ArmsKind

POPULATIONS: Final[Mapping[str, str]] = {
    "": "latency of all requests due; one without a success is slower than any limit",
    "answered": "latency of the requests that got a complete answer, whatever its status",
    "admitted": "latency of the requests that no breaker turned away",
    "queued": "time that requests waited for a free connection",
    "lag": "how late the load generator itself sent",
    "live": "latency of the current model's replicas, as captured; one without a success is slower than any limit",
    "shadow": "latency of the shadow's replicas for the copies, likewise",
}
"""Populations of the measures of time, as they stand before the dot: ``answered.p99``."""

ERROR_KINDS: Final = ("timeout", "refused", "connect", "reset", "protocol", "dns", "tls", "check", "unsent")
"""Kinds of failure that ``errors[…]`` can name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a measure.

    Attributes:
        kind: how it is judged.
        unit: ``s``, ``share``, ``/s`` or ``count``: the unit of its limits.
        example: a criterion that uses it.
        key: what stands in its brackets.
        key_required: whether it means nothing without a key.
        timed: whether it has the populations of POPULATIONS.
        signed: whether its limits may lie below 0.
    """

    kind: Kind
    unit: str
    example: str
    key: KeyKind = "target"
    key_required: bool = False
    timed: bool = False
    signed: bool = False


_PERCENTILE: Final = Entry("quantile", "s", "p99 < 50ms", timed=True)
_SLOWER: Final = Entry(
    "difference",
    "s",
    "p99.difference[mode: iris_rf.onnx vs iris_svc.onnx] <= 5ms",
    key="pair",
    key_required=True,
    timed=True,
    signed=True,
)
_NAMED: Final[Mapping[str, Entry]] = {
    "mean": Entry("mean", "s", "answered.mean < 20ms", timed=True),
    "min": Entry("extreme", "s", "min > 1ms", timed=True),
    "max": Entry("extreme", "s", "max < 1s", timed=True),
    "success": Entry("share", "share", "success >= 99.9%"),
    "status": Entry("share", "share", "status[503] <= 25%", key="status", key_required=True),
    "errors": Entry("share", "share", "errors[timeout] <= 0.1%", key="error"),
    "throughput": Entry("rate", "/s", "throughput >= 480/s"),
    "goodput": Entry("rate", "/s", "goodput >= 480/s"),
    "breaker.rejected": Entry("share", "share", "breaker.rejected between 40% and 60%", key="none"),
    "breaker.only_breaker_errors": Entry("share", "share", "breaker.only_breaker_errors == 100%", key="none"),
    "routed": Entry("share", "share", "routed[target: mountain -> plant] == 100%", key="routing", key_required=True),
    "requests": Entry("count", "count", "requests >= 1000"),
    "split": Entry("split", "share", "split[mode] within 2%", key="split", key_required=True),
    "moves": Entry("count", "count", "moves[mode by user] <= 1", key="moves", key_required=True),
    "success.difference": Entry(
        "difference",
        "share",
        "success.difference[mode: iris_rf.onnx vs iris_svc.onnx] >= -1%",
        key="pair",
        key_required=True,
        signed=True,
    ),
    "outcome.difference": Entry(
        "difference",
        "share",
        "outcome.difference[click: iris_rf.onnx vs iris_svc.onnx] >= -1%",
        key="outcome",
        key_required=True,
        signed=True,
    ),
    "mirror.once": Entry("share", "share", "mirror.once == 100%", key="any"),
    "mirror.share": Entry("share", "share", "mirror.share between 48% and 52%", key="any"),
    "mirror.repeated": Entry("share", "share", "mirror.repeated == 0%", key="any"),
    "mirror.leaked": Entry("share", "share", "mirror.leaked == 0%", key="any"),
    "mirror.stray": Entry("share", "share", "mirror.stray == 0%", key="any"),
    "mirror.cost": Entry("mean", "s", "mirror.cost[p95] <= 5ms", key="any", signed=True),
    "parity.agreement": Entry("share", "share", "parity.agreement >= 97%", key="any"),
    "parity.worst": Entry("share", "share", "parity.worst >= 90%", key="any"),
    "parity.tv": Entry("mean", "share", "parity.tv <= 5%", key="any"),
    "parity.distance": Entry("mean", "share", "parity.distance <= 5%", key="any"),
    "parity.max": Entry("extreme", "share", "parity.max <= 50%", key="any"),
    "parity.psi": Entry("divergence", "index", "parity.psi[versicolor] <= 0.1", key="any", key_required=True),
    "shadow.success": Entry("share", "share", "shadow.success >= 99%", key="any"),
    "live.success": Entry("share", "share", "live.success >= 99.9%", key="any"),
    "quality.accuracy": Entry("share", "share", "quality.accuracy >= 95%", key="any"),
    "quality.precision": Entry("share", "share", "quality.precision[versicolor] >= 90%", key="any", key_required=True),
    "quality.recall": Entry("share", "share", "quality.recall[versicolor] >= 90%", key="any", key_required=True),
    "quality.rmse": Entry("error", "index", "quality.rmse <= 2.5", key="any"),
    "quality.mae": Entry("error", "index", "quality.mae <= 2", key="any"),
    "availability": Entry("share", "share", "availability >= 99.9%", key="any"),
}
# 'p99.9' and 'p999' are the same; three digits without a point are only read where no one can mistake them (p9…).
_PERCENT: Final = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,6})?)")
_RUN_TOGETHER: Final = re.compile(r"p(9[0-9])([0-9]{1,6})")
_COMMON: Final = ("p50", "p90", "p95", "p99", "p99.9")


def level_of(name: str) -> float | None:
    """Return the level, above 0 and below 1, of a percentile's ``name`` (``p99.9`` and ``p999``: 0.999), or None."""
    together = _RUN_TOGETHER.fullmatch(name)
    plain = _PERCENT.fullmatch(f"p{together.group(1)}.{together.group(2)}" if together else name)
    if not plain:
        return None
    level = float(Decimal(plain.group(1)) / 100)
    return level if 0 < level < 1 else None


def look_up(measure: MeasureName) -> Entry | None:
    """Return what is known of ``measure``'s name and population; None when there is no such measure."""
    name, _, difference = measure.name.partition(".difference")
    entry = _NAMED.get(measure.name)
    if level_of(measure.name) is not None:
        entry = _PERCENTILE
    elif level_of(name) is not None and measure.name.endswith(".difference") and not difference:
        entry = _SLOWER
    if entry is None or measure.population not in POPULATIONS or (measure.population and not entry.timed):
        return None
    return entry


def suggestion(word: str) -> str:
    """Return how to mend the unknown measure ``word``: the nearest known ones, or all of them."""
    if word.rpartition(".")[2] in ("p0", "p100"):
        return f"write {'min' if word.endswith('p0') else 'max'}"
    names = [*_COMMON, *_NAMED]
    timed = [*_COMMON, *(name for name, entry in _NAMED.items() if entry.timed)]
    full = names + [f"{population}.{name}" for population in POPULATIONS if population for name in timed]
    tail = [word.lower().rpartition(".")[2]]
    near = (
        difflib.get_close_matches(word.lower(), full, n=1, cutoff=0.8)
        or (tail if look_up(MeasureName(tail[0])) else [])
        or difflib.get_close_matches(word.lower(), full, n=1)
    )
    if near:
        return f"did you mean {near[0]}?"
    populations = ", ".join(population for population in POPULATIONS if population)
    return f"write one of {', '.join(names)}; before the times may stand one of {populations}, as in answered.p99"
