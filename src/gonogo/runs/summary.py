"""The summary of a run: what summary.json holds.

Its JSON Schema is docs/summary.schema.json. Figures that do not exist (the p99 of no request) are null, so that the
text is strict JSON.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from gonogo.runs.facts import facts_to_json
from gonogo.runs.run import ERRORS, Columns, Run
from gonogo.verdicts.evidence import FloatArray
from gonogo.verdicts.order import quantiles

__all__ = ["summarize"]


_LATENCY: Final = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
_WAITING: Final = {"p50": 0.5, "p99": 0.99}
_ANSWERED: Final = (ERRORS.index(""), ERRORS.index("check"))
_CUT: Final = ERRORS.index("cut")


def summarize(run: Run) -> dict[str, object]:
    """Return the figures of ``run``, ready for JSON.

    Latencies are those of answered requests, as other tools report them; what was not answered stands in ``errors``.
    Shares divide by all requests due except those that were on their way when the run was cut short.
    """
    columns, facts = run.columns, run.facts
    sent = int(np.count_nonzero(~np.isnan(columns.sent_s)))
    successes = int(np.count_nonzero(columns.success))
    seconds = facts.attack_s + facts.wait_s
    lag = columns.lag_s
    return {
        "format": 1,
        "name": facts.name,
        "population": "answered requests",
        "requests": sent,
        "due": len(columns),
        "rate": _ratio(sent, facts.attack_s),
        "throughput": _ratio(successes, seconds),
        "duration_s": seconds,
        "attack_s": facts.attack_s,
        "wait_s": facts.wait_s,
        "latency_s": _latency(columns),
        "lag_s": _waiting(lag[~np.isnan(lag)]),
        "queued_s": _waiting(columns.queued_s[~np.isnan(columns.queued_s)]),
        "bytes_in": int(columns.bytes_in.sum()),
        "bytes_out": int(columns.bytes_out.sum()),
        "success_ratio": _ratio(successes, len(columns) - int(np.count_nonzero(columns.error == _CUT))),
        "status": {str(code): count for code, count in _counted(columns.status).items() if code > 0},
        "errors": {ERRORS[code]: count for code, count in _counted(columns.error).items() if code > 0},
        "targets": [_target(columns, index, name) for index, name in enumerate(facts.targets)],
        "valid": facts.valid,
        "invalid_reason": facts.invalid_reason,
        "facts": facts_to_json(facts),
    }


def _answered(columns: Columns) -> npt.NDArray[np.bool_]:
    return np.isin(columns.error, _ANSWERED) & (columns.status > 0) & np.isfinite(columns.done_s)


def _latency(columns: Columns) -> dict[str, float | None]:
    values = columns.latency_s[_answered(columns)]
    least, *middle, most = quantiles(values, (_least(values), *_LATENCY.values(), 1.0))
    mean = float(values.mean()) if len(values) else math.nan
    named = {"min": least, "mean": mean, **dict(zip(_LATENCY, middle, strict=True)), "max": most}
    return {name: _number(value) for name, value in named.items()}


def _waiting(values: FloatArray) -> dict[str, float | None]:
    *middle, most = quantiles(values, (*_WAITING.values(), 1.0))
    return {name: _number(value) for name, value in {**dict(zip(_WAITING, middle, strict=True)), "max": most}.items()}


def _target(columns: Columns, index: int, name: str) -> dict[str, object]:
    chosen = columns.target == index
    known = int(np.count_nonzero(chosen & (columns.error != _CUT)))
    p50, p99 = quantiles(columns.latency_s[chosen & _answered(columns)], tuple(_WAITING.values()))
    return {
        "name": name,
        "due": int(np.count_nonzero(chosen)),
        "success_ratio": _ratio(int(np.count_nonzero(chosen & columns.success)), known),
        "latency_s": {"p50": _number(p50), "p99": _number(p99)},
    }


def _counted(codes: npt.NDArray[np.int16] | npt.NDArray[np.int8]) -> dict[int, int]:
    values, counts = np.unique(codes, return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts, strict=True)}


def _least(values: FloatArray) -> float:
    return 1 / max(1, len(values))


def _ratio(part: float, whole: float) -> float | None:
    return _number(part / whole) if whole else None


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
