"""A Pod that was launched to run to its end, as the Pods of a Job are."""

from __future__ import annotations

import asyncio
import time

from gonogo.platforms.process.spec import Phase, PodStatus
from gonogo.platforms.process.supervisor.pod import Pod

__all__ = ["Errand"]


class Errand:
    """One such Pod from its launch to its end. Made inside the running event loop; it starts at once.

    Attributes:
        pod: what runs.
    """

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self._started_at = time.time()
        self._ended_at: float | None = None
        self._ending: asyncio.Task[None] | None = None
        self._living = asyncio.create_task(self._live())

    def status(self) -> PodStatus:
        """Return its state now."""
        running = self._ended_at is None
        good = self.pod.settled and all(container.completed for container in self.pod.containers)
        phase: Phase = "running" if running else "succeeded" if good else "failed"
        bad = [container for container in self.pod if container.trouble and not container.completed]
        last = bad[0] if bad else self.pod.containers[-1]
        return PodStatus(
            name=self.pod.spec.name,
            phase=phase,
            exit_status=None if running else 0 if good else last.status,
            how="" if running else last.trouble,
            restarts=self.pod.restarts,
            started_at=self._started_at,
            ended_at=self._ended_at,
        )

    def end(self) -> None:
        """Begin to end it with its grace time."""
        if self._ended_at is None and self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def stopped(self) -> None:
        """End it and return when it has ended."""
        self.end()
        if self._ending is not None:
            await self._ending

    async def _end(self) -> None:
        await self.pod.stop()
        # It may be waiting to start a container again.
        self._living.cancel()
        await asyncio.gather(self._living, return_exceptions=True)

    async def _live(self) -> None:
        try:
            await self.pod.live()
        finally:
            self._ended_at = time.time()
            self.pod.journal.close()
