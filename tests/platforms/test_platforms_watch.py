"""What a watched container is told, without a process: a hand-written stand-in takes the place of the container."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gonogo.manifests.topology import Exec, Probe
from gonogo.platforms.process.cgroups.cell import Cell
from gonogo.platforms.process.spec import ContainerSpec
from gonogo.platforms.process.supervisor.container import Container, Machine
from gonogo.platforms.process.supervisor.journal import Journal
from gonogo.platforms.process.supervisor.probe import Answer
from gonogo.platforms.process.supervisor.reaper import Reaper
from gonogo.platforms.process.supervisor.table import ProcessTable
from gonogo.platforms.process.supervisor.watch import watch
from tests.contracts.waiting import comes_true

EVERYWHERE = "listens on port 8000 of every address of this machine and not on its own, 127.9.1.1"


class StandIn:
    """A container whose commands answer from a list; the last answer stays."""

    address = "127.0.0.1"

    def __init__(self, answers: str = "+", **probes: Probe) -> None:
        self.spec = ContainerSpec("main", ("run",), (), "/", **probes)  # type: ignore[arg-type] # probes by name
        self.waiting = ""
        self.history: list[bool] = []
        self.given_up = ""
        self._answers = [answer == "+" for answer in answers]

    def become(self, *, ready: bool) -> None:
        """Remember it."""
        self.history.append(ready)

    def may_listen_everywhere(self, port: int) -> bool:
        """Never asked: it declares no port."""
        raise AssertionError(port)

    async def give_up(self, why: str) -> None:
        """Remember it."""
        self.given_up = why

    async def run_command(self, argv: tuple[str, ...], timeout_s: float) -> Answer:
        """Answer from the list."""
        del argv, timeout_s
        good = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Answer(good, "exit status")


@asynccontextmanager
async def watched(container: StandIn) -> AsyncIterator[None]:
    """Watch for as long as the block."""
    task = asyncio.create_task(watch(container))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def probe(**thresholds: float) -> Probe:
    """Return a command probe."""
    return Probe(Exec(("true",)), **{"period_s": 0.01, **thresholds})  # type: ignore[arg-type] # thresholds by name


async def test_readiness_follows_the_thresholds() -> None:
    """Not ready, ready at the first good answer, unready after two bad ones, ready again."""
    container = StandIn("--+-+--+", readiness=probe(failure_threshold=2))
    async with watched(container):
        await comes_true(lambda: len(container.history) >= 8)
    assert container.history[:8] == [False, False, True, True, True, True, False, True]


async def test_a_long_period_does_not_delay_the_start() -> None:
    """A container that becomes well is ready long before its period has passed."""
    container = StandIn("---+", readiness=probe(period_s=3600))
    async with watched(container):
        await comes_true(lambda: True in container.history)


async def test_what_is_waited_for_is_told_until_it_holds() -> None:
    """The last bad answer stands in the message should time run out."""
    container = StandIn("-", readiness=probe())
    async with watched(container):
        await comes_true(lambda: container.waiting == "readiness probe (command true): exit status")


@pytest.mark.parametrize("kind", ["liveness", "startup"])
async def test_a_container_is_given_up_after_its_threshold(kind: str) -> None:
    """The reason names probe, count and answer."""
    container = StandIn("-", **{kind: probe(failure_threshold=3)})
    async with watched(container):
        await comes_true(lambda: container.given_up)
    assert container.given_up == f"was stopped because its {kind} probe failed 3 times (command true: exit status)"


async def test_readiness_waits_for_startup() -> None:
    """While the startup probe has not passed, the readiness probe is not asked."""
    container = StandIn("-", startup=probe(failure_threshold=2), readiness=probe())
    async with watched(container):
        await comes_true(lambda: container.given_up)
    assert container.history == []


@pytest.fixture
def real(tmp_path: Path) -> Callable[[frozenset[int]], tuple[Container, list[str]]]:
    """Make a container that was never started, and the list of what it notes."""

    def make(crowded: frozenset[int]) -> tuple[Container, list[str]]:
        notes: list[str] = []
        machine = Machine(Reaper(lambda *_: None), ProcessTable(), crowded, lambda: None, notes.append)
        journal = Journal(str(tmp_path / "log"))
        spec = ContainerSpec("main", ("run",), (), "/", ports=(8000,), origin="image web:1, entry 'web:*'")
        made = Container(
            spec, "127.9.1.1", journal=journal, cell=Cell({}, {}), machine=machine, grace_s=1.0, init=False
        )
        journal.close()
        return made, notes

    return make


def test_listening_everywhere_alone_is_noted(real: Callable[[frozenset[int]], tuple[Container, list[str]]]) -> None:
    """A service that ignores its address works while nobody else needs the port."""
    container, notes = real(frozenset())
    assert container.may_listen_everywhere(8000)
    assert notes == [f"container main {EVERYWHERE}"]


def test_listening_everywhere_among_others_is_a_flaw(
    real: Callable[[frozenset[int]], tuple[Container, list[str]]],
) -> None:
    """It would answer for its neighbours: the start fails, and the message says what to write."""
    container, _ = real(frozenset({8000}))
    assert not container.may_listen_everywhere(8000)
    assert container.flaw == (
        f"{EVERYWHERE}, which other replicas need too (image web:1, entry 'web:*'): give it {{host}}"
    )
