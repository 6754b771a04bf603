"""Who gets which CPU: the load generator keeps cores of its own, so that it does not measure its own hunger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.errors import SettingsError

__all__ = ["Placement", "place"]


@dataclass(frozen=True, slots=True)
class Placement:
    """CPUs of the generator and of the services; empty tuples leave the choice to the kernel.

    Attributes:
        note: what a reader of the judgment must know about it; empty when each side has its own.
    """

    generator: tuple[int, ...]
    services: tuple[int, ...]
    note: str = ""


def place(
    available: Sequence[int],
    *,
    generator_cpu: float | None = None,
    generator: Sequence[int] = (),
    services: Sequence[int] = (),
) -> Placement:
    """Share the CPUs out.

    Args:
        available: the CPUs that this process may use.
        generator_cpu: cores that the manifests give the generator's Pod; one when they are silent.
        generator: CPUs that the settings give the generator; these win.
        services: CPUs that the settings give the services; these win.

    Raises:
        SettingsError: the settings name a CPU that this process may not use.
    """
    for name, cores in (("generator_cores", generator), ("service_cores", services)):
        absent = sorted(set(cores) - set(available))
        if absent:
            raise SettingsError(
                f"CPU {absent[0]} is not available",
                where=name,
                mend=f"choose from {', '.join(map(str, sorted(available)))}",
            )
    ordered = sorted(available)
    if generator and services:
        shared = sorted(set(generator) & set(services))
        note = f"generator and services share CPU {', '.join(map(str, shared))}" if shared else ""
        return Placement(tuple(generator), tuple(services), note)
    if len(ordered) == 1:
        return Placement((), (), "generator and services share the only CPU")
    wanted = max(1, math.ceil(generator_cpu or 1))
    for_generator = tuple(generator) or tuple(
        [core for core in ordered if core not in services][-min(wanted, max(1, len(ordered) - 1)) :]
    )
    for_services = tuple(services) or tuple(core for core in ordered if core not in for_generator)
    if not for_generator or not for_services:
        return Placement(for_generator, for_services, "generator and services share CPUs")
    return Placement(for_generator, for_services)
