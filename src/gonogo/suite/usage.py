"""What the replicas used while a run went on: the difference of two samples."""

from __future__ import annotations

from gonogo.gate.judgment import ReplicaUsage
from gonogo.platforms.interface import RunningStack

__all__ = ["UsageWatch"]


class UsageWatch:
    """Samples a stack when made and again when asked.

    Args:
        stack: the running stack; None where the load goes to something that gonogo did not start.
    """

    def __init__(self, stack: RunningStack | None) -> None:
        self._stack = stack
        if stack is not None:
            stack.reset_peaks()
            self._before = stack.sample()

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
