"""What the manifests order for the sidecar of the load generator, by Istio's annotations on its Pod.

https://istio.io/latest/docs/reference/config/annotations/. CPU sets how many workers the proxy has, as Istio does. The
limits hold the proxy where this machine lets them; requests hold nothing, as in a cluster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from gonogo.errors import GrammarError, ManifestError
from gonogo.manifests.quantity import parse_cpu, parse_memory

__all__ = ["SidecarOrder", "read_order"]

_PREFIX: Final = "sidecar.istio.io/"
_CPU: Final = ("proxyCPULimit", "proxyCPU")
_MEMORY: Final = ("proxyMemoryLimit", "proxyMemory")
_CONFIG: Final = "proxy.istio.io/config"
_FALSE: Final = ("false", "n", "no", "off", "0", "disabled")


@dataclass(frozen=True, slots=True)
class SidecarOrder:
    """What the sidecar shall be.

    Attributes:
        wanted: whether there shall be one.
        workers: how many threads serve; None: as many as it has CPUs.
        cpu_limit: cores; None without a limit.
        memory_limit: bytes; None without a limit.
        where: the Pod that orders it, for messages.
    """

    wanted: bool = True
    workers: int | None = None
    cpu_limit: float | None = None
    memory_limit: int | None = None
    where: str = field(default="", compare=False)


def read_order(annotations: Mapping[str, str], *, where: str) -> SidecarOrder:
    """Return what ``annotations`` of the generator's Pod order.

    Args:
        annotations: by name.
        where: the Pod, for messages.

    Raises:
        ManifestError: one of them cannot be read.
    """
    if annotations.get(f"{_PREFIX}inject", "true").lower() in _FALSE:
        return SidecarOrder(wanted=False)
    try:
        cpu = {name: parse_cpu(annotations[_PREFIX + name]) for name in _CPU if _PREFIX + name in annotations}
        memory = {name: parse_memory(annotations[_PREFIX + name]) for name in _MEMORY if _PREFIX + name in annotations}
    except GrammarError as error:
        raise ManifestError(error.what, where=f"{where} annotations", mend=error.mend) from error
    workers = _concurrency(annotations.get(_CONFIG, ""), where)
    if workers is None and cpu:
        workers = math.ceil(next(iter(cpu.values()))) or 1
    return SidecarOrder(workers=workers, cpu_limit=cpu.get(_CPU[0]), memory_limit=memory.get(_MEMORY[0]), where=where)


def _concurrency(text: str, where: str) -> int | None:
    place = f"{where} annotation {_CONFIG}"
    try:
        config = yaml.safe_load(text) if text else None
    except yaml.YAMLError as error:
        raise ManifestError("it is no YAML", where=place, mend="write it as in `concurrency: 2`") from error
    given = config.get("concurrency") if isinstance(config, Mapping) else None
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise ManifestError(f"concurrency {given!r} is no number of workers", where=place, mend="write 1 or more")
    return given or None
