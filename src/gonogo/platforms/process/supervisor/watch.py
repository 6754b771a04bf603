"""Watching one life of a container: startup, readiness and liveness, as its probes say."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

from gonogo.manifests.topology import Probe
from gonogo.platforms.process.spec import ContainerSpec
from gonogo.platforms.process.supervisor.health import Tally, eager_delay_s
from gonogo.platforms.process.supervisor.probe import Answer, ask, connects, describe, listens_everywhere

__all__ = ["Watched", "watch"]

_SETTLED_S = 0.3  # a container without port and probe is ready when it has stayed up so long
_CONNECT_S = 1.0


class Watched(Protocol):
    """A container that is watched."""

    spec: ContainerSpec
    address: str
    waiting: str

    def become(self, *, ready: bool) -> None:
        """Take a change of readiness."""
        ...

    def may_listen_everywhere(self, port: int) -> bool:
        """Whether it may answer at every address of the machine; it is told when not, or noted."""
        ...

    async def give_up(self, why: str) -> None:
        """End it, because a probe says that it is ill."""
        ...

    async def run_command(self, argv: tuple[str, ...], timeout_s: float) -> Answer:
        """Run a probe's command in it."""
        ...


async def watch(container: Watched) -> None:
    """Probe ``container`` until cancelled, or until it is given up."""
    spec = container.spec
    if spec.startup is not None and not await _starts_up(container, spec.startup):
        return
    async with asyncio.TaskGroup() as group:
        if spec.liveness is not None:
            group.create_task(_stays_alive(container, spec.liveness))
        if spec.readiness is not None:
            group.create_task(_gets_ready(container, spec.readiness))
        elif spec.ports:
            group.create_task(_ports_answer(container))
        else:
            await asyncio.sleep(_SETTLED_S)
            container.become(ready=True)


async def _starts_up(container: Watched, probe: Probe) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + probe.initial_delay_s + probe.period_s * probe.failure_threshold
    attempt = 0
    while not (answer := await _ask(container, "startup", probe)).good:
        if loop.time() > deadline:
            await _give_up(container, "startup", probe, answer)
            return False
        await asyncio.sleep(eager_delay_s(attempt, probe.period_s))
        attempt += 1
    return True


async def _stays_alive(container: Watched, probe: Probe) -> None:
    await asyncio.sleep(probe.initial_delay_s)
    tally = Tally(1, probe.failure_threshold, holds=True)
    while True:
        answer = await _ask(container, "liveness", probe)
        tally.add(good=answer.good)
        if tally.exhausted:
            await _give_up(container, "liveness", probe, answer)
            return
        await asyncio.sleep(probe.period_s)


async def _gets_ready(container: Watched, probe: Probe) -> None:
    tally = Tally(probe.success_threshold, probe.failure_threshold)
    attempt, was_ready = 0, False
    while True:
        answer = await _ask(container, "readiness", probe)
        if tally.add(good=answer.good) and not was_ready:
            if not _answers_itself(container):
                return
            was_ready = True
        container.become(ready=tally.holds)
        await asyncio.sleep(probe.period_s if was_ready else eager_delay_s(attempt, probe.period_s))
        attempt += 1


async def _ports_answer(container: Watched) -> None:
    for port in container.spec.ports:
        attempt = 0
        while not (answer := await connects(container.address, port, _CONNECT_S)).good:
            container.waiting = f"{container.address}:{port}: {answer.text}"
            await asyncio.sleep(eager_delay_s(attempt, _CONNECT_S))
            attempt += 1
    if _answers_itself(container):
        container.waiting = ""
        container.become(ready=True)


def _answers_itself(container: Watched) -> bool:
    """Check that it listens at its own address: what listens everywhere would answer for its neighbours."""
    tables = tuple(Path(name).read_text() for name in ("/proc/net/tcp", "/proc/net/tcp6") if Path(name).exists())
    return all(
        container.may_listen_everywhere(port)
        for port in container.spec.ports
        if listens_everywhere(port, container.address, tables)
    )


async def _ask(container: Watched, kind: str, probe: Probe) -> Answer:
    answer = await ask(probe, container.address, container.run_command)
    if kind != "liveness":
        said = f"{kind} probe ({describe(probe, container.address)}): {answer.text}"
        container.waiting = "" if answer.good else said
    return answer


async def _give_up(container: Watched, kind: str, probe: Probe, answer: Answer) -> None:
    await container.give_up(
        f"was stopped because its {kind} probe failed {probe.failure_threshold} times"
        f" ({describe(probe, container.address)}: {answer.text})"
    )
