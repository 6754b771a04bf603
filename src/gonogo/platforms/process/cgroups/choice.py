"""Which control groups can hold the limits: read from the kernel's own tables, decided without touching anything.

Sources: cgroups(7), Documentation/admin-guide/cgroup-v2.rst ("No Internal Process Constraint") and
Documentation/admin-guide/cgroup-v1/ of the Linux kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["CONTROLLERS", "Choice", "Hierarchies", "Seat", "choose", "read_hierarchies"]

Controller = Literal["cpu", "cpuacct", "memory"]
CONTROLLERS: tuple[Controller, ...] = ("cpu", "cpuacct", "memory")


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """The control groups that this process is in.

    Attributes:
        v1: own folder by controller.
        v2: own folder in the unified hierarchy; empty without one.
        v2_root: where that hierarchy is mounted.
    """

    v1: Mapping[str, str] = field(default_factory=dict)
    v2: str = ""
    v2_root: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """A folder to make groups in.

    Attributes:
        enable: controllers that must first be switched on for its children (version 2 only).
    """

    version: Literal[1, 2]
    folder: str
    enable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A seat for each controller that has one, and for the others the reason."""

    seats: Mapping[Controller, Seat] = field(default_factory=dict)
    reasons: Mapping[Controller, str] = field(default_factory=dict)

    @property
    def folders(self) -> tuple[str, ...]:
        """Every folder that groups will be made in, once."""
        return tuple(dict.fromkeys(seat.folder for seat in self.seats.values()))


def read_hierarchies(mountinfo: str, cgroup: str) -> Hierarchies:
    """Return where this process stands, from the texts of /proc/self/mountinfo and /proc/self/cgroup."""
    mounts: dict[str, tuple[str, str]] = {}  # controller, or "" for the unified hierarchy: root and mount point
    for line in mountinfo.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or len(kind) < 3:  # noqa: PLR2004 - proc(5): root is field 4, mount point field 5
            continue
        if kind[0] == "cgroup2":
            mounts[""] = (fields[3], fields[4])
        elif kind[0] == "cgroup":
            for option in kind[2].split(","):
                mounts.setdefault(option, (fields[3], fields[4]))
    v1: dict[str, str] = {}
    v2 = ""
    for line in cgroup.splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if number == "0" and not names:
            v2 = _folder(mounts.get(""), path)
            continue
        for name in names.split(","):
            if name in CONTROLLERS and (folder := _folder(mounts.get(name), path)):
                v1[name] = folder
    return Hierarchies(v1, v2, mounts.get("", ("", ""))[1])


def _folder(mount: tuple[str, str] | None, path: str) -> str:
    """Return the folder of group ``path`` below a mount that shows only the part below its root."""
    if mount is None:
        return ""
    root, point = mount
    if root != "/" and path.startswith(root):
        path = path[len(root) :]
    return point + ("" if path in ("", "/") else path)


def choose(
    hierarchies: Hierarchies, *, writable: Callable[[str], bool], read: Callable[[str], str], platform: str = "linux"
) -> Choice:
    """Decide for each controller where its groups go.

    Version 1 is taken where the controller is mounted that way (a controller is in one version only), below the own
    group, so that an outer limit stays in force.

    Args:
        hierarchies: see :func:`read_hierarchies`.
        writable: whether a folder or file can be written to.
        read: content of a file, empty when it cannot be read.
        platform: ``sys.platform``.
    """
    seats: dict[Controller, Seat] = {}
    reasons: dict[Controller, str] = {}
    unified = _unified(hierarchies, writable, read) if hierarchies.v2 else "no cgroup file system is mounted"
    for controller in CONTROLLERS:
        if platform != "linux":
            reasons[controller] = f"{platform} has no control groups"
        elif folder := hierarchies.v1.get(controller):
            if writable(folder):
                seats[controller] = Seat(1, folder)
            else:
                reasons[controller] = f"{folder} is not writable"
        elif isinstance(unified, str):
            reasons[controller] = unified
        else:
            # Version 2 accounts CPU time with the cpu controller.
            wanted = "cpu" if controller == "cpuacct" else controller
            if wanted in unified.enable:
                seats[controller] = unified
            else:
                reasons[controller] = f"the controller {wanted} is not delegated to {unified.folder}"
    return Choice(seats, reasons)


def _unified(hierarchies: Hierarchies, writable: Callable[[str], bool], read: Callable[[str], str]) -> Seat | str:
    """Return a seat in the unified hierarchy, or why there is none.

    Groups with controllers may not stand beside processes, so the own group serves only when it is the root, and else
    the parent, when it is ours to write and holds no process itself.
    """
    own, root = hierarchies.v2, hierarchies.v2_root
    is_root = own == root and not read(f"{own}/cgroup.type")  # only the real root has no cgroup.type
    candidates = [own] if is_root else []
    if own != root:
        candidates.append(own.rpartition("/")[0])
    why = f"the group {own} holds processes, and no empty group above it is visible"
    for folder in candidates:
        available = set(read(f"{folder}/cgroup.controllers").split())
        if not (writable(folder) and writable(f"{folder}/cgroup.subtree_control")):
            why = f"{folder} is not writable (no delegation)"
        elif folder != root and read(f"{folder}/cgroup.procs").split():
            why = f"{folder} holds processes, so it cannot hand controllers to groups below it"
        elif enable := tuple(name for name in ("cpu", "memory") if name in available):
            return Seat(2, folder, enable)
        else:
            why = f"neither cpu nor memory is delegated to {folder}"
    return why
