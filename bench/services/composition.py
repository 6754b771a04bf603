"""Measure the composition proxy against the plain way of writing it, in one run, before the same three services.

    python bench/services/composition.py [--duration 10]

Each proxy has one worker on CPU 1; the services and the load engine share CPU 0. First both answer as fast as they can
over 16 connections: requests per second of CPU time that the proxy used. Then both get the same open-loop rate, 60 % of
what the plain one reached: their p99. Last, the proxy of this project alone gets 60 % of what it reached itself.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo_services.iris.one_vs_rest.names import MODELS
from gonogo_services.iris.one_vs_rest.training import train

_OTHERS_CPU, _PROXY_CPU = 0, 1
_CONNECTIONS = 16
_SHARE = 0.6
_FLOWER = {"data": [[5.1, 3.5, 1.4, 0.2]]}


class Proxy(NamedTuple):
    """A running proxy."""

    url: str
    process: psutil.Process


class Figures(NamedTuple):
    """What one run measured."""

    per_second: float
    per_cpu_second: float
    p50_s: float
    p99_s: float
    failed: int


def main() -> None:
    """Run what the command line asks for and print a table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=10.0, help="seconds of each run (10)")
    duration_s = parser.parse_args().duration
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    print(f"{'run':>24} {'answers/s':>10} {'per CPU s':>10} {'p50':>9} {'p99':>9} {'failed':>7}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = {}
        for name, label in MODELS.items():
            train(name, Path(folder) / name)
            environment = {"MODE": label, "MODEL_FILEPATH": str(Path(folder) / name)}
            one = stack.enter_context(_started(["-m", "gonogo_services.iris.one_vs_rest"], environment, _OTHERS_CPU))
            services[f"SERVICE_{label.upper()}"] = one.url
        plain_app = ["-m", "uvicorn", "--app-dir", str(Path(__file__).parent), "plain_proxy:app", "--port", "0"]
        plain_app += ["--no-access-log", "--loop", "uvloop", "--http", "httptools"]
        plain = stack.enter_context(_started(plain_app, services, _PROXY_CPU))
        ours = stack.enter_context(_started(["-m", "gonogo_services.composition"], services, _PROXY_CPU))
        fastest = {
            name: _measured(f"{name}, closed loop", proxy, None, duration_s, Path(folder))
            for name, proxy in (("plain", plain), ("gonogo", ours))
        }
        rate = round(_SHARE * fastest["plain"].per_second, 1)
        at_rate = {
            name: _measured(f"{name}, {rate:g}/s", proxy, rate, duration_s, Path(folder))
            for name, proxy in (("plain", plain), ("gonogo", ours))
        }
        own_rate = round(_SHARE * fastest["gonogo"].per_second)
        _measured(f"gonogo, {own_rate:g}/s", ours, own_rate, duration_s, Path(folder))
    print(f"requests per CPU second, gonogo : plain = {_ratio(fastest, 'per_cpu_second'):.1f}")
    print(f"p99, closed loop,        gonogo : plain = 1 : {1 / _ratio(fastest, 'p99_s'):.1f}")
    print(f"p99, the same rate,      gonogo : plain = 1 : {1 / _ratio(at_rate, 'p99_s'):.1f}")


def _ratio(figures: dict[str, Figures], name: str) -> float:
    ours: float = getattr(figures["gonogo"], name)
    plain: float = getattr(figures["plain"], name)
    return ours / plain


def _measured(name: str, proxy: Proxy, rate: float | None, duration_s: float, folder: Path) -> Figures:
    target = Target.build("POST", f"{proxy.url}/predict", json=_FLOWER)
    plan = LoadPlan(
        "bench", (target,), rate, duration_s, warmup_s=1.0, connections=_CONNECTIONS if rate is None else 256,
        cores=(_OTHERS_CPU,),
    )  # fmt: skip
    before_s = _cpu_s(proxy.process)
    with start(plan, folder / "spool") as running:
        run = running.wait()
    used_s = _cpu_s(proxy.process) - before_s
    columns = run.columns
    answered = columns.latency_s[columns.success]
    warm_up = 1 + 1 / duration_s  # the CPU time of the warm-up is in used_s
    figures = Figures(
        len(answered) / run.facts.duration_s,
        len(answered) * warm_up / used_s,
        float(np.percentile(answered, 50)),
        float(np.percentile(answered, 99, method="higher")),
        len(columns) - len(answered),
    )
    print(f"{name:>24} {figures.per_second:>10,.0f} {figures.per_cpu_second:>10,.0f} ", end="")
    print(f"{figures.p50_s * 1000:>6.2f} ms {figures.p99_s * 1000:>6.2f} ms {figures.failed:>7}", end="")
    print("" if run.facts.valid else f"  INVALID: {run.facts.invalid_reason}")
    return figures


def _cpu_s(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True)))


@contextmanager
def _started(arguments: list[str], environment: dict[str, str], cpu: int) -> Iterator[Proxy]:
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], "PORT": "0", **environment},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),  # noqa: PLW1509 - no other thread runs here
    )
    try:
        assert process.stderr
        for line in process.stderr:
            if ready := re.search(r"(?:ready at|running on) (http://\S+)", line):
                break
        else:
            raise SystemExit(f"{arguments} ended with {process.wait()}")
        yield Proxy(ready[1], psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main()
