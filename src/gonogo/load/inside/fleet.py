"""The start of a load inside of a stack: engines that share one schedule and begin it together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gonogo.load.driver import RunningLoad, room
from gonogo.load.inside.assignment import Assignment, trusted_certificates
from gonogo.load.inside.clock import spread_s
from gonogo.load.inside.engine import InsideEngine, Line
from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share

__all__ = ["Started", "start"]

_COMES_S: Final = 60.0
_ANSWERS_S: Final = 30.0
_LEAD_S: Final = 0.3
"""From the word to begin until the first request is due; the word must have arrived by then."""


@dataclass(frozen=True, slots=True)
class Started:
    """A load that is being driven inside of the stack.

    Attributes:
        running: the load.
        places: where its engines are.
        apart_s: how far apart, at most, their starts may be.
    """

    running: RunningLoad
    places: tuple[str, ...]
    apart_s: float


def start(plan: LoadPlan, folder: Path, open_line: Callable[[int], Line]) -> Started:
    """Start to drive ``plan``; its engines are on the lines that ``open_line`` opens, by their numbers.

    Args:
        plan: what to drive; CPUs that it names are this machine's and of no use there.
        folder: of the run.
        open_line: opens the line to the program of an engine.

    Raises:
        EnvironmentFault: an engine does not come, or is of another gonogo. Nothing was sent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = replace(plan, cores=())
    certificates, rows = trusted_certificates(plan.targets), room(plan)
    engines: list[InsideEngine] = []
    try:
        for number in range(plan.engines):
            given = Assignment(plan, Share(number, plan.engines), rows, certificates)
            engines.append(InsideEngine(open_line(number), given))
        apart_s = _begin(plan, engines)
    except BaseException:
        for engine in engines:
            engine.give_up()
        raise
    return Started(RunningLoad(plan, engines), tuple(dict.fromkeys(each.place for each in engines)), apart_s)


def _begin(plan: LoadPlan, engines: Sequence[InsideEngine]) -> float:
    for engine in engines:
        engine.greet(_COMES_S)
        engine.assign()
    for engine in engines:
        engine.await_ready(_COMES_S)
    readings = [engine.read_clock(_ANSWERS_S) for engine in engines]
    start_s = time.monotonic() + _LEAD_S + plan.warmup_s
    for engine in engines:
        engine.go(start_s)
    return spread_s(readings)
