"""Control groups for the client's sidecar, which stands beside a stack and belongs to none of its replicas."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from gonogo.platforms.process.cgroups.cell import StackCells
from gonogo.platforms.process.cgroups.choice import Choice, Controller
from gonogo.platforms.process.cgroups.here import choice_here
from gonogo.sidecar.cage import FREE, Cage
from gonogo.sidecar.order import SidecarOrder
from gonogo.units import format_bytes

__all__ = ["confine", "release"]

_NUMBERS: Final = count(1)


def confine(order: SidecarOrder, choice: Choice | None = None) -> Cage:
    """Make the groups that hold a sidecar to the CPU and memory that ``order`` limits it to.

    Args:
        order: what the manifests order; without a limit nothing is made.
        choice: where groups can be made; None: as this machine allows.
    """
    wanted: dict[Controller, str] = {}
    if order.cpu_limit is not None:
        wanted["cpu"] = f"cpu {order.cpu_limit:g} cores"
    if order.memory_limit is not None:
        wanted["memory"] = f"memory {format_bytes(order.memory_limit)}"
    if not wanted:
        return FREE
    choice = choice_here() if choice is None else choice
    seats = {controller: seat for controller, seat in choice.seats.items() if controller in wanted}
    cells = StackCells(Choice(seats, choice.reasons), f"sidecar-{os.getpid()}-{next(_NUMBERS)}")
    cell = cells.make("proxy", cpu_limit=order.cpu_limit, memory_limit=order.memory_limit)
    groups = list(dict.fromkeys(folder for _, folder in cell.groups.values()))
    return Cage(
        doors=cell.doors,
        folders=tuple(map(str, [*groups, *dict.fromkeys(Path(group).parent for group in groups)])),
        held=tuple(text for controller, text in wanted.items() if controller not in cell.failures),
        unheld=tuple(
            f"{order.where}: the sidecar's limit of {text} is not enforced: {cell.failures[controller]}"
            for controller, text in wanted.items()
            if controller in cell.failures
        ),
    )


def release(cage: Cage) -> None:
    """Remove the groups of a sidecar that did not start; those of one that did are its guardian's to remove."""
    for folder in cage.folders:
        with suppress(OSError):
            Path(folder).rmdir()
