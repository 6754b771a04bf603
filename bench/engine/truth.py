"""Compare what the engine reports with what is true: answers whose times are drawn, stalls, and queueing theory.

    python -m bench.engine.truth --seconds 10

A server draws how long each answer takes. What an open loop must then report follows from the schedule and the draws
alone; the table shows it beside what the engine measured, and beside what a closed loop reports of the same server.
The floor is what the engine measures of the same server without any delay.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import Run
from gonogo.units import format_duration

_SERVER_CPU, _ENGINE_CPU = 0, 1
_SHARES = (50.0, 99.0, 99.9)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """A server and a schedule.

    Attributes:
        name: what the table calls it.
        rate: requests per second.
        arrivals: constant or poisson.
        delays_s: how long each answer takes, in order of arrival.
        queue: the server answers one request at a time, and the delays are its service times.
        stall_at: the request at whose arrival the server stands still; -1 for none.
        stall_s: for how long.
        theory: what queueing theory says of p50, p99 and p99.9; NaN where it has no formula.
        mean: what it says of the mean.
    """

    name: str
    rate: float
    arrivals: str
    delays_s: Floats
    queue: bool = False
    stall_at: int = -1
    stall_s: float = 0.0
    theory: tuple[float, ...] = (math.nan, math.nan, math.nan)
    mean: float = math.nan

    def truth(self, due: Floats) -> Floats:
        """Return the latency of each request that is due at these times."""
        delays = np.resize(self.delays_s, len(due))
        arrived = due.copy()
        if self.stall_at >= 0:
            begun = due[self.stall_at]
            arrived = np.where((due >= begun) & (due < begun + self.stall_s), begun + self.stall_s, due)
        if not self.queue:
            done = arrived + delays
            if self.stall_at >= 0:  # answers that were ready during the stall go out after it
                begun = due[self.stall_at]
                done = np.where((done >= begun) & (done < begun + self.stall_s), begun + self.stall_s, done)
            return done - due
        done = np.empty(len(due))
        free = -math.inf
        for number, (moment, delay) in enumerate(zip(arrived.tolist(), delays.tolist(), strict=True)):
            free = max(free, moment) + delay
            done[number] = free
        return done - due


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of each run (10)")
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs\n")
    with tempfile.TemporaryDirectory() as folder:
        floor_run = _drive(_floor(given.seconds), given.seconds, Path(folder), closed=False)
        floor = np.percentile(floor_run.columns.latency_s, [*_SHARES])
        print(f"floor: p50 {format_duration(floor[0])}, p99 {format_duration(floor[1])}, p99.9 ", end="")
        print(f"{format_duration(floor[2])}\n")
        print("| case | measure | truth | theory | open loop | beyond 2 % + floor | closed loop |")
        print("|---|---|---|---|---|---|---|")
        for case in _cases(given.seconds):
            run = _drive(case, given.seconds, Path(folder), closed=False)
            closed = _drive(case, given.seconds, Path(folder), closed=True)
            _print(case, run, closed, floor)


def _print(case: Case, run: Run, closed: Run, floor: Floats) -> None:
    columns = run.columns
    truth = case.truth(columns.due_s)
    rows = [
        (
            "mean",
            float(truth.mean()),
            case.mean,
            float(columns.latency_s.mean()),
            float(closed.columns.latency_s.mean()),
        )
    ]
    for place, share in enumerate(_SHARES):
        true, seen, otherwise = (
            float(np.percentile(one, share)) for one in (truth, columns.latency_s, closed.columns.latency_s)
        )
        rows.append((f"p{share:g}", true, case.theory[place], seen, otherwise))
    for place, (name, true, theory, seen, otherwise) in enumerate(rows):
        beyond = abs(seen - true) - 0.02 * true - floor[max(0, place - 1)]
        verdict = "within" if beyond <= 0 else f"{format_duration(beyond)} ({beyond / true:.1%})"
        valid = "" if run.facts.valid else " INVALID"
        shown = [format_duration(value) for value in (true, theory, seen)]
        print(f"| {case.name}{valid} | {name} | {' | '.join(shown)} | {verdict} | {format_duration(otherwise)} |")


def _floor(seconds: float) -> Case:
    return Case("floor", 1000, "constant", np.zeros(max(1, round(1000 * seconds))))


def _cases(seconds: float) -> Iterator[Case]:
    draw = np.random.default_rng(1)
    count = round(1000 * seconds)
    lognormal = np.exp(draw.normal(math.log(5e-3), 0.6, count))
    two_kinds = np.where(draw.random(count) < 0.02, 0.08, 0.004) * draw.uniform(0.9, 1.1, count)
    yield Case("log-normal, median 5 ms", 1000, "constant", lognormal)
    yield Case("2 % of answers take 80 ms", 1000, "constant", two_kinds)
    yield Case("the same, standing still for 0.5 s", 1000, "constant", two_kinds, stall_at=count // 2, stall_s=0.5)
    service_s, load = 1 / 2000, 0.7
    rate = load / service_s
    queued = round(2 * rate * seconds)
    left = 1 / service_s - rate  # sojourn times of M/M/1 are exponential with this rate (Kleinrock 1975, 3.2)
    theory = tuple(-math.log(1 - share / 100) / left for share in _SHARES)
    drawn = draw.exponential(service_s, queued)
    yield Case("M/M/1, 70 % busy", rate, "poisson", drawn, queue=True, theory=theory, mean=1 / left)
    waiting = load * service_s / (2 * (1 - load))  # Pollaczek and Khinchine, for constant service times
    fixed = np.full(queued, service_s)
    yield Case("M/D/1, 70 % busy", rate, "poisson", fixed, queue=True, mean=waiting + service_s)


def _drive(case: Case, seconds: float, folder: Path, *, closed: bool) -> Run:
    with _server(case) as port:
        plan = LoadPlan(
            case.name,
            (Target("GET", f"http://127.0.0.1:{port}/"),),
            None if closed else case.rate,
            seconds,
            connections=8 if closed else 2000,
            arrivals=case.arrivals,
            cores=(_ENGINE_CPU,),
        )
        with start(plan, folder) as running:
            return running.wait()


@contextmanager
def _server(case: Case) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.engine.delaying_server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    given = {"delays_s": case.delays_s.tolist(), "queue": case.queue, "stall_at": case.stall_at, "cpu": _SERVER_CPU}
    process.stdin.write(json.dumps({**given, "stall_s": case.stall_s}) + "\n")
    process.stdin.flush()
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate()


if __name__ == "__main__":
    main()
