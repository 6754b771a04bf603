"""Measure what a request that is due alone costs at least, beside what it costs the engine, taking turns.

    python -m bench.engine.floor --rate 10000 --seconds 3 --repetitions 3

The least that a generator can do is to sleep until a request is due, to send it and to receive what came meanwhile:
nothing is parsed, checked or recorded. nginx has CPU 0, the generator CPU 1. CPU time of the process is what counts, as
it depends less on what else runs than wall time does.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.engine.nginx import nginx
from gonogo.load.driver import start
from gonogo.load.engine.timer import no_timer_slack
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.units import format_duration

_NGINX_CPU, _GENERATOR_CPU = 0, 1
_CONNECTIONS = 64
_REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"


def main() -> None:
    """Run what the command line asks for and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10_000.0, help="requests per second (10000)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run (3)")
    parser.add_argument("--repetitions", type=int, default=3, help="rounds (3)")
    parser.add_argument("--least", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.least:
        print(_least(given.least, given.rate, given.seconds))
        return
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    costs: dict[str, list[float]] = {"sleep, send, receive": [], "engine": []}
    with tempfile.TemporaryDirectory() as name, nginx(Path(name), cpu=_NGINX_CPU) as url:
        for _ in range(given.repetitions):
            numbers = ("--rate", str(given.rate), "--seconds", str(given.seconds), "--least", url)
            done = subprocess.run(
                [sys.executable, "-m", "bench.engine.floor", *numbers], capture_output=True, text=True, check=True
            )
            costs["sleep, send, receive"].append(float(done.stdout))
            plan = LoadPlan("bench", (Target("GET", url),), given.rate, given.seconds, cores=(_GENERATOR_CPU,))
            with start(plan, Path(name) / "spool") as running:
                run = running.wait()
            costs["engine"].append(run.facts.generator.cpu_s / len(run.columns))
    for way, seconds in costs.items():
        print(f"{way:>22} {format_duration(median(seconds)):>9} of CPU time a request", end="")
        print(f" ({format_duration(min(seconds))} to {format_duration(max(seconds))})")


def _least(url: str, rate: float, seconds: float) -> float:
    """Return the CPU time of a request, in seconds, of a loop that does nothing but what it must."""
    os.sched_setaffinity(0, {_GENERATOR_CPU})
    no_timer_slack()
    parts = urlsplit(url)
    free = [socket.create_connection((parts.hostname, parts.port)) for _ in range(_CONNECTIONS)]
    for one in free:
        one.settimeout(0)
    waiting: list[socket.socket] = []
    buffer, clock = bytearray(65536), time.monotonic
    sent, due = 0, clock()
    until, begun = due + seconds, time.process_time()
    while due < until:
        due += 1 / rate
        if (left := due - clock()) > 0:
            time.sleep(left)
        if free:
            one = free.pop()
            one.send(_REQUEST)
            sent += 1
            waiting.append(one)
        still = []
        for one in waiting:
            try:
                one.recv_into(buffer)
            except BlockingIOError:
                still.append(one)
            else:
                free.append(one)
        waiting = still
    return (time.process_time() - begun) / max(1, sent)


if __name__ == "__main__":
    main()
