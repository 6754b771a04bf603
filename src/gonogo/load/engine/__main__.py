"""The engine's process: ``python -m gonogo.load.engine``, started by gonogo.load.driver and by nothing else.

Arguments: the spool's descriptor and rows, the descriptors of values and gate, the engine's number and how many engines
there are, the parent's id and whether to die with it.

Standard input brings the plan (its length in 8 bytes, then a pickle), then lines ``stop GRACE_S REASON``; its end
means that the parent is gone. Standard output takes one JSON object a line: ``{"event": "started" | "finished", …}``.
"""

from __future__ import annotations

import gc
import json
import os
import pickle
import resource
import select
import signal
import sys
import time

from gonogo.load.engine.gate import Gate
from gonogo.load.engine.loop import Engine
from gonogo.load.engine.timer import die_with_parent, no_timer_slack
from gonogo.load.engine.values import ValueLog
from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.spool import Spool

_STDIN = 0


def main() -> None:
    """Read the plan, drive it, and say how it went."""
    fd, rows, values_fd, gate_fd, number, engines, parent, tied = (int(argument) for argument in sys.argv[1:9])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it asks for the end and keeps the data
    if tied:
        die_with_parent()
    no_timer_slack()
    plan: LoadPlan = pickle.loads(_read_exactly(int.from_bytes(_read_exactly(8))))  # noqa: S301 - the parent wrote it
    share = Share(number, engines)
    pinned = _pin(plan.cores, share)
    _allow_descriptors(share.part(plan.connections))

    def watch() -> None:
        if os.getppid() != parent:
            os._exit(1)

    spool = Spool(fd, rows, len(plan.further_columns))
    engine = Engine(plan, spool, ValueLog(values_fd), watch, Gate(gate_fd, number, engines), share)
    commands = _Commands(engine)
    engine.handlers[_STDIN] = commands.read
    engine.epoll.register(_STDIN, select.EPOLLIN)
    cpu_at = [0.0]

    def started(moment: float) -> None:
        cpu_at[0] = time.process_time()
        _say(event="started", start=moment)

    # What would form a cycle is taken apart by hand: see docs/decisions/engine.md.
    gc.collect()
    gc.freeze()
    gc.disable()
    engine.run(started)
    _say(
        event="finished",
        cpu_s=time.process_time() - cpu_at[0],
        cut_short=engine.cut_short,
        shortage=engine.shortage,
        until_s=engine.until_s,
        cores=pinned,
    )


class _Commands:
    """What the parent asks for while the run goes on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._text = b""

    def read(self) -> None:
        """Read and obey; without a parent there is nobody left to measure for."""
        got = os.read(_STDIN, 65536)
        if not got:
            os._exit(1)
        self._text += got
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            _, grace_s, why = line.decode().split(" ", 2)
            self._engine.stop(why, float(grace_s))


def _read_exactly(size: int) -> bytes:
    parts = []
    while size:
        part = os.read(_STDIN, size)
        if not part:
            os._exit(1)
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _pin(cores: tuple[int, ...], share: Share) -> tuple[int, ...]:
    """Stay on these CPUs, one of several engines on one of them; return them, or none where that is not allowed."""
    if share.engines > 1 and cores:
        cores = (cores[share.number % len(cores)],)
    if cores:
        try:
            os.sched_setaffinity(0, cores)
        except OSError:
            return ()
    return cores


def _allow_descriptors(connections: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = hard if hard != resource.RLIM_INFINITY else wanted
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))


def _say(**event: object) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
