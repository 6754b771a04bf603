"""Keeps one proxy alive as long as its owner lives, as a program of its own.

The owner holds the other end of standard input: its end, however it comes about, ends the proxy. A byte ``H`` sends the
proxy SIGHUP. The program runs without site-packages and imports nothing of gonogo.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_GRACE_MS = 2000.0
_BURIAL_S = 3.0
_POLL_S = 0.01
_LOST = 127


def main(arguments: Sequence[str]) -> int:
    """Run a proxy until standard input ends, and return its exit status.

    Args:
        arguments: the CPUs that it may use, separated by commas (empty: all); a folder to remove at the end; perhaps
            ``--doors=`` with the files by which it comes into its control groups and ``--groups=`` with the groups,
            separated by colons; its command line.
    """
    cores, folder, *command = arguments
    doors, command = _option("--doors=", command)
    groups, command = _option("--groups=", command)
    # Ctrl-C is for the owner, whose end ends standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if cores:
        os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    libc = ctypes.CDLL(None, use_errno=True)
    # Workers that outlive their master become children of this program, which then waits for their end.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def die_with_guardian() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        for door in filter(None, doors.split(os.pathsep)):
            # A control file is written in one call; 0 stands for the process that writes it.
            descriptor = os.open(door, os.O_WRONLY)
            os.write(descriptor, b"0")
            os.close(descriptor)

    try:
        try:
            proxy = subprocess.Popen(  # noqa: S603 - the owner's command line
                command,
                stdin=subprocess.DEVNULL,
                preexec_fn=die_with_guardian,  # noqa: PLW1509 - this program has one thread
                start_new_session=True,
            )
        except OSError as error:
            sys.stderr.write(f"{command[0]} does not start: {error.strerror}\n")
            return _LOST
        except subprocess.SubprocessError:
            sys.stderr.write(f"{command[0]} does not start: it cannot enter {doors}\n")
            return _LOST
        return _keep(proxy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _remove(groups)


def _keep(proxy: subprocess.Popen[bytes]) -> int:
    ended = os.pidfd_open(proxy.pid)
    watch = select.poll()
    watch.register(0, select.POLLIN | select.POLLHUP)
    watch.register(ended, select.POLLIN)
    try:
        while True:
            ready = {descriptor for descriptor, _ in watch.poll()}
            if ended in ready:
                return proxy.wait()
            if 0 in ready:
                said = os.read(0, 1)
                if not said:
                    return _end(proxy, ended)
                proxy.send_signal(signal.SIGHUP)
    finally:
        # Workers that outlived their master are in its session still, and hold its ports until they are gone.
        _signal_all(proxy.pid, signal.SIGKILL)
        _bury()


def _end(proxy: subprocess.Popen[bytes], ended: int) -> int:
    proxy.terminate()
    watch = select.poll()
    watch.register(ended, select.POLLIN)
    if not watch.poll(_GRACE_MS):
        _signal_all(proxy.pid, signal.SIGKILL)
    return proxy.wait()


def _bury() -> None:
    """Wait for every process that is left, a few seconds at most."""
    deadline = time.monotonic() + _BURIAL_S
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(_POLL_S)


def _option(name: str, command: list[str]) -> tuple[str, list[str]]:
    """Return what follows ``name`` in the first word, if that begins with it, and the words after it."""
    if command[0].startswith(name):
        return command[0][len(name) :], command[1:]
    return "", command


def _remove(groups: str) -> None:
    """Remove control groups; a process that has just died may hold its own for a moment."""
    deadline = time.monotonic() + _BURIAL_S
    for group in filter(None, groups.split(os.pathsep)):
        while os.path.isdir(group):  # noqa: PTH112 - pathlib takes longer to load than this program lives idle
            try:
                os.rmdir(group)  # noqa: PTH106
            except OSError:
                if time.monotonic() > deadline:
                    break
                time.sleep(_POLL_S)


def _signal_all(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
