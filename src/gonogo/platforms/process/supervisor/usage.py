"""What every replica uses: read from its cells, and from the process table where a cell does not tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.platforms.process.cgroups.cell import Cell
from gonogo.platforms.process.cgroups.choice import Controller
from gonogo.platforms.process.spec import ContainerSpec, ReplicaStatus
from gonogo.platforms.process.supervisor.container import Container
from gonogo.platforms.process.supervisor.pod import Pod
from gonogo.platforms.process.supervisor.table import Process, ProcessTable
from gonogo.units import format_bytes

__all__ = ["Usage", "limit_texts"]


@dataclass
class _Seen:
    rss: int = 0
    rss_max: int = 0
    cpu_s: float = 0.0
    throttled_s: float | None = None
    excess: set[str] = field(default_factory=set)


class Usage:
    """Samples of all replicas, with the peaks between them.

    Args:
        pods: the replicas.
        table: the process table.
        problem: takes what was seen that nobody asked for: a memory limit exceeded, an OOM kill.
    """

    def __init__(self, pods: Sequence[Pod], table: ProcessTable, problem: Callable[[str], None]) -> None:
        self._pods = pods
        self._table = table
        self._problem = problem
        self._seen = {pod.spec.name: _Seen() for pod in pods}
        # A scan of all processes costs milliseconds: only where the cells do not tell everything.
        self._scans = any(not {"cpuacct", "memory"} <= set(each.cell.groups) for pod in pods for each in pod)

    def add(self, pod: Pod) -> None:
        """Sample a replica that has joined, too; what one of its name used before is forgotten."""
        self._seen[pod.spec.name] = _Seen()

    def sample(self) -> None:
        """Read everything once."""
        processes = self._table.scan() if self._scans else {}
        for pod in self._pods:
            seen = self._seen[pod.spec.name]
            rss, cpu_s = 0, 0.0
            throttled: list[float] = []
            for container in pod:
                used = container.cell.usage()
                live = processes.get(container.marker, [])
                memory = sum(process.rss for process in live) if used.rss is None else used.rss
                rss += memory
                cpu_s += _cpu(container, live) if used.cpu_s is None else used.cpu_s
                if used.throttled_s is not None:
                    throttled.append(used.throttled_s)
                self._watch_memory(pod, container, memory, seen)
            seen.rss, seen.rss_max = rss, max(seen.rss_max, rss)
            # Between a process's end and its parent's wait its time is in neither place.
            seen.cpu_s = max(seen.cpu_s, cpu_s)
            seen.throttled_s = sum(throttled) if throttled else None

    def reset_peaks(self) -> None:
        """Start the peaks anew from what is used now."""
        for seen in self._seen.values():
            seen.rss_max = 0
        self.sample()

    def status(self, pod: Pod) -> ReplicaStatus:
        """Return a replica's state with its last sample."""
        seen = self._seen[pod.spec.name]
        return ReplicaStatus(
            name=pod.spec.name,
            ready=pod.ready,
            cpu_s=seen.cpu_s,
            rss=seen.rss,
            rss_max=seen.rss_max,
            throttled_s=seen.throttled_s,
            restarts=pod.restarts,
            limits=tuple(text for each in pod for text in _named(pod, each)),
        )

    def _watch_memory(self, pod: Pod, container: Container, rss: int, seen: _Seen) -> None:
        limit, name = container.spec.memory_limit, container.spec.name
        if limit is None:
            return
        if "memory" in container.cell.groups and "memory" not in container.cell.failures:
            # The end of the main process is told with the container's end; this is about the others.
            if container.running and (said := container.out_of_memory()):
                self._problem(f"{pod.spec.name}: a process of container {name} {said}")
        elif rss > limit and name not in seen.excess:
            seen.excess.add(name)
            self._problem(
                f"{pod.spec.name}: container {name} uses {format_bytes(rss)} and its memory limit is"
                f" {format_bytes(limit)}: a cluster would have killed it"
            )


def limit_texts(spec: ContainerSpec, cell: Cell) -> tuple[str, ...]:
    """Return the declared limits of a container and how each is held."""
    texts: list[str] = []
    if spec.cpu_limit is not None:
        texts.append(f"cpu {spec.cpu_limit:g} cores: {_held('cpu', cell)}")
    if spec.memory_limit is not None:
        texts.append(f"memory {format_bytes(spec.memory_limit)}: {_held('memory', cell)}")
    return tuple(texts)


def _held(controller: Controller, cell: Cell) -> str:
    failures: Mapping[Controller, str] = cell.failures
    if controller in failures:
        return f"not enforced ({failures[controller]})"
    return f"enforced (cgroup v{cell.groups[controller][0]})"


def _named(pod: Pod, container: Container) -> tuple[str, ...]:
    texts = limit_texts(container.spec, container.cell)
    # A Pod of one container is the common case, and its name adds nothing there.
    return texts if pod.containers == (container,) else tuple(f"{container.spec.name}: {text}" for text in texts)


def _cpu(container: Container, live: Sequence[Process]) -> float:
    return container.dead_cpu_s + sum(process.cpu_s for process in live)
