"""What capture costs a client, and whether it is complete near the capacity of the service.

    python bench/capture_cost.py [--share 0.8] [--seconds 20]

Starts the current iris model, measures its capacity with a closed loop, and sends 80 % of that, first directly and then
through a capturing Envoy. Prints the p50 and p99 of both and the share of the requests that was captured whole.
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

import httpx
import numpy as np

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=0.8, help="of the capacity")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
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
                print(f"capacity through the capture: {capacity:,.0f}/s; load: {rate:,.0f}/s for {given.seconds:g} s\n")
                print("| way | p50 ms | p99 ms | success | captured whole |\n|---|---|---|---|---|")
                tail = proxy.tail()
                for label, to in (("direct", port), ("captured", before), ("direct", port), ("captured", before)):
                    settle(tail)
                    run = drive(folder, to, rate, given.seconds, generator)
                    whole = captured_share(tail, len(run.columns) + run.facts.warmup_requests) if to == before else None
                    print(row(label, run, whole), flush=True)
                used = proxy.sample()
                print(f"\nthe proxy used {used.cpu_s:.1f} CPU s and {used.rss / 2**20:.0f} MiB")
                print(f"writes that failed: {proxy.lost_writes()}")
            finally:
                proxy.stop()
        finally:
            service.terminate()
            service.wait(10)


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


def settle(tail: Tail) -> None:
    """Leave out what was captured before."""
    time.sleep(0.5)
    tail.lines()


def captured_share(tail: Tail, requests: int) -> float:
    """Return the share of ``requests`` of which both bodies were captured whole."""
    lines: list[bytes] = []
    deadline = time.monotonic() + WAIT_S
    quiet = time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - quiet < 1.0:
        if news := tail.lines():
            lines += news
            quiet = time.monotonic()
        time.sleep(0.05)
    return sum(one.succeeded and one.request.whole for one in captured(lines)) / requests


def rate_of(run: Run) -> float:
    """Successes per second."""
    return float(run.columns.success.sum()) / (run.facts.attack_s + run.facts.wait_s)


def row(label: str, run: Run, whole: float | None) -> str:
    """A row of the table."""
    p50, p99 = (float(value) * 1e3 for value in np.quantile(run.columns.latency_s[run.columns.success], (0.5, 0.99)))
    shown = "" if whole is None else f"{whole:.2%}"
    return f"| {label} | {p50:.2f} | {p99:.2f} | {run.columns.success.mean():.2%} | {shown} |"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
