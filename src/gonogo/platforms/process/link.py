"""The owner's end: starts the supervisor, asks it, and clears up should it have died."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gonogo.errors import StackError
from gonogo.platforms.process import lean
from gonogo.platforms.process.leftovers import clear, read_record
from gonogo.platforms.process.spec import Ask, ReplicaSpec, Reply, StackSpec, StackStatus, Started, Verb
from gonogo.platforms.process.wire import Closed, encode, receive

__all__ = ["Link", "new_id"]

_ANSWER_S = 30.0
_START_SLACK_S = 15.0
_END_S = 10.0


class Link:
    """One supervisor process. Any thread may ask; requests are answered one after the other.

    Args:
        spec: what it shall run.
        log: file for what the supervisor itself has to say.
        held: descriptors that it keeps open as long as it lives.
        program: module whose ``main`` supervises.
        site: whether it needs installed packages.
    """

    def __init__(
        self,
        spec: StackSpec,
        *,
        log: Path,
        held: Sequence[int],
        program: str = "gonogo.platforms.process.supervisor.main",
        site: bool = False,
    ) -> None:
        self._spec = spec
        self._log = log
        self._lock = threading.Lock()
        self._number = 0
        self._ended = False
        self._socket, theirs = socket.socketpair()
        with theirs, log.open("ab") as output:
            inherited = (theirs.fileno(), *held)
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module
                lean.command(program, *inherited, site=site),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=inherited,
                start_new_session=True,  # Ctrl-C is for the owner, who then asks it to stop
                close_fds=True,
                cwd="/",
            )
        self._socket.settimeout(_ANSWER_S)
        with suppress(ConnectionError):  # a supervisor that died at once is reported by whoever waits for it
            self._socket.sendall(encode(spec))

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self._process.pid

    @property
    def stack(self) -> str:
        """Id of the stack."""
        return self._spec.id

    def started(self) -> Started:
        """Wait for the outcome of the start.

        Raises:
            StackError: the supervisor died or does not answer.
        """
        with self._lock:
            return self._wait_for_start(self._spec.ready_timeout_s + _START_SLACK_S)

    def ask(
        self, verb: Verb, replica: str = "", *, pod: ReplicaSpec | None = None, timeout_s: float = _ANSWER_S
    ) -> StackStatus:
        """Ask for something and return the state of the stack after it.

        Raises:
            StackError: the supervisor died, does not answer, or could not do it.
        """
        with self._lock:
            # A number of its own: the reply to a request that Ctrl-C interrupted may still be on its way.
            self._number += 1
            request = Ask(self._number, verb, replica, pod)
            deadline = time.monotonic() + timeout_s
            try:
                self._socket.settimeout(timeout_s)
                self._socket.sendall(encode(request))
                while True:
                    reply = receive(self._socket, deadline - time.monotonic())
                    if isinstance(reply, Reply) and reply.number == request.number:
                        break
            except (Closed, OSError) as error:
                raise self._lost(error) from error
        if reply.error:
            raise StackError(f"the supervisor could not {verb} {replica}".rstrip() + f": {reply.error}")
        return reply.status

    def end(self) -> None:
        """Make sure that the supervisor and everything that it started are gone; safe to call twice."""
        with self._lock:
            if self._ended:
                return
            # Closing the connection tells a supervisor that still runs to kill everything at once.
            self._socket.close()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            record = Path(self._spec.record)
            if said := read_record(record):
                clear(said)
                record.unlink(missing_ok=True)
            if self._log.exists() and not self._log.stat().st_size:
                self._log.unlink()
            self._ended = True

    def _wait_for_start(self, timeout_s: float) -> Started:
        deadline = time.monotonic() + timeout_s
        try:
            while True:
                told = receive(self._socket, deadline - time.monotonic())
                if isinstance(told, Started):
                    return told
        except (Closed, OSError) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> StackError:
        if isinstance(error, TimeoutError):
            return StackError(
                f"the supervisor of the stack (pid {self._process.pid}) does not answer", mend=f"see {self._log}"
            )
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        code = self._process.returncode
        how = "was killed" if code is not None and code < 0 else "ended"
        said = self._log.read_text(errors="replace").strip().splitlines()[-1:] if self._log.exists() else []
        why = "".join(f": {line}" for line in said)
        return StackError(
            f"the supervisor of the stack {how} (status {code}), and the stack with it{why}",
            mend=f"see {self._log}" if said else "find out what killed it: it ends only with its owner or when told to",
        )


def new_id() -> str:
    """Return an id for a stack, unique on this machine."""
    return f"{os.getpid():x}-{time.monotonic_ns():x}"
