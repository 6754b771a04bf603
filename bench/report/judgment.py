"""Measures how long the judgment of a session with large runs takes to write, and the most memory that it needs.

    python bench/report/judgment.py --runs 3 --requests 600000

Every run has latencies from a log-normal distribution with stalls and failures in it. Its rows are stored before the
clock starts, as a load stores them; what is timed is reading them, judging their criteria and writing every file of
the judgment, as the session does at its end. The measured part runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gonogo.gate.judgment import CriterionEntry, RunEntry, TestEntry, TestOutcome
from gonogo.gate.ledger import Ledger
from gonogo.measures.judge import judge
from gonogo.report.writer import write
from gonogo.runs.run import Columns, Run, RunFacts
from gonogo.runs.store import load, save
from gonogo.runs.summary import summarize
from gonogo.verdicts.grammar import parse

CRITERIA = ("p99 <= 50ms", "p50 <= 10ms", "success >= 99.9%", "throughput >= 100/s", "max < 10s")
RATE = 10_000.0


def made(name: str, requests: int, seed: int) -> Run:
    """A run at 10,000/s: 4 ms in the middle, a stall of 0.5 s every 11 s, one request in 2,000 without an answer."""
    rng = np.random.default_rng(seed)
    due = np.arange(requests) / RATE
    latency = rng.lognormal(np.log(0.004), 0.4, requests) + np.maximum(0.0, 0.5 - due % 11.0)
    failed = rng.random(requests) < 0.0005
    columns = Columns(
        due_s=due,
        queued_s=np.zeros(requests),
        sent_s=due + rng.exponential(2e-5, requests),
        first_byte_s=np.where(failed, np.nan, due + 0.9 * latency),
        done_s=np.where(failed, due + 10.0, due + latency),
        status=np.where(failed, 0, 200).astype(np.int16),
        error=failed.astype(np.int8),
        success=~failed,
        bytes_in=np.full(requests, 200),
        bytes_out=np.full(requests, 180),
        connection=(np.arange(requests) % 64).astype(np.int32),
        target=np.zeros(requests, np.int16),
    )
    seconds = requests / RATE
    return Run(columns, RunFacts(name, ("POST /predict",), RATE, seconds, seconds, 0.1, 10.0, 64))


def measured(folder: Path) -> dict[str, float]:
    """Judge and report what is stored in ``folder``; return seconds by step and the most memory in MB."""
    ledger, judging_s, reading_s = Ledger(), 0.0, 0.0
    begun = time.perf_counter()
    for place in sorted((folder / "runs").iterdir()):
        start = time.perf_counter()
        run = load(place)
        reading_s += time.perf_counter() - start
        test = f"bench.py::{place.name}"
        ledger.record_run(RunEntry(place.name, test, f"runs/{place.name}", summarize(run)))
        start = time.perf_counter()
        for criterion in CRITERIA:
            ledger.record_criterion(CriterionEntry(test, place.name, judge(run, parse(criterion))))
        judging_s += time.perf_counter() - start
        ledger.record_test(TestEntry(test, TestOutcome.PASSED))
        del run
    start = time.perf_counter()
    write(ledger.judgment(complete=True), folder, load_run=load)
    written_s = time.perf_counter() - start
    start = time.perf_counter()
    write(ledger.judgment(complete=True), folder, load_run=load)
    return {
        "seconds": written_s,
        "again_s": time.perf_counter() - start,
        "reading_s": reading_s,
        "judging_s": judging_s,
        "all_s": time.perf_counter() - begun,
        "page_mb": (folder / "index.html").stat().st_size / 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
    }


def main() -> None:
    """Store the runs, measure in a process of its own, and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--requests", type=int, default=600_000)
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measured(given.measure)))
        return
    with tempfile.TemporaryDirectory(prefix="gonogo-bench-") as name:
        folder = Path(name)
        for index in range(given.runs):
            save(made(f"run-{index}", given.requests, index), folder / "runs" / f"run-{index}")
        command = [sys.executable, __file__, "--measure", str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    found = json.loads(done.stdout)
    print(f"{given.runs} runs of {given.requests:,} requests")
    print(f"  written, plots made       {found['seconds']:6.2f} s   (goal: at most 10 s)")
    print(f"  written again             {found['again_s']:6.2f} s")
    print(f"  rows read                 {found['reading_s']:6.2f} s")
    print(f"  criteria judged           {found['judging_s']:6.2f} s   ({len(CRITERIA)} a run)")
    print(f"  all of it                 {found['all_s']:6.2f} s")
    print(f"  page                      {found['page_mb']:6.2f} MB")
    print(f"  most memory               {found['peak_mb']:6.0f} MB   (goal: at most 500 MB)")


if __name__ == "__main__":
    main()
