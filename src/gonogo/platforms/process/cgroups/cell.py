"""A cell: the control groups of one container, whatever versions they are of."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gonogo.platforms.process.cgroups.choice import Choice, Controller, Seat

__all__ = ["Cell", "CellUsage", "StackCells", "group_name", "remove_tree"]

_PERIOD_US = 100_000
_SMALLEST_QUOTA_US = 1_000  # the kernel takes no less
_REMOVAL_S = 2.0


def group_name(stack: str) -> str:
    """Return the name of a stack's group, in every hierarchy."""
    return f"gonogo-{stack}"


@dataclass(frozen=True, slots=True)
class CellUsage:
    """What the kernel accounts to a container; None where no group accounts it.

    Attributes:
        rss: anonymous and mapped file pages in bytes; a page that forked workers share counts once.
        oom_kills: processes that the kernel killed because of the memory limit.
    """

    cpu_s: float | None = None
    rss: int | None = None
    throttled_s: float | None = None
    oom_kills: int = 0


@dataclass(frozen=True)
class Cell:
    """The groups of one container, made and limited.

    Attributes:
        groups: folder by controller, with its version.
        failures: why a limit could not be set, by controller.
    """

    groups: Mapping[Controller, tuple[int, Path]]
    failures: Mapping[Controller, str]

    @property
    def doors(self) -> tuple[str, ...]:
        """Files into which a process writes 0 to come into the cell."""
        return tuple(dict.fromkeys(str(folder / "cgroup.procs") for _, folder in self.groups.values()))

    def processes(self) -> frozenset[int] | None:
        """Process ids in the cell; None when there is no group that could tell."""
        if not self.groups:
            return None
        _, folder = next(iter(self.groups.values()))
        return frozenset(_pids(folder))

    def usage(self) -> CellUsage:
        """Read what the kernel accounts now."""
        cpu_s = rss = throttled_s = None
        oom_kills = 0
        if "cpuacct" in self.groups:
            version, folder = self.groups["cpuacct"]
            if version == 1:
                cpu_s = _number(_read(folder / "cpuacct.usage")) / 1e9
            else:
                cpu_s = _table(_read(folder / "cpu.stat")).get("usage_usec", 0) / 1e6
        if "cpu" in self.groups:
            version, folder = self.groups["cpu"]
            stat = _table(_read(folder / "cpu.stat"))
            throttled_s = stat.get("throttled_time", 0) / 1e9 if version == 1 else stat.get("throttled_usec", 0) / 1e6
        if "memory" in self.groups:
            version, folder = self.groups["memory"]
            stat = _table(_read(folder / "memory.stat"))
            if version == 1:
                rss = stat.get("total_rss", 0) + stat.get("total_mapped_file", 0)
                oom_kills = _table(_read(folder / "memory.oom_control")).get("oom_kill", 0)
            else:
                rss = stat.get("anon", 0) + stat.get("file_mapped", 0)
                oom_kills = _table(_read(folder / "memory.events")).get("oom_kill", 0)
        return CellUsage(cpu_s, rss, throttled_s, oom_kills)


class StackCells:
    """The groups of a stack: one for the stack in every hierarchy, and in it one a container."""

    def __init__(self, choice: Choice, stack: str) -> None:
        self._name = group_name(stack)
        self._seats: dict[Controller, Seat] = {}
        self._reasons: dict[Controller, str] = dict(choice.reasons)
        for controller, seat in choice.seats.items():
            try:
                _prepare(seat, self._name)
            except OSError as error:
                self._reasons[controller] = f"{error.strerror} at {error.filename}"
            else:
                self._seats[controller] = seat

    @property
    def versions(self) -> Mapping[Controller, int]:
        """Version of the hierarchy that holds each controller."""
        return {controller: seat.version for controller, seat in self._seats.items()}

    def make(self, name: str, *, cpu_limit: float | None, memory_limit: int | None) -> Cell:
        """Make the groups of a container and set its limits; what cannot be set is in the cell's ``failures``."""
        groups: dict[Controller, tuple[int, Path]] = {}
        failures = dict(self._reasons)
        for controller, seat in self._seats.items():
            folder = Path(seat.folder) / self._name / name
            try:
                folder.mkdir(exist_ok=True)
                if controller == "cpu" and cpu_limit is not None:
                    _limit_cpu(folder, seat.version, cpu_limit)
                if controller == "memory" and memory_limit is not None:
                    _limit_memory(folder, seat.version, memory_limit)
            except OSError as error:
                failures[controller] = f"{error.strerror} at {error.filename}"
                if not folder.is_dir():
                    continue
            groups[controller] = (seat.version, folder)
        return Cell(groups, failures)


def remove_tree(group: Path) -> bool:
    """Remove a group and the groups in it, none of which holds a live process any more; whether it is gone.

    A process that has just died may still hold its group for a moment, so this tries again until a deadline.
    """
    deadline = time.monotonic() + _REMOVAL_S
    while group.is_dir():
        for folder, _, _ in os.walk(group, topdown=False):
            if folder != str(group):
                with suppress(OSError):
                    Path(folder).rmdir()
        try:
            group.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
    return True


def _prepare(seat: Seat, name: str) -> None:
    folder = Path(seat.folder)
    if seat.version == 2:  # noqa: PLR2004 - the two versions of cgroups
        _switch_on(folder, seat.enable)
    (folder / name).mkdir(exist_ok=True)
    if seat.version == 2:  # noqa: PLR2004
        _switch_on(folder / name, seat.enable)


def _switch_on(folder: Path, controllers: tuple[str, ...]) -> None:
    control = folder / "cgroup.subtree_control"
    missing = [name for name in controllers if name not in _read(control).split()]
    if missing:
        _write(control, " ".join(f"+{name}" for name in missing))


def _limit_cpu(folder: Path, version: int, cores: float) -> None:
    quota = max(_SMALLEST_QUOTA_US, round(cores * _PERIOD_US))
    if version == 1:
        _write(folder / "cpu.cfs_period_us", str(_PERIOD_US))
        _write(folder / "cpu.cfs_quota_us", str(quota))
    else:
        _write(folder / "cpu.max", f"{quota} {_PERIOD_US}")


def _limit_memory(folder: Path, version: int, size: int) -> None:
    if version == 1:
        _write(folder / "memory.limit_in_bytes", str(size))
        with suppress(OSError):  # swap accounting is a kernel option; without it there is nothing to set
            _write(folder / "memory.memsw.limit_in_bytes", str(size))
        return
    _write(folder / "memory.max", str(size))
    for name, text in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
        with suppress(OSError):
            _write(folder / name, text)


def _pids(folder: Path) -> list[int]:
    return [int(pid) for pid in _read(folder / "cgroup.procs").split()]


def _table(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}  # noqa: PLR2004 - name and number


def _number(text: str) -> int:
    return int(text) if text.strip().isdigit() else 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _write(path: Path, text: str) -> None:
    # Not open("w"): control files are written in one call, and a missing one must not be made.
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)
