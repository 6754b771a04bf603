"""What the replicas used while a run went on: all in all, and over its time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from gonogo.gate.judgment import ReplicaSeries, ReplicaUsage
from gonogo.manifests.topology import Topology
from gonogo.platforms.interface import ReplicaSample, RunningStack

__all__ = ["UsageWatch", "series"]

_EVERY_S: Final = 0.5

Samples = Sequence[tuple[float, Mapping[str, ReplicaSample]]]


class UsageWatch:
    """Samples a stack when made, while it is followed, and again when asked.

    Args:
        stack: the running stack; None where the load goes to something that gonogo did not start.
    """

    def __init__(self, stack: RunningStack | None) -> None:
        self._stack = stack
        self._samples: list[tuple[float, Mapping[str, ReplicaSample]]] = []
        if stack is not None:
            stack.reset_peaks()
            self._before = stack.sample()

    @contextmanager
    def following(self, elapsed_s: Callable[[], float]) -> Iterator[None]:
        """Sample every half second in a thread that ends with the ``with`` block.

        Args:
            elapsed_s: seconds since the run's start, on whose axis the samples are.
        """
        if self._stack is None:
            yield
            return
        over = threading.Event()
        thread = threading.Thread(target=self._follow, args=(self._stack, elapsed_s, over), name="gonogo-usage")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def usage(self) -> tuple[ReplicaUsage, ...]:
        """Usage of every replica since this watch was made; replicas that came later count from their start."""
        if self._stack is None:
            return ()
        limits = {replica.name: replica.limits for replica in self._stack.replicas()}
        used = []
        for name, now in sorted(self._stack.sample().items()):
            before = self._before.get(name)
            throttled_s = now.throttled_s
            if throttled_s is not None and before is not None:
                throttled_s -= before.throttled_s or 0.0
            used.append(
                ReplicaUsage(
                    replica=name,
                    cpu_s=now.cpu_s - (before.cpu_s if before else 0.0),
                    rss_max=now.rss_max,
                    throttled_s=throttled_s,
                    restarts=now.restarts - (before.restarts if before else 0),
                    limits=limits.get(name, ()),
                )
            )
        return tuple(used)

    def over_time(self) -> tuple[ReplicaSeries, ...]:
        """Usage of every replica that was sampled twice or more while the stack was followed."""
        return series(self._samples, self._stack.topology) if self._stack is not None else ()

    def _follow(self, stack: RunningStack, elapsed_s: Callable[[], float], over: threading.Event) -> None:
        while not over.wait(_EVERY_S):
            try:
                sample = stack.sample()
            except Exception:  # noqa: BLE001, S112 - a stack that is just being hurt may have nothing to say; the run goes on
                continue
            self._samples.append((elapsed_s(), sample))


def series(samples: Samples, topology: Topology) -> tuple[ReplicaSeries, ...]:
    """Return what each replica used from one sample to the next.

    Args:
        samples: seconds since the run's start, and the usage of every replica by then, in order.
        topology: where the limits of the replicas are declared.
    """
    names = sorted({name for _, sample in samples for name in sample})
    return tuple(found for name in names if (found := _of_one(name, samples, topology)) is not None)


def _of_one(name: str, samples: Samples, topology: Topology) -> ReplicaSeries | None:
    own = [(t_s, sample[name]) for t_s, sample in samples if name in sample]
    pairs = [(before, now, t_s - at_s) for (at_s, before), (t_s, now) in pairwise(own) if t_s > at_s]
    if not pairs:
        return None
    told = all(one.throttled_s is not None for _, one in own)
    cpu_limit, memory_limit = _limits(name, topology)
    return ReplicaSeries(
        replica=name,
        t_s=tuple(t_s for (at_s, _), (t_s, _) in pairwise(own) if t_s > at_s),
        cpu=tuple(max(0.0, now.cpu_s - before.cpu_s) / lasted_s for before, now, lasted_s in pairs),
        rss=tuple(now.rss for _, now, _ in pairs),
        throttled=tuple(
            min(1.0, max(0.0, (now.throttled_s or 0.0) - (before.throttled_s or 0.0)) / lasted_s)
            for before, now, lasted_s in pairs
        )
        if told
        else (),
        cpu_limit=cpu_limit,
        rss_limit=memory_limit,
    )


def _limits(replica: str, topology: Topology) -> tuple[float | None, int | None]:
    """Return the cores and bytes that the containers of a replica may use together; None where one has no limit."""
    namespace, name, *_ = replica.split("/")
    for workload in topology.workloads:
        if (workload.namespace, workload.name) == (namespace, name):
            cpu = [container.resources.cpu_limit for container in workload.containers]
            memory = [container.resources.memory_limit for container in workload.containers]
            return (
                None if None in cpu else sum(limit for limit in cpu if limit is not None),
                None if None in memory else sum(limit for limit in memory if limit is not None),
            )
    return None, None
