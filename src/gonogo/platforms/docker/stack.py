"""A running stack in Docker as its owner sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gonogo.errors import EnvironmentFault, StackError
from gonogo.manifests.topology import Service
from gonogo.platforms.docker.daemon import connect
from gonogo.platforms.docker.place import Sandbox
from gonogo.platforms.docker.spec import LOST, REMOVED
from gonogo.platforms.docker.sweep import remove_stack
from gonogo.platforms.interface import Endpoint, ReplicaSample
from gonogo.platforms.process.stack import ProcessStack

__all__ = ["DockerStack"]


class DockerStack(ProcessStack):
    """A topology that runs in Docker; its keeper is asked as the supervisor of a stack of processes is.

    Args:
        stack: its id.
        sandboxes: its Pods by name.
    """

    def __init__(self, *about: Any, stack: str, sandboxes: Mapping[str, Sandbox]) -> None:  # noqa: ANN401 - as above
        super().__init__(*about)
        self.stack = stack
        self._sandboxes = sandboxes
        self._removed = False
        self._left: tuple[str, ...] = ()

    @property
    def keeper(self) -> int:
        """Process id of the keeper."""
        return self._link.pid

    def reach(self, replica: str, port: int) -> Endpoint:
        """Return where ``port`` of ``replica`` is published."""
        return Endpoint("127.0.0.1", self._sandboxes[replica].ports[port], replica)

    def sample(self) -> Mapping[str, ReplicaSample]:
        """Usage of every replica by name, read now.

        Raises:
            EnvironmentFault: the Docker daemon has gone away since the start, or somebody has removed a part of the
                stack: what was measured says nothing about the service.
        """
        found = super().sample()
        self._require_place()
        return found

    def endpoints(self, service: Service, port: int | str | None = None) -> tuple[Endpoint, ...]:
        """Addresses of the ready replicas behind ``port`` of ``service``.

        Raises:
            StackError: nothing stands behind the Service, or no replica is ready.
            EnvironmentFault: the Docker daemon has gone away, or somebody has removed a part of the stack.
            UsageError: the Service has no such port.
        """
        try:
            return super().endpoints(service, port)
        except StackError:
            self._require_place()
            raise

    def problems(self) -> tuple[str, ...]:
        """What went wrong since the start without being asked for, and what could not be removed at the stop."""
        return (*super().problems(), *self._left)

    def stop(self) -> None:
        """Stop and remove everything; logs stay. Safe to call twice."""
        try:
            super().stop()
        finally:
            if not self._removed:
                # The keeper has removed it all, unless it was killed.
                self._removed = True
                self._clear()

    def _require_place(self) -> None:
        for problem in self.problems():
            if LOST in problem:
                raise EnvironmentFault(problem, mend="start the Docker daemon again, and see its log for why it ended")
            if REMOVED in problem:
                raise EnvironmentFault(problem, mend="run it again, and leave what is labelled dev.gonogo.stack alone")

    def _clear(self) -> None:
        try:
            client = connect()
        except EnvironmentFault as error:
            self._left = (f"not removed: {error.what}; the next session on Docker removes the stack {self.stack}",)
            return
        try:
            self._left = tuple(f"not removed: {text}" for text in remove_stack(client, self.stack))
        finally:
            client.close()
