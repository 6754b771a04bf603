"""The worker's process: ``python -m gonogo.load.inside``, started inside of a stack by gonogo and by nothing else.

It says what it is made of, is told its share of a plan, starts the engine, and says when that is ready. Then it is told
when to begin, and sends what the engine records as it does so (gonogo.load.inside.frames). The end of its standard
input, or two minutes without a word, mean that the session is gone: nobody is left to measure for.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

from gonogo.load.engine.gate import Gate
from gonogo.load.inside import cgroup
from gonogo.load.inside.assignment import Assignment
from gonogo.load.inside.frames import FrameReader, Kind, frame
from gonogo.load.inside.identity import identity
from gonogo.load.inside.tap import Tap, checksum
from gonogo.load.process import EngineProcess
from gonogo.load.spool import PICKED

_STDIN: Final = 0
_STDOUT: Final = 1
_LOOK_S: Final = 0.1
_GATE_LOOK_S: Final = 0.005
_PATIENCE_S: Final = 120.0
_FAREWELL_S: Final = 30.0
_READ: Final = 1 << 17


class Worker:
    """One engine, and the session at the other end of two streams.

    Args:
        folder: to write to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frames = FrameReader()
        self._engine: EngineProcess | None = None
        self._gate: Gate | None = None
        self._tap: Tap | None = None
        self._ready = False
        self._start_ns = 0
        self._samples: list[cgroup.Standing] = []
        self._heard_at = time.monotonic()

    def run(self) -> None:
        """Do what the session says, to the engine's end."""
        _send(Kind.HELLO, json.dumps(identity()).encode())
        looked_at = 0.0
        while self._attend(_LOOK_S if self._ready or self._gate is None else _GATE_LOOK_S):
            now = time.monotonic()
            if now - self._heard_at > _PATIENCE_S:
                sys.exit(1)
            if self._gate is not None and not self._ready and self._gate.reached:
                self._ready = True
                _send(Kind.READY)
            if self._tap is not None and now - looked_at >= _LOOK_S:
                looked_at = now
                self._take_stock(now)
                _write(b"".join(self._tap.news()))
        self._conclude()
        # Runtimes may lose what a program wrote just before its end, so the session ends it.
        until = time.monotonic() + _FAREWELL_S
        while time.monotonic() < until:
            self._listen(_LOOK_S)

    def _attend(self, longest_s: float) -> bool:
        """Hear session and engine; return False when the engine has ended."""
        if self._engine is None:
            self._listen(longest_s)
            return True
        ready, _, _ = select.select([_STDIN, self._engine.output], [], [], longest_s)
        if _STDIN in ready:
            self._listen(0.0)
        if self._engine.output not in ready:
            return True
        return self._engine.hear()

    def _listen(self, longest_s: float) -> None:
        if not select.select([_STDIN], [], [], longest_s)[0]:
            return
        got = os.read(_STDIN, _READ)
        if not got:
            sys.exit(1)
        self._heard_at = time.monotonic()
        for kind, content in self._frames.feed(got):
            self._obey(kind, content)

    def _obey(self, kind: Kind, content: bytes) -> None:
        if kind is Kind.PING:
            _send(Kind.PONG, b"%d " % time.monotonic_ns() + content)
        elif kind is Kind.ASSIGNMENT:
            self._begin(pickle.loads(content))  # noqa: S301 - whoever may start programs here may as well send them
        elif kind is Kind.GO and self._gate is not None:
            self._start_ns = int(content)
            self._take_stock(time.monotonic())
            self._gate.release(self._start_ns)
        elif kind is Kind.CONTROL and self._engine is not None:
            self._engine.tell(content)

    def _begin(self, given: Assignment) -> None:
        if given.certificates:
            bundle, nothing = self._folder / "certificates.pem", self._folder / "no-certificates"
            bundle.write_bytes(given.certificates)
            nothing.mkdir()
            os.environ |= {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(nothing)}
        gate_fd = Gate.create(held=True)
        self._gate = Gate(gate_fd, given.share.number, given.share.engines)
        self._engine = EngineProcess(
            given.plan, given.share, rows=given.rows, gate_fd=gate_fd, log=self._folder / "engine.log"
        )
        os.close(gate_fd)
        self._tap = Tap(self._engine.spool, self._engine.values_fd)

    def _take_stock(self, now: float) -> None:
        """Note how control group and engine stand, from the last time before the run's start on."""
        if self._engine is not None and self._start_ns and (stands := cgroup.standing(self._engine.pid)) is not None:
            if now * 1e9 < self._start_ns:
                self._samples.clear()
            self._samples.append(stands)

    def _conclude(self) -> None:
        """Send the last rows, and how it went."""
        engine, tap = self._engine, self._tap
        assert engine is not None  # noqa: S101 - it has ended
        assert tap is not None  # noqa: S101 - likewise
        lost = engine.close()
        _write(b"".join(tap.news(last=True)))
        told = asdict(cgroup.allowance())
        if samples := self._samples:
            told["throttled_s"] = samples[-1].throttled_s - samples[0].throttled_s
            told["starved_s"] = cgroup.starved_s(samples)
            told["watched_s"] = samples[-1].at_s - samples[0].at_s
        end = {
            "finished": {**engine.finished, **told} if engine.finished else None,
            "lost": lost,
            "rows": engine.spool.head[PICKED],
            "checksum": checksum(engine.spool),
        }
        _send(Kind.END, json.dumps(end).encode())


def _send(kind: Kind, content: bytes = b"") -> None:
    _write(frame(kind, content))


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(_STDOUT, left) :]


def main() -> None:
    """Work until the engine has ended or the session is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="gonogo-worker-") as folder:
        try:
            Worker(Path(folder)).run()
        except BrokenPipeError:
            sys.exit(1)


if __name__ == "__main__":
    main()
