"""The keeper's side of the forwarders: one relay to each, all told the same."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection, Sequence

from gonogo.platforms.docker.spec import Booth
from gonogo.platforms.process.environment import MARKER
from gonogo.platforms.process.supervisor.forwarding import Forwarding
from gonogo.platforms.process.supervisor.reaper import Reaper

__all__ = ["BoothForwards"]


class BoothForwards:
    """All forwarders of a stack.

    Args:
        stack: its id.
        booths: the containers; what runs in them is started and fed by a relay process each.
        relay: command line of a relay.
        reaper: waits for the relays.
        problem: told when one ends by itself.
    """

    def __init__(
        self,
        stack: str,
        booths: Sequence[Booth],
        relay: tuple[str, ...],
        reaper: Reaper,
        problem: Callable[[str], None],
    ) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "DOCKER_HOST", "HOME") if name in os.environ}
        self.forwardings = tuple(
            Forwarding(
                booth.forwards,
                relay,
                {**kept, MARKER: f"{stack}/forwarder", "GONOGO_BOOTH": booth.container},
                reaper,
                problem,
            )
            for booth in booths
        )

    @property
    def error(self) -> str:
        """Why one of them cannot forward; empty when all can."""
        return "; ".join(each.error for each in self.forwardings if each.error)

    def tell(self, ready: Collection[str]) -> None:
        """Pass on which replicas are ready."""
        for each in self.forwardings:
            each.tell(ready)

    async def applied(self) -> None:
        """Wait until all act on what they were told last, or cannot."""
        await asyncio.gather(*(each.applied() for each in self.forwardings))

    async def live(self) -> None:
        """Keep them running."""
        await asyncio.gather(*(each.live() for each in self.forwardings))
