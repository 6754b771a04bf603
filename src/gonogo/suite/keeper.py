"""Keeps the stack of a session: one at a time, shared by the tests of the same manifests, replaced when hurt."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from gonogo.errors import StackError
from gonogo.platforms.interface import RunningStack
from gonogo.suite.stack import Stack

__all__ = ["StackKeeper"]


class StackKeeper:
    """At most one running stack, since a second would take CPU from the one under load."""

    def __init__(self) -> None:
        self._running: RunningStack | None = None
        self._key: object = None
        self._spent = ""

    def get(self, key: object, start: Callable[[], RunningStack]) -> Stack:
        """Return the stack of ``key``: the one that runs, when it is the same, unhurt and ready; else a new one.

        Raises:
            StackError: it does not start.
        """
        if self._running is None or self._key != key or self._spent or not self._sound():
            self.stop()
            self._running = start()
            self._key = key
        return Stack(self._running, self._hurt)

    def stop(self) -> None:
        """Stop the stack that runs, if one does."""
        running, self._running, self._key, self._spent = self._running, None, None, ""
        if running is not None:
            running.stop()

    def problems(self) -> tuple[str, ...]:
        """What went wrong in the running stack without being asked for."""
        return self._running.problems() if self._running is not None else ()

    def _hurt(self, how: str) -> None:
        self._spent = self._spent or how

    def _sound(self) -> bool:
        """Whether every replica is ready and nothing has ended unasked since the start."""
        with suppress(StackError):
            return (
                self._running is not None
                and not self._running.problems()
                and all(replica.ready for replica in self._running.replicas())
            )
        return False
