"""Simulated runs that are looked at: what is left out to save time changes no outcome."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gonogo.verdicts.evidence import FloatArray, Signal
from gonogo.verdicts.judge import outcome_of
from gonogo.verdicts.memory import measure_memory
from gonogo.verdicts.method import Method
from gonogo.verdicts.verdict import Outcome

N, EARLIEST = 3000, 1000
LOOKS = list(range(200, N + 1, 200))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The simulation's modules, which are scripts beside each other."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "bench" / "statistics"))
    return {name: importlib.import_module(name) for name in ("kinds", "looks", "processes")}


def _blocks(n: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.arange(n, dtype=np.int64) * 200 // n


def _slowly(
    kind: Any,  # noqa: ANN401 - of a script that is no package
    process: str,
    room: float,
    run: FloatArray,
) -> tuple[Outcome, int] | None:
    """Return the first look that decides, with every look judged in full; None without one."""
    criterion = kind.criterion(process, room)
    for n in LOOKS:
        outcome = outcome_of(criterion, kind.evidence(run[:n], _blocks(n), process, room), method=Method.ANYTIME)
        if outcome is Outcome.NO_GO or (outcome is Outcome.GO and n >= EARLIEST):
            return outcome, n
    return None


@pytest.mark.parametrize("room", [1.0, 3.0, 1 / 3])
@pytest.mark.parametrize("process", ["independent", "AR 0.9", "M/M/1 50%"])
def test_looks_that_are_left_out_decide_nothing(bench: dict[str, Any], process: str, room: float) -> None:
    """Every kind of criterion ends at the same look with the same outcome as if all looks were judged."""
    runs = bench["processes"].PROCESSES[process].draw(np.random.default_rng(11), 2, N)
    for name, kind in bench["kinds"].KINDS.items():
        quick = list(bench["looks"].watch(kind, process, room, runs, LOOKS, EARLIEST))
        for seen, run in zip(quick, runs, strict=True):
            slow = _slowly(kind, process, room, run)
            assert slow is None or (seen.outcome, seen.requests) == slow, name


def test_memories_of_many_looks_are_those_of_each(bench: dict[str, Any]) -> None:
    """Reckoned at once they are what the verdicts reckon, look by look."""
    values = bench["processes"].PROCESSES["AR 0.9"].draw(np.random.default_rng(5), 1, N)[0]
    signal = np.log(values)
    at_once = bench["looks"]._memories(signal, np.array(LOOKS))
    each = [measure_memory(Signal.of(signal[:n], _blocks(n)), doubt=Method.ANYTIME.memory_doubt) for n in LOOKS]
    assert at_once == pytest.approx(each)
