"""One engine's process as its parent sees it: started, told what to do, listened to, and ended."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

from gonogo.load.plan import LoadPlan
from gonogo.load.share import Share
from gonogo.load.spool import Spool

__all__ = ["EngineProcess"]


class EngineProcess:
    """An engine that drives its share of a plan.

    Args:
        plan: of the run.
        share: which of its requests are this engine's.
        rows: the most requests that these can be.
        gate_fd: of the page by which engines start together.
        log: where it leaves what it has to say when it fails.

    Attributes:
        spool: what it records, as it does so.
        values_fd: of the memfd with the values of further columns; whoever reads them closes it.
        place: where it runs; empty: on this machine.
        finished: what it said at its end; None before, and when it died.
    """

    place = ""

    def __init__(self, plan: LoadPlan, share: Share, *, rows: int, gate_fd: int, log: Path) -> None:
        self.share = share
        self.finished: dict[str, object] | None = None
        self._text = b""
        self._log = log
        self.spool = Spool.create(rows, len(plan.further_columns))
        self.values_fd = os.memfd_create("gonogo-values")
        tied = threading.current_thread() is threading.main_thread()
        numbers = (self.spool.fd, rows, self.values_fd, gate_fd, share.number, share.engines, os.getpid(), int(tied))
        with log.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with arguments of our own
                [sys.executable, "-P", "-m", "gonogo.load.engine", *map(str, numbers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                pass_fds=(self.spool.fd, self.values_fd, gate_fd),
            )
        os.close(self.spool.fd)
        pickled = pickle.dumps(plan)
        self.tell(len(pickled).to_bytes(8, "big") + pickled)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def output(self) -> int:
        """The descriptor to wait on for what it says; :meth:`hear` reads it."""
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - it is a pipe
        return stream.fileno()

    def tell(self, data: bytes) -> None:
        """Write to the engine; that it has ended meanwhile is found out where its end is awaited."""
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(BrokenPipeError):
            stream.write(data)
            stream.flush()

    def hear(self) -> bool:
        """Read what it says; return False when it has ended."""
        got = os.read(self.output, 65536)
        *lines, self._text = (self._text + got).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if event["event"] == "finished":
                self.finished = event
        return bool(got)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def close(self) -> str:
        """Wait for its end; return how it died, with its last words, or an empty text when it did not."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        status = self._process.wait()
        if self.finished is not None:
            return ""
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        name = (
            f"load engine {self.share.number + 1} of {self.share.engines}" if self.share.engines > 1 else "load engine"
        )
        said = self._log.read_text(errors="replace").strip().splitlines()
        return f"the {name} {how} before the run was over" + (f": {said[-1]}" if said else "")
