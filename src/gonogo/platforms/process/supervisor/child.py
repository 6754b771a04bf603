"""Starting one process: in its cell, in a session of its own, bound to die with the supervisor."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from gonogo.platforms.process.supervisor.kernel import die_with_parent

__all__ = ["SpawnError", "spawn"]

_FEWEST_FILES = 65_536  # containers get many; a login shell's 1024 would be met first by a loaded service
_RESET = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class SpawnError(Exception):
    """The program could not be started; the text says why."""


def spawn(
    argv: Sequence[str],
    env: Mapping[str, str],
    *,
    cwd: str,
    output: int,
    doors: Sequence[str] = (),
    stdin: int | None = None,
) -> int:
    """Start a program and return its process id once it runs.

    Args:
        argv: program (looked up on the environment's PATH) and arguments.
        env: its whole environment.
        cwd: its working folder.
        output: descriptor for standard output and standard error.
        doors: files into which it writes 0 to come into its control groups.
        stdin: descriptor for standard input; /dev/null when None.

    Raises:
        SpawnError: program or folder cannot be used, or a group cannot be entered.
    """
    report, error_end = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become(argv, env, cwd, output, doors, stdin, error_end, parent)
    os.close(error_end)
    with os.fdopen(report, "rb") as pipe:
        message = pipe.read()  # ends when the program starts, which closes its end
    if message:
        os.waitpid(pid, 0)
        raise SpawnError(message.decode(errors="replace"))
    return pid


def _become(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    output: int,
    doors: Sequence[str],
    stdin: int | None,
    error_end: int,
    parent: int,
) -> NoReturn:
    try:
        os.setsid()
        die_with_parent(parent)
        for door in doors:
            descriptor = os.open(door, os.O_WRONLY)
            os.write(descriptor, b"0")
            os.close(descriptor)
        source = os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin
        # Copies above the four descriptors that are about to be replaced. Everything else closes itself at exec.
        copies = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 4) for fd in (source, output, error_end)]
        os.dup2(copies[0], 0)
        os.dup2(copies[1], 1)
        os.dup2(copies[1], 2)
        os.dup2(copies[2], 3, inheritable=False)
        error_end = 3
        _allow_files()
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.umask(0o022)
        os.chdir(cwd)
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606 - no shell is wanted
    except OSError as error:
        what = f"{error.filename}: " if error.filename else f"{argv[0]}: "
        os.write(error_end, f"{what}{error.strerror}".encode())
    finally:
        os._exit(127)


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FEWEST_FILES if hard == resource.RLIM_INFINITY else min(hard, _FEWEST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
