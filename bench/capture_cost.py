"""What capture costs a client, and whether it is complete near the capacity of the service.

    python -m bench.capture_cost [--share 0.8] [--seconds 20] [--rounds 5] [--margin-ms 5] [--write docs/benchmarks.md]

Starts the current iris model, measures by a closed loop what it can take through the capture, and sends 80 % of that,
in turn directly and through a capturing Envoy. Each round is one pair. Prints medians over the rounds, how much later
the 99th percentile is within a pair, and the share of the requests that was captured whole. A round takes about 45 s,
the whole about 4 minutes.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import numpy as np

from bench.page import write_between
from gonogo.capture.inlet import Inlet, Scope
from gonogo.capture.proxy import CaptureProxy
from gonogo.capture.record import captured
from gonogo.capture.tail import Tail
from gonogo.load import driver
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.mesh.sidecar import Address
from gonogo.runs.run import Run

HOST = "127.0.0.1"
FLOWER = {"data": [[5.1, 3.5, 1.4, 0.2]]}
WAIT_S = 30.0
TITLE = "## What capture costs a client"


@dataclass(frozen=True)
class Seen:
    """One load: ``whole`` requests of it were captured whole, where it went through the capture."""

    p50_s: float
    p99_s: float
    success: float
    requests: int
    valid: bool
    whole: int = 0


def main() -> None:
    """Measure, print, and write into the page when one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.8, help="of the capacity")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of loads")
    parser.add_argument("--margin-ms", type=float, default=5.0, help="how much later p99 may be")
    parser.add_argument("--write", type=Path, help="a Markdown file to write the table into, between its markers")
    given = parser.parse_args()
    available = sorted(os.sched_getaffinity(0))
    generator, services = tuple(available[:1]), tuple(available[1:]) or tuple(available)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, before = free_port(), free_port()
        service = start_service(folder, port, services)
        try:
            inlet = Inlet(Address(HOST, before), Address(HOST, port))
            proxy = CaptureProxy("bench/iris", [inlet], Scope(), folder=folder / "capture", cores=services)
            try:
                capacity = rate_of(drive(folder, before, None, 5.0, generator))
                rate = given.share * capacity
                tail = proxy.tail()
                captured_whole(tail)
                pairs = []
                for number in range(given.rounds):
                    print(f"round {number + 1} of {given.rounds} at {rate:,.0f}/s", file=sys.stderr, flush=True)
                    ways = [
                        seen(tail, drive(folder, to, rate, given.seconds, generator), through=to == before)
                        for to in (port, before)
                    ]
                    pairs.append((ways[0], ways[1]))
                text = document(pairs, capacity, rate, given)
                text += f"\nWrites of the capture that failed: {proxy.lost_writes()}.\n"
            finally:
                proxy.stop()
        finally:
            service.terminate()
            service.wait(10)
    print(text)
    if given.write:
        write_between(given.write, "bench.capture_cost", f"{TITLE}\n\n{text}")


def seen(tail: Tail, run: Run, *, through: bool) -> Seen:
    """Return what one load showed; what was captured of it is read to its end."""
    requests = len(run.columns) + run.facts.warmup_requests
    times = run.columns.latency_s[run.columns.success]
    p50_s, p99_s = (float(value) for value in np.quantile(times, (0.5, 0.99)))
    whole = captured_whole(tail) if through else 0
    return Seen(p50_s, p99_s, float(run.columns.success.mean()), requests, run.facts.valid, whole)


def document(pairs: Sequence[tuple[Seen, Seen]], capacity: float, rate: float, given: argparse.Namespace) -> str:
    """Return the table and what it comes to."""
    lines = [
        f"At {given.share:.0%} of the {capacity:,.0f} requests/s that the iris service with one worker takes through",
        f"the capture, on one CPU with it: medians of {len(pairs)} rounds of {given.seconds:g} s each way.",
        "`python -m bench.capture_cost --write docs/benchmarks.md`",
        "",
        "| way | p50 | p99 | success | captured whole |",
        "|---|---|---|---|---|",
    ]
    for place, way in enumerate(("direct", "captured")):
        side = [pair[place] for pair in pairs]
        p50, p99 = median(one.p50_s for one in side) * 1e3, median(one.p99_s for one in side) * 1e3
        whole = f"{sum(one.whole for one in side):,} of {sum(one.requests for one in side):,}" if place else ""
        worst = min(one.success for one in side)
        lines.append(f"| {way} | {p50:.2f} ms | {p99:.2f} ms | {worst:.2%} or more | {whole} |")
    later = sorted((with_it.p99_s - without.p99_s) * 1e3 for without, with_it in pairs)
    invalid = sum(not one.valid for pair in pairs for one in pair)
    within = [one <= given.margin_ms for one in (later[-1], median(later))]
    said = "kept" if within[0] else "kept by the median" if within[1] else "not kept"
    lines += [
        "",
        f"At {rate:,.0f}/s p99 is {median(later):.2f} ms later through the capture ({later[0]:.2f} to",
        f"{later[-1]:.2f} ms within a round); the declared margin of {given.margin_ms:g} ms is {said}.",
    ]
    if invalid:
        lines.append(f"In {invalid} of the loads the generator was late.")
    return "\n".join(lines) + "\n"


def start_service(folder: Path, port: int, cores: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Start the current model with one worker, and wait until it is well."""
    model = folder / "iris_svc.onnx"
    loader = {"MODEL_STORE": "trained://", "MODEL_NAME": "iris_svc.onnx", "MODEL_FILEPATH": str(model)}
    subprocess.run([sys.executable, "-m", "gonogo_services.model_store"], env={**os.environ, **loader}, check=True)
    environment = {**os.environ, "MODEL_FILEPATH": str(model), "PORT": str(port), "WORKERS": "1", "HOST": HOST}
    service = subprocess.Popen([sys.executable, "-m", "gonogo_services.iris"], env=environment)
    os.sched_setaffinity(service.pid, cores)
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            httpx.get(f"http://{HOST}:{port}/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return service
    service.kill()
    raise SystemExit("the service does not start")


def drive(folder: Path, port: int, rate: float | None, seconds: float, cores: tuple[int, ...]) -> Run:
    """Drive one load on a port."""
    target = Target.build(
        "POST", f"http://{HOST}:{port}/predict", json=FLOWER, headers={"x-request-id": "{request_id}"}
    )
    plan = LoadPlan("bench", (target,), rate, seconds, warmup_s=1.0 if rate else 0.0, connections=32, cores=cores)
    runs = folder / f"run-{time.monotonic_ns()}"
    runs.mkdir()
    with driver.start(plan, runs) as running:
        return running.wait()


def captured_whole(tail: Tail) -> int:
    """Return of how many requests both bodies were captured whole since the last look."""
    lines: list[bytes] = []
    deadline = time.monotonic() + WAIT_S
    quiet = time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - quiet < 1.0:
        if news := tail.lines():
            lines += news
            quiet = time.monotonic()
        time.sleep(0.05)
    return sum(one.succeeded and one.request.whole for one in captured(lines))


def rate_of(run: Run) -> float:
    """Successes per second."""
    return float(run.columns.success.sum()) / (run.facts.attack_s + run.facts.wait_s)


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
