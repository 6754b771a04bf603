"""One container in Docker through all its lives. Every life is a container of its own, as in Kubernetes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.types import Mount

from gonogo.platforms.docker.daemon import explain
from gonogo.platforms.docker.keeper.cell import DockerCell
from gonogo.platforms.docker.labels import ROLE
from gonogo.platforms.docker.spec import LOST, REMOVED, DockerContainerSpec
from gonogo.platforms.process.supervisor.child import SpawnError
from gonogo.platforms.process.supervisor.container import Container, Machine
from gonogo.platforms.process.supervisor.journal import Journal
from gonogo.platforms.process.supervisor.probe import Answer
from gonogo.platforms.process.supervisor.reaper import Exit
from gonogo.units import format_bytes

__all__ = ["DockerContainer", "creation"]

_PERIOD_US = 100_000
_SMALLEST_QUOTA_US = 1_000  # the kernel takes no less
_DEATH_S = 10.0
_SIGNALLED = 128
_ENDED = (404, 409)  # removed, or not running
_GOING = ("removing", "dead")  # what gonogo removes has ended before


@dataclass(frozen=True, slots=True)
class DockerExit(Exit):
    """How a container ended.

    Attributes:
        out_of_memory: the kernel killed a process of it because of its memory limit.
        lost: why nobody can tell how it ended.
    """

    out_of_memory: bool = False
    lost: str = ""

    def __str__(self) -> str:
        return self.lost or super(DockerExit, self).__str__()


def creation(spec: DockerContainerSpec, *, cores: tuple[int, ...] = ()) -> dict[str, Any]:
    """Return the arguments of ``containers.create`` for ``spec``.

    Args:
        spec: the container.
        cores: CPUs that it may use; empty: all.
    """
    limits: dict[str, Any] = {}
    if spec.cpu_limit is not None:
        # Not nano_cpus: Docker refuses more of them than the machine has, and a cluster does not.
        limits["cpu_period"] = _PERIOD_US
        limits["cpu_quota"] = max(_SMALLEST_QUOTA_US, round(spec.cpu_limit * _PERIOD_US))
    if spec.memory_limit is not None:
        limits["mem_limit"] = limits["memswap_limit"] = spec.memory_limit
    if cores:
        limits["cpuset_cpus"] = ",".join(map(str, cores))
    if spec.read_only:
        limits |= {"read_only": True, "tmpfs": {"/tmp": "mode=1777"}}  # noqa: S108 - in the container
    if spec.working_dir:
        limits["working_dir"] = spec.working_dir
    return {
        "image": spec.image,
        "command": None if spec.args is None else list(spec.args),
        "entrypoint": None if spec.entrypoint is None else list(spec.entrypoint),
        "environment": dict(spec.env),
        "network_mode": f"container:{spec.pod}",
        "mounts": [
            Mount(
                each.target,
                each.source,
                type=each.kind,
                read_only=each.read_only,
                **({"no_copy": True} if each.kind == "volume" else {}),
            )
            for each in spec.mounts
        ],
        # Kubernetes has probes of its own, and its own log: an image's health check would only take CPU time.
        "healthcheck": {"test": ["NONE"]},
        "log_config": {"type": "none"},
        "labels": {**spec.labels, ROLE: "container"},
        **limits,
    }


class DockerContainer(Container):
    """A container that the Docker daemon runs.

    Args:
        spec: what it is.
        client: of the daemon.
        name: what its lives are called, with a number behind it.
        address: of its Pod.
        cgroups: version of the control groups that Docker uses.
    """

    def __init__(
        self,
        spec: DockerContainerSpec,
        client: docker.DockerClient,
        name: str,
        address: str,
        *,
        cgroups: int,
        journal: Journal,
        machine: Machine,
        grace_s: float,
        init: bool,
    ) -> None:
        cell = DockerCell(1 if cgroups == 1 else 2)
        super().__init__(spec, address, journal=journal, cell=cell, machine=machine, grace_s=grace_s, init=init)
        self.cores: tuple[int, ...] = ()
        self._recipe = spec
        self._docker_cell = cell
        self._client = client
        self._name = name
        self._lives = 0
        self._id = ""

    async def launch(self, output: int) -> asyncio.Future[Exit]:
        """Make and start a container for this life; see the parent."""
        self._lives += 1
        loop = asyncio.get_running_loop()
        exit_: asyncio.Future[Exit] = loop.create_future()
        try:
            self._id, stream, pid = await asyncio.to_thread(self._begin)
        except (DockerException, requests.RequestException) as error:
            raise SpawnError(explain(error)) from error
        self._docker_cell.enter(pid)
        threading.Thread(
            target=self._follow, args=(self._id, stream, os.dup(output), exit_, loop), name=self._name, daemon=True
        ).start()
        return exit_

    async def ask_to_end(self) -> None:
        """Send SIGTERM to its main process."""
        await self._send(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill every process of it with SIGKILL, and remove the container when it has ended."""
        self.become(ready=False)
        if self.running and self._exit is not None:
            self.cell.usage()
            await self._send(signal.SIGKILL)
            await asyncio.wait({self._exit}, timeout=_DEATH_S)
        if not self.running and self._id:
            ended, self._id = self._id, ""
            with suppress(DockerException, requests.RequestException):  # the stack's end removes it
                await asyncio.to_thread(self._client.api.remove_container, ended, v=True, force=True)

    async def pause(self) -> None:
        """Freeze every process of it, by the control group that Docker gives it."""
        if not self.paused:
            self.paused = True
            await asyncio.to_thread(_unless_ended, self._client.api.pause, self._id)

    async def resume(self) -> None:
        """Let every process of it go on."""
        if self.paused:
            self.paused = False
            await asyncio.to_thread(_unless_ended, self._client.api.unpause, self._id)

    def out_of_memory(self) -> str:
        """Say so when the kernel has killed a process of it because of its limit."""
        ended = self._exit.result() if self._exit is not None and self._exit.done() else None
        if isinstance(ended, DockerExit) and ended.out_of_memory and self.spec.memory_limit is not None:
            limit = format_bytes(self.spec.memory_limit)
            return f"was killed by the kernel: it needed more than its memory limit of {limit} (OOM kill)"
        return super().out_of_memory() if self.running else ""

    def may_listen_everywhere(self, port: int) -> bool:
        """Let it: every address is its Pod's own."""
        del port
        return True

    async def place(self, cores: tuple[int, ...]) -> None:
        """Give this life, and those to come, the CPUs ``cores``."""
        self.cores = cores
        if self.running:
            with suppress(APIError):  # it has ended
                await asyncio.to_thread(
                    self._client.api.update_container, self._id, cpuset_cpus=",".join(map(str, cores))
                )

    async def run_command(self, argv: tuple[str, ...], timeout_s: float) -> Answer:
        """Run a probe's command in it."""
        try:
            async with asyncio.timeout(timeout_s):
                status, said = await asyncio.to_thread(self._execute, self._id, argv)
        except TimeoutError:
            return Answer(good=False, text=f"no end within {timeout_s:g} s")
        except (DockerException, requests.RequestException) as error:
            return Answer(good=False, text=explain(error))
        first = said.decode(errors="replace").strip().partition("\n")[0][:200]
        return Answer(status == 0, f"ended with exit status {status}{f' ({first})' if first else ''}")

    def _begin(self) -> tuple[str, Iterator[bytes], int]:
        api = self._client.api
        made = self._client.containers.create(
            **creation(self._recipe, cores=self.cores), name=f"{self._name}-{self._lives}"
        )
        # Before the start, so that no line is missed.
        stream = api.attach(made.id, stdout=True, stderr=True, stream=True)
        api.start(made.id)
        return str(made.id), stream, int(api.inspect_container(made.id)["State"]["Pid"])

    def _follow(
        self,
        identity: str,
        stream: Iterator[bytes],
        output: int,
        exit_: asyncio.Future[Exit],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Copy its output until it ends, and tell how it ended. Runs in a thread of its own."""
        try:
            with os.fdopen(output, "wb", 0) as log:
                for part in stream:
                    with suppress(OSError):  # a full disk must not end the stack
                        log.write(part)
            ended = _read_exit(self._client, identity)
        except NotFound:
            ended = DockerExit(None, lost=REMOVED)
        except (DockerException, requests.RequestException, OSError) as error:
            ended = DockerExit(None, lost=f"is out of sight: {LOST} ({explain(error)})")

        def tell() -> None:
            if not exit_.done():
                exit_.set_result(ended)

        with suppress(RuntimeError):  # the keeper has ended
            loop.call_soon_threadsafe(tell)

    async def _send(self, number: signal.Signals) -> None:
        with suppress(APIError, requests.RequestException):  # it has ended
            await asyncio.to_thread(self._client.api.kill, self._id, number.name)

    def _execute(self, identity: str, argv: tuple[str, ...]) -> tuple[int, bytes]:
        api = self._client.api
        made = api.exec_create(identity, list(argv))["Id"]
        said = bytes(api.exec_start(made))
        return int(api.exec_inspect(made)["ExitCode"]), said


def _unless_ended(act: Callable[[str], object], identity: str) -> None:
    try:
        act(identity)
    except APIError as error:
        if error.status_code not in _ENDED:
            raise


def _read_exit(client: docker.DockerClient, identity: str) -> DockerExit:
    """Wait until a container has ended, and say how."""
    status = int(client.api.wait(identity, timeout=None)["StatusCode"])
    state = client.api.inspect_container(identity)["State"]
    if state["Status"] in _GOING:
        return DockerExit(None, lost=REMOVED)
    killed = status > _SIGNALLED
    return DockerExit(
        None if killed else status, status - _SIGNALLED if killed else 0, out_of_memory=bool(state["OOMKilled"])
    )
