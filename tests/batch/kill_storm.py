"""``python kill_storm.py URL KILLS SEED``: start jobs and kill them at random points, then let one finish.

Jobs are forks of this process, which has everything loaded, so that most kills hit the work and not the start.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
import warnings
from dataclasses import dataclass

from gonogo_services.batch.job import work
from gonogo_services.serving.lifeline import die_with

LONGEST_WORK_S = 0.1
AT_ONCE = 2
ARGUMENTS = ["--chunk", "40", "--lease-s", "1", "--tries", "30"]


@dataclass
class Victim:
    """A job that is going to be killed ``after_s`` seconds after it has begun to work."""

    pid: int
    lines: int
    after_s: float
    due: float | None = None


def start(after_s: float) -> Victim:
    """Fork a job whose standard error can be read from the victim's ``lines``."""
    parent = os.getpid()
    lines, end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pid = os.fork()
    if pid:
        os.close(end)
        return Victim(pid, lines, after_s)
    try:
        die_with(parent)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(end, 2)
        os._exit(work(ARGUMENTS, os.environ))
    finally:
        os._exit(1)


def kill(victim: Victim) -> bool:
    """Kill a job and return whether it was still alive."""
    os.kill(victim.pid, signal.SIGKILL)
    _, status = os.waitpid(victim.pid, 0)
    os.close(victim.lines)
    return os.WIFSIGNALED(status)


def main() -> int:
    """Do the storm; print how many jobs were killed while they worked, and return the last job's exit status."""
    kills, source = int(sys.argv[2]), random.Random(int(sys.argv[3]))  # noqa: S311 - not a secret
    os.environ["DATABASE_URL"] = sys.argv[1]
    living: list[Victim] = []
    killed = at_work = 0
    while killed < kills:
        while len(living) < AT_ONCE:
            living.append(start(source.uniform(0, LONGEST_WORK_S)))
        waiting = [victim for victim in living if victim.due is None]
        timeout = min((victim.due - time.monotonic() for victim in living if victim.due), default=None)
        timeout = None if timeout is None else max(0.0, timeout)
        begun, _, _ = select.select([victim.lines for victim in waiting], [], [], timeout)
        now = time.monotonic()
        for victim in waiting:
            if victim.lines in begun:
                victim.due = now + victim.after_s
        for victim in [victim for victim in living if victim.due is not None and victim.due <= now]:
            living.remove(victim)
            at_work += kill(victim)
            killed += 1
    for victim in living:
        kill(victim)
    sys.stdout.write(f"{at_work}\n")
    sys.stdout.flush()
    return work([*ARGUMENTS, "--chunk", "2000"], os.environ)


if __name__ == "__main__":
    sys.exit(main())
