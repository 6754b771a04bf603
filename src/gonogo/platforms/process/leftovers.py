"""Clearing up after stacks: at a normal end, and after one whose supervisor was killed with SIGKILL.

Every stack has a record: a file in a private folder of the temporary folder, locked by its supervisor for as long as
it lives. Whoever can take the lock knows that the supervisor is dead and removes what the record names.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from gonogo.platforms.process.cgroups.cell import remove_tree
from gonogo.platforms.process.environment import MARKER

__all__ = ["Record", "clear", "open_record", "private_folder", "read_record", "reap"]

_DEATH_S = 5.0


@dataclass(frozen=True, slots=True)
class Record:
    """What a stack leaves outside its workdir.

    Attributes:
        groups: its control groups.
        folders: volumes, with files from Secrets among them.
    """

    stack: str
    groups: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def private_folder(temporary: Path) -> Path:
    """Return the folder for records, made when missing.

    Raises:
        OSError: it belongs to somebody else, or others may write to it: what it says must not be believed then.
    """
    folder = temporary / f"gonogo-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & 0o022:
        raise PermissionError(1, "belongs to somebody else or may be written by others", str(folder))
    return folder


def open_record(folder: Path, record: Record) -> tuple[int, Path]:
    """Write ``record`` and lock it; the lock is released when the last holder of the returned descriptor ends."""
    path = folder / f"{record.stack}.json"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, json.dumps(asdict(record)).encode())
    return descriptor, path


def read_record(path: Path) -> Record | None:
    """Return the record in ``path``; None when it is gone or was never completely written."""
    try:
        said = json.loads(path.read_text())
        return Record(str(said["stack"]), tuple(said["groups"]), tuple(said["folders"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def reap(folder: Path) -> tuple[str, ...]:
    """Clear up after every dead supervisor whose record is in ``folder``; the stacks that were cleared."""
    cleared = []
    for path in folder.glob("*.json"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.stat().st_size and (record := read_record(path)):
                    clear(record)
                    cleared.append(record.stack)
                    path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)
    return tuple(cleared)


def clear(record: Record, *, bury: Callable[[], None] = lambda: None) -> None:
    """Kill every process of a stack, wherever it hid, and remove its groups and volumes.

    Args:
        record: what the stack left.
        bury: waits for own children that are dead, so that they do not stay as zombies.
    """
    groups = [Path(group) for group in record.groups]
    deadline = time.monotonic() + _DEATH_S
    while pids := {*_inside(groups), *_marked(record.stack)}:
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        bury()
        if time.monotonic() > deadline:
            break
        time.sleep(0.005)
    bury()
    for group in groups:
        remove_tree(group)
    for folder in record.folders:
        shutil.rmtree(folder, ignore_errors=True)


def _inside(groups: Sequence[Path]) -> Iterable[int]:
    # os.walk() takes it calmly when a group vanishes meanwhile.
    for group in groups:
        for folder, _, _ in os.walk(group):
            with suppress(OSError):
                yield from (int(pid) for pid in Path(folder, "cgroup.procs").read_text().split())


def _marked(stack: str) -> Iterable[int]:
    """Processes that inherited the stack's marker: they are found wherever they went, setsid or not."""
    marker = f"{MARKER}={stack}/".encode()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                environment = Path(entry.path, "environ").read_bytes()
                if environment.startswith(marker) or b"\0" + marker in environment:
                    yield int(entry.name)
