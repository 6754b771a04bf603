"""The keeper's life: the supervisor's, with containers in Docker instead of processes."""

from __future__ import annotations

from gonogo.platforms.docker.keeper.stack import KeptStack
from gonogo.platforms.docker.spec import DockerStackSpec
from gonogo.platforms.process.spec import StackSpec
from gonogo.platforms.process.supervisor.main import supervise

__all__ = ["main"]


def main(socket_fd: int, *held_fds: int) -> int:
    """Run one stack; see :func:`gonogo.platforms.process.supervisor.main.main`."""
    return supervise(socket_fd, held_fds, _make)


def _make(spec: StackSpec) -> KeptStack:
    if not isinstance(spec, DockerStackSpec):
        raise TypeError(f"the keeper was sent a {type(spec).__name__}")
    return KeptStack(spec)
