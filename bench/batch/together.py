"""Several jobs on one table: rows per second from the moment in which all of them begin, and what they wait for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.batch.subject import Subject

__all__ = ["Together", "together"]

_BUSY = 0.85


@dataclass(frozen=True, slots=True)
class Together:
    """Jobs that worked at the same time.

    Attributes:
        jobs: how many.
        rows: predicted by all of them.
        seconds: from the begin of the first one to the end of the last one; none of them starts up in this time.
        jobs_cpu_s: CPU seconds of the jobs.
        server_cpu_s: CPU seconds of the database's server; 0 where the database is in the jobs.
        others: the share of the cores that programs of others kept busy, from the first job's begin to the end.
        cores: of the machine.
    """

    jobs: int
    rows: int
    seconds: float
    jobs_cpu_s: float
    server_cpu_s: float
    others: float
    cores: int

    @property
    def rows_per_s(self) -> float:
        """Rows predicted in each second."""
        return self.rows / self.seconds

    @property
    def busy(self) -> float:
        """The share of the machine's cores that jobs and server kept busy."""
        return (self.jobs_cpu_s + self.server_cpu_s) / self.seconds / self.cores

    @property
    def limit(self) -> str:
        """What kept them from being faster."""
        used = f"{self.busy * self.cores:.1f} of {self.cores} cores busy"
        if self.busy >= _BUSY:
            return f"the machine: {used}"
        if self.busy + self.others >= _BUSY:
            return f"other programs on this machine: {used} with these jobs"
        if self.server_cpu_s == 0:
            return f"the one writer that the database has: {used}"
        return f"the server's commits and locks: {used}"


def together(subject: Subject, model: Path, jobs: int, options: Sequence[str]) -> Together:
    """Run ``jobs`` jobs on all rows of the table.

    Raises:
        RuntimeError: a job failed, or not every row was predicted once.
    """
    command = [sys.executable, "-m", "bench.batch.gated_job", *options]
    environment = {**os.environ, "DATABASE_URL": subject.url, "MODEL_FILEPATH": str(model)}
    with ExitStack() as opened:
        started = [
            opened.enter_context(
                subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(jobs)
        ]
        for job in started:
            assert job.stdout is not None
            if job.stdout.readline() != "ready\n":
                raise RuntimeError("a job did not become ready")
        server_cpu_s, idle_s, since_s = _cpu_s(subject.server), psutil.cpu_times().idle, time.monotonic()
        for job in started:
            assert job.stdin is not None
            job.stdin.write("\n")
            job.stdin.flush()
        found = [json.loads(job.communicate()[0]) for job in started]
        server_cpu_s = _cpu_s(subject.server) - server_cpu_s
        idle_s, since_s = psutil.cpu_times().idle - idle_s, time.monotonic() - since_s
    if any(job.returncode for job in started):
        raise RuntimeError("a job failed")
    rows = sum(each["predicted"] for each in found)
    # A row with a prediction takes no second one, so as many as there are means each of them once.
    if rows != subject.rows or subject.unpredicted():
        raise RuntimeError(f"{rows:,} of {subject.rows:,} rows were predicted, {subject.unpredicted():,} are left")
    seconds = max(each["ended"] for each in found) - min(each["began"] for each in found)
    jobs_cpu_s, cores = sum(each["cpu_s"] for each in found), len(os.sched_getaffinity(0))
    all_cores = os.cpu_count() or 1
    busy_s = all_cores * since_s - idle_s - jobs_cpu_s - server_cpu_s
    return Together(jobs, rows, seconds, jobs_cpu_s, server_cpu_s, max(0.0, busy_s / since_s / all_cores), cores)


def _cpu_s(server: int | None) -> float:
    """Return the CPU seconds so far of a process and its children, those that have ended included."""
    if server is None:
        return 0.0
    root = psutil.Process(server)
    return sum(sum(process.cpu_times()[:4]) for process in (root, *root.children(recursive=True)))
