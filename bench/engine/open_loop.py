"""Measure the load engine against a local nginx: rate held, lag, latency, CPU time a request; then a closed loop.

    python -m bench.engine.open_loop --rate 10000 --duration 10

nginx has CPU 0 and the engine CPU 1. Whatever else runs on the machine shows in the figures.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.engine.nginx import nginx
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.runs.run import Run
from gonogo.units import format_duration

_NGINX_CPU, _ENGINE_CPU = 0, 1


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, action="append", help="requests per second; may be repeated (10000)")
    parser.add_argument("--duration", type=float, default=10.0, help="seconds of each run (10)")
    parser.add_argument("--connections", type=int, default=256, help="the most connections (256)")
    parser.add_argument("--closed-connections", type=int, default=64, help="connections of the closed loop (64)")
    parser.add_argument("--no-closed", action="store_true", help="leave out the closed loop")
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    print(f"{'run':>12} {'answers/s':>10} {'CPU/request':>12} {'lag p50':>9} {'p99':>9} {'max':>9} ", end="")
    print(f"{'latency p50':>11} {'p99':>9} {'max':>9} {'failed':>7}  first request after")
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cpu=_NGINX_CPU) as url:
        loads: list[tuple[float | None, int]] = [(rate, given.connections) for rate in given.rate or [10_000]]
        if not given.no_closed:
            loads.append((None, given.closed_connections))
        for rate, connections in loads:
            plan = LoadPlan(
                "bench",
                (Target("GET", url),),
                rate,
                given.duration,
                connections=connections,
                cores=(_ENGINE_CPU,),
            )
            asked = time.time()
            with start(plan, Path(folder) / "spool") as running:
                _print(running.wait(), asked)


def _print(run: Run, asked: float) -> None:
    columns, facts = run.columns, run.facts
    answered = columns.latency_s[columns.success]
    name = "closed loop" if facts.rate is None else f"{facts.rate:g}/s"
    lag = _three(columns.lag_s[np.isfinite(columns.lag_s)])
    latency = _three(answered)
    begun = np.datetime64(facts.started_at.partition("+")[0]).astype("datetime64[us]").astype(float) / 1e6
    first = begun + float(columns.sent_s[0]) - asked
    print(f"{name:>12} {len(answered) / facts.duration_s:>10,.0f} ", end="")
    print(f"{format_duration(facts.generator.cpu_s / max(1, len(columns))):>12} ", end="")
    print(f"{lag[0]:>9} {lag[1]:>9} {lag[2]:>9} {latency[0]:>11} {latency[1]:>9} {latency[2]:>9} ", end="")
    print(f"{len(columns) - len(answered):>7}  {format_duration(first)}")
    if not facts.valid:
        print(f"{'INVALID':>12} {facts.invalid_reason}")


def _three(seconds: npt.NDArray[np.float64]) -> list[str]:
    if len(seconds) == 0:
        return ["-", "-", "-"]
    return [format_duration(float(value)) for value in np.percentile(seconds, [50, 99, 100], method="higher")]


if __name__ == "__main__":
    main()
