"""Faults that a suite injects: which platforms can, and what the judgment says of them."""

from __future__ import annotations

from typing import cast

import pytest

from gonogo.errors import UsageError
from gonogo.manifests.topology import Topology
from gonogo.platforms.interface import Replica, RunningStack
from gonogo.suite.stack import Stack
from gonogo.suite.witness import Witness
from tests.contracts.topologies import deployment, topology

REPLICA = "shop/web/0"


class Killable:
    """A stack that can be killed, and no more: what a cluster offers."""

    def __init__(self) -> None:
        self.topology: Topology = topology(deployment("web"))
        self.done: list[str] = []

    def replicas(self, service: str = "") -> tuple[Replica, ...]:
        """Return the only one."""
        del service
        return (cast("Replica", Named(REPLICA)),)

    def kill(self, replica: str) -> None:
        """Remember it."""
        self.done.append(f"kill {replica}")


class Holdable(Killable):
    """A stack whose replicas can be paused."""

    def pause(self, replica: str) -> None:
        """Remember it."""
        self.done.append(f"pause {replica}")

    def resume(self, replica: str) -> None:
        """Remember it."""
        self.done.append(f"resume {replica}")


class Named:
    """A replica's name."""

    def __init__(self, name: str) -> None:
        self.name = name


def _stack(running: Killable, hurt: list[str]) -> Stack:
    return Stack(cast("RunningStack", running), hurt.append)


def test_a_replica_of_a_service_is_paused_and_resumed() -> None:
    """The platform is told its full name."""
    running = Holdable()
    stack = _stack(running, [])
    stack["web"].pause(0)
    stack["web"].resume(0)
    assert running.done == [f"pause {REPLICA}", f"resume {REPLICA}"]


def test_a_paused_stack_counts_as_hurt() -> None:
    """It serves no other test."""
    hurt: list[str] = []
    _stack(Holdable(), hurt).pause(REPLICA)
    assert hurt == [f"paused {REPLICA}"]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_platform_that_cannot_pause_says_so(verb: str) -> None:
    """By naming those that can; nothing is hurt."""
    hurt: list[str] = []
    with pytest.raises(UsageError, match=r"cannot be paused.*process or docker"):
        getattr(_stack(Killable(), hurt), verb)(REPLICA)
    assert hurt == []


def test_a_replica_that_is_not_there_is_refused() -> None:
    """By how many there are."""
    with pytest.raises(UsageError, match="replica 1 of 1"):
        _stack(Holdable(), [])["web"].pause(1)


def test_faults_are_notes_of_the_run() -> None:
    """In the order in which they came."""
    stack = _stack(Holdable(), [])
    witness = Witness(stack, ())
    stack.pause(REPLICA)
    stack.kill(REPLICA)
    assert [note.partition(": ")[2] for note in witness.notes] == [f"paused {REPLICA}", f"killed {REPLICA}"]
