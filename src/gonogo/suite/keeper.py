"""Keeps the stack of a session: one at a time, shared by the tests of the same manifests, replaced when hurt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from gonogo.errors import StackError
from gonogo.platforms.interface import RunningStack
from gonogo.suite.autoscaling import ActingAutoscalers, autoscaling_of
from gonogo.suite.stack import Stack
from gonogo.suite.traffic import Traffic

__all__ = ["StackKeeper"]


class StackKeeper:
    """At most one running stack, since a second would take CPU from the one under load.

    Args:
        scaling_period_s: between two decisions of its autoscalers.
        inside: load is sent from within it.
    """

    def __init__(self, *, scaling_period_s: float = 15.0, inside: bool = False) -> None:
        self._inside = inside
        self._scaling_period_s = scaling_period_s
        self._scaling: ActingAutoscalers | None = None
        self._running: RunningStack | None = None
        self._traffic: Traffic | None = None
        self._key: object = None
        self._spent = ""

    def get(
        self,
        key: object,
        start: Callable[[], RunningStack],
        accompany: Callable[[RunningStack], Traffic | None] = lambda _: None,
    ) -> Stack:
        """Return the stack of ``key``: the one that runs, when it is the same, unhurt and ready; else a new one.

        Args:
            key: what it is known by.
            start: starts the stack.
            accompany: starts the client's sidecar beside it, where there shall be one.

        Raises:
            StackError: it does not start.
        """
        if self._running is None or self._key != key or self._spent or not self._sound():
            self.stop()
            self._running = start()
            self._key = key
            try:
                self._traffic = accompany(self._running)
                self._scaling = autoscaling_of(self._running, self._scaling_period_s)
            except BaseException:
                self.stop()
                raise
        elif self._traffic is not None:
            self._traffic.reset()
        return Stack(self._running, self._hurt, self._traffic, self._scaling, inside=self._inside)

    def stop(self) -> None:
        """Stop the stack that runs, if one does."""
        running, self._running, self._key, self._spent = self._running, None, None, ""
        traffic, self._traffic = self._traffic, None
        scaling, self._scaling = self._scaling, None
        try:
            if scaling is not None:
                scaling.stop()
            if traffic is not None:
                traffic.stop()
        finally:
            if running is not None:
                running.stop()

    def problems(self) -> tuple[str, ...]:
        """What went wrong in the running stack without being asked for."""
        beside = self._traffic.problems() if self._traffic is not None else ()
        scaling = self._scaling.problems() if self._scaling is not None else ()
        return (*self._running.problems(), *beside, *scaling) if self._running is not None else ()

    def _hurt(self, how: str) -> None:
        self._spent = self._spent or how

    def _sound(self) -> bool:
        """Whether all replicas of the manifests are ready, no more, and nothing has ended unasked since the start."""
        with suppress(StackError):
            return (
                self._running is not None
                and not self.problems()
                and not (self._scaling is not None and self._scaling.changed)
                and all(replica.ready for replica in self._running.replicas())
            )
        return False
