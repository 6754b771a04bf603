"""Changes of weights and limits under load: how long each takes, and whether a request is lost.

    python -m bench.mesh_changes [--rate 1000] [--changes 50] [--space 0.2]

A server answers behind Envoy and behind Nginx in turn, while weights and limits change at even spaces. Exit status: 0
when every request was answered with 200, 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bench.engine.nginx import nginx
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
    given = parser.parse_args()
    cores = tuple(sorted(os.sched_getaffinity(0)))
    lost = 0
    for proxy in ("envoy", "nginx"):
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
            lost += len(columns) - statuses[200]
            print(
                f"{proxy}: {given.changes} changes, median {1e3 * statistics.median(took):.0f} ms, "
                f"longest {1e3 * max(took):.0f} ms; {len(columns)} requests at {given.rate:g}/s, "
                f"{len(columns) - statuses[200]} lost"
            )
    return 1 if lost else 0


if __name__ == "__main__":
    raise SystemExit(main())
