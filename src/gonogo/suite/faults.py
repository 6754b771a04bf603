"""What a suite does to a stack on purpose, written down as it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.errors import UsageError
from gonogo.platforms.interface import Pausable, RunningStack

__all__ = ["Fault", "Injected"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was done to a stack on purpose.

    Attributes:
        what: ``killed shop/web/0``.
        wall: when, UTC, ISO 8601.
    """

    what: str
    wall: str

    def __str__(self) -> str:
        return self.what


class Injected:
    """The faults of one test in one stack.

    Args:
        running: the stack.
        on_fault: called before each, since a hurt stack serves no other test.
        on_kill: called after a kill, for those who must know at once who is left.
    """

    def __init__(
        self,
        running: RunningStack,
        on_fault: Callable[[str], None],
        on_kill: Callable[[], None] | None = None,
    ) -> None:
        self._running = running
        self._on_fault = on_fault
        self._on_kill = on_kill
        self._done: list[Fault] = []

    @property
    def done(self) -> tuple[Fault, ...]:
        """All so far, in order."""
        return tuple(self._done)

    def kill(self, replica: str) -> None:
        """Kill every process of ``replica``."""
        self._note(f"killed {replica}")
        self._running.kill(replica)
        if self._on_kill is not None:
            self._on_kill()

    def pause(self, replica: str) -> None:
        """Hold ``replica`` where it stands.

        Raises:
            UsageError: the platform cannot.
        """
        held = self._pausable(replica)
        self._note(f"paused {replica}")
        held.pause(replica)

    def resume(self, replica: str) -> None:
        """Let ``replica`` go on.

        Raises:
            UsageError: the platform cannot.
        """
        held = self._pausable(replica)
        self._note(f"resumed {replica}")
        held.resume(replica)

    def _pausable(self, replica: str) -> Pausable:
        if isinstance(self._running, Pausable):
            return self._running
        raise UsageError(
            "replicas cannot be paused on this platform: nothing holds their processes where they stand",
            where=replica,
            mend="use --gonogo-platform process or docker for this test, or kill the replica",
        )

    def _note(self, how: str) -> None:
        self._on_fault(how)
        self._done.append(Fault(how, datetime.now(UTC).isoformat()))
