"""Measure what one core serves: the iris service against the same contract written plainly with FastAPI.

    python bench/services/iris.py --duration 5 --rounds 3

One worker of each has CPU 0, the load engine CPU 1 (`gonogo load --rate max`). The variants take turns, and each
figure is the median of its rounds. The last two columns do not depend on which side of the socket was the limit, and
little on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from gonogo_services.iris.cache import cached_model

_SERVICE_CPU, _ENGINE_CPU = 0, 1
_BODY = '{"data": [[5.1, 3.5, 1.4, 0.2]]}'
_OURS = [sys.executable, "-m", "gonogo_services.iris"]
_PLAIN = [
    *(sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "uvicorn_worker.UvicornWorker"),
    *("--bind", "127.0.0.1:0", "plain_iris:app"),
]
_READY_S = 20.0


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to serve iris.

    Attributes:
        name: for the table.
        command: what to start.
        environment: variables besides the common ones.
        path: what to POST to.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    path: str = "/predict"


@dataclass(frozen=True, slots=True)
class Figures:
    """What one round measured."""

    rate: float
    p50_s: float
    p99_s: float
    busy: float
    failed: int

    @property
    def per_cpu_second(self) -> float:
        """Requests for each second of CPU time that the service took."""
        return self.rate / self.busy


def main() -> None:
    """Run what the command line asks for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=5.0, help="seconds of each run (5)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each variant (3)")
    parser.add_argument("--connections", type=int, default=32, help="connections of the closed loop (32)")
    parser.add_argument("--model", default="iris_svc.onnx", help="which model answers (iris_svc.onnx)")
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs; {given.model}")
    with tempfile.TemporaryDirectory() as folder:
        log = {"PREDICTION_LOG": f"{folder}/predictions.jsonl"}
        variants = [
            Variant("plain FastAPI, gunicorn", _PLAIN, {"PYTHONPATH": str(Path(__file__).parent)}),
            Variant("iris, plain", _OURS, {}),
            Variant("iris, shadow", _OURS, {"FLAVOUR": "shadow"}, "/predict/0b6f5d2e-58a1-4f0c-9b57-2d0f6b2b5a11"),
            Variant("iris, online-ab", _OURS, {"FLAVOUR": "online-ab"}),
            Variant("iris, plain, logged", _OURS, log),
        ]
        rounds: dict[str, list[Figures]] = {variant.name: [] for variant in variants}
        for _ in range(given.rounds):
            for variant in variants:
                rounds[variant.name].append(_measure(variant, given.model, given.duration, given.connections))
    _print(rounds)


def _print(rounds: dict[str, list[Figures]]) -> None:
    print(f"{'variant':>24} {'requests/s':>10} {'p50':>8} {'p99':>8} {'CPU':>6} {'failed':>6} ", end="")
    print(f"{'per CPU second':>14} {'to plain':>8}")
    plain = median(figures.per_cpu_second for figures in next(iter(rounds.values())))
    for name, measured in rounds.items():
        per_cpu_second = median(figures.per_cpu_second for figures in measured)
        print(f"{name:>24} {median(figures.rate for figures in measured):>10,.0f} ", end="")
        print(f"{median(figures.p50_s for figures in measured) * 1e3:>5.2f} ms ", end="")
        print(f"{median(figures.p99_s for figures in measured) * 1e3:>5.2f} ms ", end="")
        print(f"{median(figures.busy for figures in measured):>6.0%} ", end="")
        print(
            f"{sum(figures.failed for figures in measured):>6} {per_cpu_second:>14,.0f} {per_cpu_second / plain:>8.2f}"
        )


def _measure(variant: Variant, model: str, duration_s: float, connections: int) -> Figures:
    with _served(variant, model) as (url, worker):
        _load(url + variant.path, 1.0, connections)  # warm
        before = worker.cpu_times()
        begun = time.monotonic()
        summary = _load(url + variant.path, duration_s, connections)
        after, took_s = worker.cpu_times(), time.monotonic() - begun
    cpu_s = after.user - before.user + after.system - before.system
    latency, successes = summary["latency_s"], round(summary["success_ratio"] * summary["requests"])
    # The load's own start and end are idle time of the service, so that its share is taken of the attack.
    busy = cpu_s / min(took_s, summary["attack_s"])
    failed = summary["requests"] - successes
    return Figures(successes / summary["attack_s"], latency["p50"], latency["p99"], busy, failed)


def _load(url: str, duration_s: float, connections: int) -> dict[str, Any]:
    command = [str(Path(sys.executable).with_name("gonogo")), "load", url, "--rate", "max", "--body", _BODY, "--json"]
    options = ["--duration", f"{duration_s}s", "--connections", str(connections)]
    header = ["--header", "Content-Type: application/json"]
    environment = os.environ | {"GONOGO_GENERATOR_CORES": str(_ENGINE_CPU)}
    ended = subprocess.run([*command, *options, *header], env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"the load failed: {ended.stderr or ended.stdout}")
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


@contextmanager
def _served(variant: Variant, model: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run one worker on its CPU; yield its URL and its process."""
    common = {"MODEL_FILEPATH": str(cached_model(model)), "PORT": "0", "WORKERS": "1", "LOG_LEVEL": "info"}
    with tempfile.NamedTemporaryFile() as said:
        process = subprocess.Popen(
            variant.command,
            env=os.environ | common | variant.environment,
            stderr=said,
            preexec_fn=lambda: os.sched_setaffinity(0, {_SERVICE_CPU}),  # noqa: PLW1509 - no other thread runs here
        )
        try:
            url = _await(variant.path, process, Path(said.name))
            (worker,) = psutil.Process(process.pid).children()
            yield url, worker
        finally:
            process.terminate()
            process.wait()


def _await(path: str, process: subprocess.Popen[bytes], said: Path) -> str:
    """Return the URL that the service says it listens at, when it answers there."""
    headers = {"Content-Type": "application/json"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up_at = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < give_up_at:
        if listens := re.search(r"http://127\.0\.0\.1:\d+", said.read_text()):
            request = urllib.request.Request(listens[0] + path, _BODY.encode(), headers)  # noqa: S310 - loopback
            with suppress(OSError), opener.open(request, timeout=1):
                return listens[0]
        time.sleep(0.05)
    raise SystemExit(f"the service did not start: {said.read_text()}")


if __name__ == "__main__":
    main()
