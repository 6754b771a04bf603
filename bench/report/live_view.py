"""Measure what the live view costs beside a load: CPU of its thread, at a rate, with criteria to judge.

python -m bench.report.live_view --rate 10000 --duration 20
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from io import StringIO
from pathlib import Path

from bench.engine.nginx import nginx
from gonogo.load.driver import start
from gonogo.load.plan import LoadPlan
from gonogo.load.target import Target
from gonogo.report.live.view import LiveView, so_far
from gonogo.verdicts.grammar import parse


class _Measured(LiveView):
    """A live view that says how much CPU time its thread used."""

    used_s = 0.0

    def _show(self) -> None:
        super()._show()
        self.used_s = time.thread_time()


def main() -> None:
    """Drive a load at nginx with the view beside it, and print what the view cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10_000.0, help="requests per second (10000)")
    parser.add_argument("--duration", type=float, default=20.0, help="seconds (20)")
    given = parser.parse_args()
    criteria = tuple(parse(text) for text in ("p99 <= 50ms", "success >= 99.9%", "throughput >= 1/s"))
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), cpu=0) as url:
        plan = LoadPlan("bench", (Target("GET", url),), given.rate, given.duration)
        with start(plan, Path(folder) / "load") as running:
            judge = so_far(criteria, name="bench", targets=("GET /",), rate=given.rate, timeout_s=plan.timeout_s)
            stream = _Terminal()
            with _Measured(running, name="bench", duration_s=given.duration, stream=stream, judge_so_far=judge) as view:
                begun_s = time.monotonic()
                run = running.wait()
                lasted_s = time.monotonic() - begun_s
    share = view.used_s / lasted_s
    print(f"{len(run.columns):,} requests in {lasted_s:.1f} s; the view used {view.used_s:.2f} s of CPU: {share:.1%}")
    print(f"threads left: {threading.active_count() - 1}")


class _Terminal(StringIO):
    """A terminal that nobody looks at."""

    def isatty(self) -> bool:
        return True


if __name__ == "__main__":
    main()
