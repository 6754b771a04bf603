"""Changes of weights and limits under load: how long each takes, and whether a request is lost.

    python -m bench.mesh_changes [--rate 1000] [--changes 50] [--rounds 3] [--write docs/benchmarks.md]

A server answers behind Envoy and behind Nginx in turn, while weights and limits change at even spaces. It takes a
minute and a half. Exit status: 0 when every request was answered with 200, 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
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
from gonogo.mesh.policy.action import Forward
from gonogo.mesh.policy.change import with_limits, with_weights
from gonogo.mesh.policy.destination import Destination, Weighted
from gonogo.mesh.policy.policy import Policy
from gonogo.mesh.policy.route import Route
from gonogo.mesh.policy.ruling import Ruling, Subset
from gonogo.mesh.sidecar import Address, Endpoint, Outlet
from gonogo.sidecar.client import ClientSidecar

HOST = Host("bench", "service")
SUBSETS = (Subset("svc", {"version": "svc"}), Subset("rf", {"version": "rf"}))
POLICY = Policy(
    (Ruling(HOST, subsets=SUBSETS, routes=(Route(Forward((Weighted(Destination(HOST, subset="svc")),))),)),)
)


PROXIES = ("envoy", "nginx")


@dataclass(frozen=True)
class Seen:
    """One load under changes: how long each took, in seconds, and how many requests were lost."""

    name: str
    took_s: tuple[float, ...]
    requests: int
    lost: int


def changed(sidecar: ClientSidecar, outlet: Outlet, given: argparse.Namespace) -> list[float]:
    """Change the rules as often as asked and return the seconds that each change took."""
    took, begun = [], time.monotonic()
    for number in range(given.changes):
        weights = {"svc": 100 - number % 2 * 100, "rf": number % 2 * 100}
        policy = with_limits(with_weights(POLICY, HOST, weights), HOST, {"max_connections": 1000 + number})
        before = time.monotonic()
        sidecar.change(policy, [outlet])
        took.append(time.monotonic() - before)
        time.sleep(max(0.0, begun + (number + 1) * given.space - time.monotonic()))
    return took


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=1000.0)
    parser.add_argument("--changes", type=int, default=50)
    parser.add_argument("--space", type=float, default=0.2, help="seconds from one change to the next")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, help="a Markdown file to write the table into, between its markers")
    given = parser.parse_args()
    seen: dict[str, list[Seen]] = {proxy: [] for proxy in PROXIES}
    for _ in range(given.rounds):
        for proxy in PROXIES:
            seen[proxy].append(once(proxy, given))
    text = document(seen, given)
    print(text)
    if given.write:
        write_between(given.write, "bench.mesh_changes", text)
    return 1 if any(one.lost for runs in seen.values() for one in runs) else 0


def once(proxy: str, given: argparse.Namespace) -> Seen:
    """Drive one load behind ``proxy`` while its rules change."""
    cores = tuple(sorted(os.sched_getaffinity(0)))
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        parts = urlsplit(opened.enter_context(nginx(folder, cpu=cores[0])))
        at = Address(parts.hostname or "", parts.port or 80)
        replicas = tuple(Endpoint(at, subset.labels) for subset in SUBSETS)
        outlet = Outlet(HOST, 8000, None, replicas)
        sidecar = ClientSidecar(proxy, POLICY, [outlet], folder=folder / proxy, cores=cores[-1:])
        opened.callback(sidecar.stop)
        [listening] = sidecar.outlets
        assert listening.listen is not None
        way = (listening.listen.ip, listening.listen.port)
        plan = LoadPlan(
            "changes",
            (Target.build("GET", "http://service:8000/", endpoints=[way]),),
            rate=given.rate,
            duration_s=given.changes * given.space + 1.0,
            warmup_s=0.0,
            timeout_s=10.0,
            cores=cores[-1:],
        )
        with driver.start(plan, folder / "run") as load:
            took = changed(sidecar, outlet, given)
            columns = load.wait().columns
        statuses = Counter(columns.status.tolist())
        return Seen(sidecar.name, tuple(took), len(columns), len(columns) - statuses[200])


def document(seen: dict[str, list[Seen]], given: argparse.Namespace) -> str:
    """Return the table as Markdown."""
    how = (
        f"{given.changes} changes of weights and limits, one every {given.space:g} s, under {given.rate:g} requests a"
        f" second; {given.rounds} rounds in turn. A change is over when the proxy acts on it."
        " `python -m bench.mesh_changes`"
    )
    lines = [
        "## Rules that change under load",
        "",
        how,
        "",
        "| sidecar | changes | median | longest | requests | lost |",
        "|---|---|---|---|---|---|",
    ]
    for runs in seen.values():
        took = [seconds for one in runs for seconds in one.took_s]
        figures = (f"{1e3 * statistics.median(took):.0f} ms", f"{1e3 * max(took):.0f} ms")
        requests, lost = sum(one.requests for one in runs), sum(one.lost for one in runs)
        lines.append(f"| {runs[0].name} | {len(took)} | {' | '.join(figures)} | {requests:,} | {lost} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
