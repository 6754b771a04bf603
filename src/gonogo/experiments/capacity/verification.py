"""The recommended limits under an overload: what must hold, how long to look, and what the judgment shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gonogo.gate.experiment import Step
from gonogo.gate.figure import figure
from gonogo.suite.extent import LONGEST_UNASKED_S
from gonogo.suite.run import JudgedRun
from gonogo.units import format_duration
from gonogo.verdicts.criterion import Criterion
from gonogo.verdicts.grammar import parse
from gonogo.verdicts.planning import requests_for
from gonogo.verdicts.verdict import Outcome
from gonogo.verdicts.vocabulary import level_of

__all__ = ["QUEUES", "criteria_under_overload", "seconds_under_overload", "verified_step"]

QUEUES: Final = "Envoy"
"""The proxy that has a queue of its own before its limit of connections; Nginx has none."""

_GOODPUT: Final = 0.9
_SHORTEST_S: Final = 10.0
_SLACK: Final = 1.2


def criteria_under_overload(criteria: Sequence[Criterion], capacity: float) -> tuple[Criterion, ...]:
    """Return what must hold when more than ``capacity`` is asked for, in requests per second, and the limits act.

    All errors are the breaker's; what is admitted keeps the latencies that ``criteria`` ask of all; and the goodput is
    at least 90 % of the capacity.
    """
    latencies = (
        parse(f"admitted.{one.text.removeprefix('answered.')}")
        for one in criteria
        if level_of(one.measure.name) is not None and one.measure.population in ("", "answered")
    )
    return (
        parse("breaker.only_breaker_errors == 100%"),
        *latencies,
        parse(f"goodput >= {_GOODPUT * capacity:.3g}/s"),
    )


def seconds_under_overload(criteria: Sequence[Criterion], capacity: float) -> float:
    """Return how long the overload lasts: as ``criteria`` need when ``capacity`` requests a second are served."""
    needed = requests_for(criteria, allowed_failures=1) * _SLACK
    return min(max(_SHORTEST_S, needed / capacity), LONGEST_UNASKED_S)


def verified_step(run: JudgedRun, at_s: float, what: str) -> Step:
    """Return the step of an experiment that ``run``, an overload with the limits acting, was."""
    wrong = [verdict for verdict in run.verdicts if verdict.outcome is not Outcome.GO]
    figures = (
        ("Throughput", figure(run.goodput.value, "/s")),
        ("Success", figure(run.success.value, "share")),
        ("p99 of the admitted", format_duration(run.admitted.p99.value)),
    )
    reason = f"{wrong[0].expression}: {wrong[0].reason}" if wrong else "the recommended limits hold"
    return Step(at_s, what, figures, run.go.outcome, reason, run.name)
