"""A judgment as OpenMetrics text, for a metrics store that keeps the figures of every release.

After the OpenMetrics specification, version 1.0.0: families with their type before their samples, label values
escaped, ``# EOF`` at the end. Every figure is a gauge: it is the state of one judgment.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gonogo.gate.judgment import CriterionEntry, Judgment, RunEntry
from gonogo.gate.order import worst_first
from gonogo.report.facts import key_facts, started
from gonogo.report.plain import one_line
from gonogo.report.portable import number
from gonogo.verdicts.verdict import Outcome

__all__ = ["render_openmetrics"]

_QUANTILES: Final = {"p50": "0.5", "p90": "0.9", "p95": "0.95", "p99": "0.99", "p999": "0.999"}
_UNITS: Final = {"s": "seconds", "share": "ratio", "/s": "per_second", "count": "count", "index": "index"}

_Labels = Mapping[str, str]
_Sample = tuple[_Labels, float]


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    help: str
    samples: Sequence[_Sample]
    unit: str = ""
    type: str = "gauge"

    def lines(self) -> Iterable[str]:
        yield f"# TYPE {self.name} {self.type}"
        if self.unit:
            yield f"# UNIT {self.name} {self.unit}"
        yield f"# HELP {self.name} {_escaped(self.help)}"
        suffix = "_info" if self.type == "info" else ""
        for labels, value in self.samples:
            shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield (
                f"{self.name}{suffix}{{{shown}}} {_number(value)}" if shown else f"{self.name}{suffix} {_number(value)}"
            )


def render_openmetrics(judgment: Judgment) -> str:
    """Return ``judgment`` as OpenMetrics text; samples have no time of their own but that of their collection."""
    families = [*_session(judgment), *_criteria(judgment.criteria), *_runs(judgment.runs)]
    lines = [line for family in families if family.samples for line in family.lines()]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _session(judgment: Judgment) -> list[_Family]:
    facts = {label.lower(): text for label, text in key_facts(judgment.provenance)}
    start = started(judgment.provenance)
    return [
        _Family("gonogo_judgment", "What was judged, and where.", [(facts, 1.0)], type="info"),
        _Family("gonogo_verdict", "1 for the verdict of the session.", _states(judgment.outcome)),
        _Family("gonogo_complete", "1 when the session came to its end.", [({}, float(judgment.complete))]),
        _Family(
            "gonogo_started_timestamp_seconds",
            "When the session started, seconds since 1970.",
            [({}, start.timestamp())] if start else [],
            "seconds",
        ),
    ]


def _criteria(criteria: Sequence[CriterionEntry]) -> list[_Family]:
    # A criterion that was judged twice on one run has one place among metrics: its worst verdict takes it.
    worst = {tuple(_criterion_labels(entry).values()): entry for entry in reversed(worst_first(criteria))}
    labelled = [(_criterion_labels(entry), entry.verdict) for entry in reversed(worst.values())]
    return [
        _Family(
            "gonogo_criterion_verdict",
            "1 for the verdict on a criterion.",
            [({**labels, **state}, value) for labels, verdict in labelled for state, value in _states(verdict.outcome)],
        ),
        *(
            _Family(
                f"gonogo_criterion_{name}", text, [(labels, getattr(verdict, name)) for labels, verdict in labelled]
            )
            for name, text in (
                ("observed", "The figure that was observed, in the unit of its label."),
                ("low", "Lower end of the interval."),
                ("high", "Upper end of the interval."),
                ("limit", "The limit."),
            )
        ),
        _Family(
            "gonogo_criterion_requests",
            "Requests that the verdict rests on.",
            [(labels, float(verdict.n)) for labels, verdict in labelled],
        ),
    ]


def _criterion_labels(entry: CriterionEntry) -> _Labels:
    verdict = entry.verdict
    unit = _UNITS.get(verdict.unit, verdict.unit)
    return {"test": entry.test, "run": entry.run, "criterion": verdict.expression, "unit": unit}


def _runs(runs: Sequence[RunEntry]) -> list[_Family]:
    def each(key: str) -> list[_Sample]:
        found = [({"run": entry.name}, number(entry.summary.get(key))) for entry in runs]
        return [(labels, value) for labels, value in found if not math.isnan(value)]

    return [
        _Family("gonogo_run_due", "Requests that were due.", each("due")),
        _Family("gonogo_run_rate", "Requests sent per second.", each("rate")),
        _Family("gonogo_run_throughput", "Successes per second.", each("throughput")),
        _Family(
            "gonogo_run_success_ratio", "Share of the requests due that succeeded.", each("success_ratio"), "ratio"
        ),
        _Family(
            "gonogo_run_valid",
            "1 when the load generator kept its schedule.",
            [({"run": entry.name}, float(entry.summary.get("valid") is not False)) for entry in runs],
        ),
        _Family(
            "gonogo_run_latency_seconds",
            "Latency of answered requests by quantile.",
            _quantiles(runs, "latency_s"),
            "seconds",
        ),
        _Family("gonogo_run_lag_seconds", "Lateness of the load generator.", _quantiles(runs, "lag_s"), "seconds"),
        _Family(
            "gonogo_run_answers",
            "Answers by status and failures by kind.",
            [
                ({"run": entry.name, "outcome": str(outcome)}, number(count))
                for entry in runs
                for key in ("status", "errors")
                for outcome, count in _mapping(entry.summary.get(key)).items()
            ],
        ),
    ]


def _quantiles(runs: Sequence[RunEntry], key: str) -> list[_Sample]:
    return [
        # A gauge may not have the label "quantile", which belongs to summaries.
        ({"run": entry.name, "level": level}, value)
        for entry in runs
        for name, level in _QUANTILES.items()
        if not math.isnan(value := number(_mapping(entry.summary.get(key)).get(name)))
    ]


def _states(outcome: Outcome) -> list[_Sample]:
    return [({"verdict": one.value}, float(one is outcome)) for one in Outcome]


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.9g}"  # noqa: PLR2004


def _escaped(text: str) -> str:
    return one_line(text).replace("\\", r"\\").replace('"', r"\"")
