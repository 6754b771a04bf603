"""Asks the services that are not active, off the path of every request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from gonogo_services.composition.backend import Backend
from gonogo_services.composition.caller import Caller
from gonogo_services.composition.collection import Collection

__all__ = ["COLLECTING_CONNECTIONS", "Collector"]

COLLECTING_CONNECTIONS: Final = 4

_MOST_WAITING: Final = 256


@dataclass(frozen=True, slots=True)
class _Errand:
    body: bytes
    flower: tuple[float, float, float, float]
    parameters_version: int


class Collector:
    """A short queue and a few tasks for each service; what does not fit into the queue is counted and dropped.

    Args:
        backends: all services by name.
        caller: how one is asked; with connections of its own, so that it takes none from the requests.
        collection: where predictions are kept.
        clock: a steady clock in seconds.
        now: seconds since the epoch.
    """

    def __init__(
        self,
        backends: Mapping[str, Backend],
        caller: Caller,
        collection: Collection,
        *,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._backends = backends
        self._caller = caller
        self._collection = collection
        self._clock = clock
        self._now = now
        self._queues: dict[str, asyncio.Queue[_Errand]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for name, backend in self._backends.items():
            queue: asyncio.Queue[_Errand] = asyncio.Queue(_MOST_WAITING)
            self._queues[name] = queue
            for _ in range(COLLECTING_CONNECTIONS):
                self._tasks.append(asyncio.create_task(self._work(backend, queue)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def offer(self, name: str, body: bytes, flower: tuple[float, float, float, float], parameters_version: int) -> None:
        """Have service ``name`` asked when there is time; never waits."""
        try:
            self._queues[name].put_nowait(_Errand(body, flower, parameters_version))
        except asyncio.QueueFull:
            self._collection.drop()

    async def _work(self, backend: Backend, queue: asyncio.Queue[_Errand]) -> None:
        while True:
            errand = await queue.get()
            begun_s = self._clock()
            outcome = await self._caller.predict(backend, errand.body, backend.timeout_s)
            self._collection.add(
                at_s=self._now(),
                service=backend.name,
                flower=errand.flower,
                outcome=outcome,
                took_s=self._clock() - begun_s,
                parameters_version=errand.parameters_version,
            )
