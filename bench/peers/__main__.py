"""Compare this project's engine with the load generators that are on PATH, on the same nginx.

    python -m bench.peers --repetitions 5 --write docs/benchmarks.md

nginx has one CPU, the generators take turns on another, so that what else runs on the machine meets all of them. A
measurement waits until the machine is quiet, for as long as --patience says.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.engine.nginx import nginx
from bench.page import write_between
from bench.peers.table import Round, document
from bench.peers.tool import Task
from bench.peers.tools import TOOLS

_NGINX_CPU, _GENERATOR_CPU = 0, 1
_QUIET_LOAD = 0.7


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4, help="whole seconds of each measurement (4)")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds, in which all tools take turns (5)")
    parser.add_argument("--connections", type=int, default=64, help="connections of the closed loop (64)")
    parser.add_argument("--rate", type=float, action="append", help="open loop; may be repeated (5000, 10000, 30000)")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds to wait for a quiet machine (30)")
    parser.add_argument("--tool", action="append", help="only this tool; may be repeated")
    parser.add_argument("--write", type=Path, help="a Markdown file to write the tables into, between its markers")
    given = parser.parse_args()
    chosen = [tool for tool in TOOLS if not given.tool or tool.name in given.tool]
    absent = [tool.missing for tool in chosen if tool.missing]
    tools = [tool for tool in chosen if not tool.missing]
    rates: list[float | None] = [None, *(given.rate or [5_000, 10_000, 30_000])]
    rounds: list[Round] = []
    with tempfile.TemporaryDirectory() as name, nginx(Path(name), cpu=_NGINX_CPU) as url:
        plain = Task(url, None, given.connections, given.seconds, _GENERATOR_CPU, Path(name))
        for number in range(given.repetitions):
            for rate in rates:
                task = plain if rate is None else replace(plain, rate=rate, connections=256)
                for tool in tools:
                    if rate is None or tool.open_loop:
                        busy = _wait_until_quiet(given.patience)
                        rounds.append(Round(number, tool.name, rate, tool.measure(task), busy))
                        print(
                            f"round {number + 1}, {tool.name}, {rate or 'closed loop'}: {rounds[-1].outcome}",
                            flush=True,
                        )
    text = document(rounds, seconds=given.seconds, connections=given.connections, absent=absent)
    print(text)
    if given.write:
        write_between(given.write, "bench.peers", text)


def _wait_until_quiet(patience_s: float) -> float:
    """Wait until the CPUs have been idle for a moment; return the share of time in which they were not."""
    deadline = time.monotonic() + patience_s
    while True:
        busy = _busy()
        if busy * (os.cpu_count() or 1) < _QUIET_LOAD or time.monotonic() > deadline:
            return busy


def _busy() -> float:
    """The share of half a second in which the CPUs worked."""
    before = _ticks()
    time.sleep(0.5)
    after = _ticks()
    return 1 - (after[0] - before[0]) / max(1, after[1] - before[1])


def _ticks() -> tuple[int, int]:
    """Idle time and all time since boot, of all CPUs (proc(5))."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return numbers[3] + numbers[4], sum(numbers)


if __name__ == "__main__":
    main()
