"""What the client's sidecar costs: Envoy, Nginx and none before the same service, in one run.

    python -m bench.mesh_cost [--rate 500] [--duration 8] [--rounds 5] [--write docs/benchmarks.md]

Prints for each way the CPU time of a request (sidecar alone), and p50 and p99 with what the sidecar adds to them:
medians over the rounds, with their spread. In a round the ways take turns, each time in another order, so that what
else goes on meets all of them alike; what is added is the difference within a round. It takes two and a half minutes.
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
from bench.page import write_between
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
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="a Markdown file to write the table into, between its markers")
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
            turn = number % len(WAYS)
            for name in (*WAYS[turn:], *WAYS[:turn]):
                at, sidecar = ways[name]
                seen[name].append(once(at, sidecar, given, folder / f"run-{number}-{name}"))
        names = {name: sidecar.name if sidecar else "none" for name, (_, sidecar) in ways.items()}
    text = document(seen, names, given)
    print(text)
    if given.write:
        write_between(given.write, "bench.mesh_cost", text)
    return 0 if all(one.valid for runs in seen.values() for one in runs) else 1


def document(seen: dict[str, list[Seen]], names: dict[str, str], given: argparse.Namespace) -> str:
    """Return the table as Markdown."""
    none = seen["none"]
    how = (
        f"{given.rate:g} requests a second, {given.rounds} rounds of {given.duration:g} s in which the ways take turns;"
        " medians (from the least to the most of the rounds). The sidecar has one worker, on the generator's CPU."
        " Added: the difference to none within a round. `python -m bench.mesh_cost`"
    )
    lines = [
        "## What the client's sidecar costs",
        "",
        how,
        "",
        "| sidecar | CPU a request | p50 | p99 | added p50 | added p99 | valid runs |",
        "|---|---|---|---|---|---|---|",
    ]
    for way, runs in seen.items():
        figures = [
            spread([one.cpu_s / one.requests for one in runs]) if way != "none" else "",
            spread([one.p50_s for one in runs]),
            spread([one.p99_s for one in runs]),
            spread([one.p50_s - base.p50_s for one, base in zip(runs, none, strict=True)]) if way != "none" else "",
            spread([one.p99_s - base.p99_s for one, base in zip(runs, none, strict=True)]) if way != "none" else "",
        ]
        valid = f"{sum(one.valid for one in runs)} of {len(runs)}"
        lines.append(f"| {' | '.join([names[way], *figures, valid])} |")
    return "\n".join(lines) + "\n"


def spread(values: list[float]) -> str:
    """Return the median of times with the least and the most of them, in microseconds."""
    median, least, most = (1e6 * one for one in (statistics.median(values), min(values), max(values)))
    return f"{median:.0f} µs ({least:.0f} to {most:.0f})"


if __name__ == "__main__":
    raise SystemExit(main())
