"""What the client's sidecar costs: Envoy, Nginx and none before the same service, in one run.

    python -m bench.mesh_cost [--rate 500] [--duration 8] [--rounds 3]

Prints for each way the CPU time of a request (sidecar alone), and p50 and p99 with what the sidecar adds to them. The
ways take turns, so that what else goes on meets all of them alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.engine.nginx import nginx
from gonogo.load import driver
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.manifests.host import Host
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.ruling import Ruling
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.runs.summary import summarize
from gonogo.sidecar.client import ClientSidecar

HOST = Host("bench", "service")
WAYS = ("none", "envoy", "nginx")


@dataclass(frozen=True)
class Seen:
    """One run."""

    p50_s: float
    p99_s: float
    cpu_s: float
    requests: int
    valid: bool


def once(at: tuple[str, int], sidecar: ClientSidecar | None, given: argparse.Namespace, folder: Path) -> Seen:
    """Drive one run and return what it showed."""
    headers = {"x-request-id": "{request_id}"}  # on every way, as it costs the generator something, too
    target = Target.build("GET", "http://service:8000/", endpoints=[at], headers=headers)
    cores = tuple(sorted(os.sched_getaffinity(0)))[-1:]
    plan = LoadPlan(
        "cost", (target,), rate=given.rate, duration_s=given.duration, warmup_s=1.0, timeout_s=10.0, cores=cores
    )
    before = sidecar.sample().cpu_s if sidecar else 0.0
    with driver.start(plan, folder) as load:
        run = load.wait()
    used = (sidecar.sample().cpu_s - before) if sidecar else 0.0
    latency = summarize(run)["latency_s"]
    assert isinstance(latency, dict)
    count = len(run.columns) + run.facts.warmup_requests
    assert run.columns.success.all(), "a request failed: nothing is said of what a sidecar costs"
    return Seen(latency["p50"], latency["p99"], used, count, run.facts.valid)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--duration", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    cores = tuple(sorted(os.sched_getaffinity(0)))
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        parts = urlsplit(opened.enter_context(nginx(folder, cpu=cores[0])))
        host, port = parts.hostname or "", parts.port or 80
        outlet = Outlet(HOST, 8000, None, (Endpoint(Address(host, port)),))
        ways: dict[str, tuple[tuple[str, int], ClientSidecar | None]] = {"none": ((host, port), None)}
        for name in WAYS[1:]:
            made = ClientSidecar(
                name, Policy((Ruling(HOST),)), [outlet], folder=folder / name, workers=1, cores=cores[-1:]
            )
            opened.callback(made.stop)
            [listening] = made.outlets
            assert listening.listen is not None
            ways[name] = ((listening.listen.ip, listening.listen.port), made)
        seen: dict[str, list[Seen]] = defaultdict(list)
        for number in range(given.rounds):
            for name, (at, sidecar) in ways.items():
                seen[name].append(once(at, sidecar, given, folder / f"run-{number}-{name}"))
    report(seen, given)
    return 0 if all(one.valid for runs in seen.values() for one in runs) else 1


def report(seen: dict[str, list[Seen]], given: argparse.Namespace) -> None:
    """Print the medians of the rounds."""
    print(f"{given.rate:g}/s, {given.rounds} rounds of {given.duration:g} s, medians; sidecar on the generator's CPU")
    print(f"{'way':8} {'CPU/request':>12} {'p50':>10} {'p99':>10} {'+p50':>10} {'+p99':>10}  valid runs")
    base50, base99 = (statistics.median(getattr(one, name) for one in seen["none"]) for name in ("p50_s", "p99_s"))
    for way, runs in seen.items():
        p50, p99 = (statistics.median(getattr(one, name) for one in runs) for name in ("p50_s", "p99_s"))
        cpu = statistics.median(one.cpu_s / one.requests for one in runs)
        figures = [f"{1e6 * value:.0f} µs" for value in (cpu, p50, p99, p50 - base50, p99 - base99)]
        valid = sum(one.valid for one in runs)
        print(f"{way:8} {figures[0]:>12} " + " ".join(f"{text:>10}" for text in figures[1:]) + f"  {valid}/{len(runs)}")


if __name__ == "__main__":
    raise SystemExit(main())
