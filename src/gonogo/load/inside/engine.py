"""An engine inside of the stack, as the session sees it: its rows come into a spool here, as if it ran here."""

from __future__ import annotations

import json
import os
import pickle
import threading
import time
from contextlib import suppress
from typing import Any, Final, Protocol

from gonogo.errors import EnvironmentFault
from gonogo.load.inside.assignment import Assignment
from gonogo.load.inside.clock import Reading, best
from gonogo.load.inside.frames import FrameReader, Kind, frame
from gonogo.load.inside.identity import identity
from gonogo.load.inside.mirror import Mirror
from gonogo.load.inside.tap import checksum
from gonogo.load.share import Share
from gonogo.load.spool import PICKED, START_NS, Spool

__all__ = ["COMMAND", "InsideEngine", "Line"]

COMMAND: Final = ("python3", "-P", "-m", "gonogo.load.inside")
"""What is started in a worker."""

_PIECE: Final = 1 << 17
_LOOK_S: Final = 0.25
_SIGN_OF_LIFE_S: Final = 1.0
_SILENCE_S: Final = 30.0
_READINGS: Final = 16


class Line(Protocol):
    """The two streams of a program elsewhere: every byte arrives, in order."""

    @property
    def place(self) -> str:
        """Where the program runs."""
        ...

    def send(self, data: bytes) -> None:
        """Write to its standard input; raises EnvironmentFault where that does not go."""
        ...

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what it wrote within ``timeout_s``; None when it has ended."""
        ...

    def close(self) -> None:
        """End it; safe to call twice, and while another thread receives."""
        ...

    def why(self) -> str:
        """Why it ended, as a clause."""
        ...


class InsideEngine:
    """An engine that drives its share of a plan inside of the stack; see :class:`gonogo.load.driver.Engine`.

    To be prepared step by step (:meth:`greet`, :meth:`assign`, :meth:`await_ready`, :meth:`read_clock`), then started
    by :meth:`go`, after which a thread of its own takes in what comes, until :meth:`close`.

    Args:
        line: to a program that runs :data:`COMMAND`.
        given: what it shall do.
    """

    def __init__(self, line: Line, given: Assignment) -> None:
        self.share: Share = given.share
        self.finished: dict[str, object] | None = None
        self._given = given
        self._line = line
        self._frames = FrameReader()
        self._waiting: list[tuple[Kind, bytes]] = []
        self._reading: Reading | None = None
        self._lost = ""
        self.spool = Spool.create(given.rows, len(given.plan.further_columns))
        os.close(self.spool.fd)
        self.values_fd = os.memfd_create("gonogo-values")
        self._mirror = Mirror(self.spool, self.values_fd)
        self.output, self._end = os.pipe()
        self._thread: threading.Thread | None = None

    @property
    def place(self) -> str:
        """Where it runs."""
        return self._line.place

    def greet(self, within_s: float) -> None:
        """Wait until the worker says what it is made of.

        Raises:
            EnvironmentFault: of something else than this gonogo, or it does not come.
        """
        theirs, ours = json.loads(self._await(Kind.HELLO, within_s)), identity()
        if theirs != ours:
            raise EnvironmentFault(
                f"the generator's image holds another engine than this gonogo ({theirs} there, {ours} here)",
                where=self.place,
                mend="build it again and give it to the cluster: gonogo images build gonogo/generator",
            )

    def assign(self) -> None:
        """Tell it what to do."""
        told = frame(Kind.ASSIGNMENT, pickle.dumps(self._given))
        for at in range(0, len(told), _PIECE):
            self._line.send(told[at : at + _PIECE])

    def await_ready(self, within_s: float) -> None:
        """Wait until the engine waits for its start.

        Raises:
            EnvironmentFault: it does not come that far.
        """
        self._await(Kind.READY, within_s)

    def read_clock(self, within_s: float) -> Reading:
        """Ask several times for the time there, and return the best answer."""
        readings = []
        for number in range(_READINGS):
            asked_s = time.monotonic()
            self._line.send(frame(Kind.PING, b"%d" % number))
            told_ns = int(self._await(Kind.PONG, within_s).partition(b" ")[0])
            readings.append(Reading(asked_s, told_ns / 1e9, time.monotonic()))
        self._reading = best(readings)
        return self._reading

    def go(self, start_s: float) -> None:
        """Have the run start at the moment ``start_s`` of the clock here, and take in from now on what comes."""
        assert self._reading is not None  # noqa: S101 - the clock was read before
        self.spool.head[START_NS] = round(start_s * 1e9)
        self._line.send(frame(Kind.GO, b"%d" % round((start_s + self._reading.offset_s) * 1e9)))
        self._thread = threading.Thread(target=self._listen, name=f"gonogo-inside-{self.share.number}")
        self._thread.start()

    def tell(self, data: bytes) -> None:
        """Write to the engine's standard input; that it is lost is found out where its end is awaited."""
        with suppress(EnvironmentFault):
            self._line.send(frame(Kind.CONTROL, data))

    def hear(self) -> bool:
        """Read what it says; return False when it has ended."""
        return bool(os.read(self.output, 1))

    def kill(self) -> None:
        """End it at once."""
        self._lost = self._lost or "was ended, since it did not end by itself"
        self._line.close()

    def close(self) -> str:
        """Wait for its end; return how it was lost, or an empty text when it was not."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
            os.close(self.output)
        self._line.close()
        if self.finished is not None:
            return ""
        name = f"load engine {self.share.number + 1} of {self.share.engines}"
        return f"the {name} ({self.place}) {self._lost} before the run was over"

    def give_up(self) -> None:
        """End it, since its load does not come about."""
        self._line.close()
        if self._thread is None:
            os.close(self._end)
        else:
            self._thread.join()
        os.close(self.output)
        os.close(self.values_fd)

    def _await(self, wanted: Kind, within_s: float) -> bytes:
        deadline = time.monotonic() + within_s
        while True:
            while self._waiting:
                kind, content = self._waiting.pop(0)
                if kind is wanted:
                    return content
                if kind is Kind.END:
                    raise EnvironmentFault(
                        f"the load engine did not start: {json.loads(content)['lost']}", where=self.place
                    )
            left = deadline - time.monotonic()
            data = self._line.receive(max(0.0, min(left, _LOOK_S)))
            if data is None:
                raise EnvironmentFault(
                    f"the load worker did not start: {self._line.why()}",
                    where=self.place,
                    mend="see that its image is gonogo's own: gonogo images build gonogo/generator",
                )
            if left <= 0:
                raise EnvironmentFault(
                    f"the load worker did not answer within {within_s:.0f} s",
                    where=self.place,
                    mend="see that its node is not overloaded, and that the API server answers",
                )
            self._waiting += self._frames.feed(data)

    def _listen(self) -> None:
        try:
            self._lost = self._take_in() or self._lost
        except EnvironmentFault as fault:
            self._lost = f"was lost: {fault}"
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must end and say so
            self._lost = f"could not be understood: {type(error).__name__}: {error}"
        finally:
            os.close(self._end)

    def _take_in(self) -> str:
        """Take in what comes until the end; return how the engine was lost, or an empty text."""
        heard_at, told_at = time.monotonic(), 0.0
        while True:
            for kind, content in self._waiting:
                if kind is Kind.END:
                    return self._conclude(json.loads(content))
                self._take(kind, content)
            self._waiting.clear()
            now = time.monotonic()
            if now - told_at >= _SIGN_OF_LIFE_S:
                told_at = now
                with suppress(EnvironmentFault):  # what it sent before it was lost is still to be read
                    self._line.send(frame(Kind.PING))
            data = self._line.receive(_LOOK_S)
            if data is None:
                return f"was lost: {self._line.why()}"
            if data:
                heard_at = time.monotonic()
                self._waiting += self._frames.feed(data)
            elif time.monotonic() - heard_at > _SILENCE_S:
                return f"was lost: nothing came from it for {_SILENCE_S:.0f} s"

    def _take(self, kind: Kind, content: bytes) -> None:
        if kind is Kind.ROWS:
            self._mirror.take_rows(content)
        elif kind is Kind.VALUES:
            self._mirror.take_values(content)
        elif kind is Kind.COUNTS:
            self._mirror.take_counts(content)

    def _conclude(self, end: dict[str, Any]) -> str:
        rows = self.spool.head[PICKED]
        if (end["rows"], end["checksum"]) != (rows, checksum(self.spool)):
            return f"was not heard in full: {rows} of {end['rows']} rows came, or not as they were sent"
        self.finished = end["finished"]
        return f"died: {end['lost']}" if end["lost"] else ""
