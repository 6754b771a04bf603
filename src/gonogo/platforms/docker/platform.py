"""Starting a topology in Docker: find the images, make network and Pods, hand the rest to a keeper, wait."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import docker

from gonogo.manifests.topology import Topology
from gonogo.platforms.docker.build import Builder, Built
from gonogo.platforms.docker.daemon import connect, told
from gonogo.platforms.docker.jobs import DockerPodMaker
from gonogo.platforms.docker.labels import OWNER, STACK, Owner
from gonogo.platforms.docker.names import forwarded, pack
from gonogo.platforms.docker.pause import ensure_pause
from gonogo.platforms.docker.place import Place, Sandbox
from gonogo.platforms.docker.plan import plan_forwards, plan_pods, plan_stack
from gonogo.platforms.docker.pods import make_booth, make_network, make_pods
from gonogo.platforms.docker.shipped import choose, named, sources
from gonogo.platforms.docker.spec import Booth, DockerStackSpec
from gonogo.platforms.docker.stack import DockerStack
from gonogo.platforms.docker.stock import Stock, provide
from gonogo.platforms.docker.sweep import reap, remove_stack
from gonogo.platforms.process import lean
from gonogo.platforms.process.addresses import AddressPlan
from gonogo.platforms.process.cgroups.choice import Choice
from gonogo.platforms.process.leftovers import Record, open_record
from gonogo.platforms.process.leftovers import reap as reap_records
from gonogo.platforms.process.link import Link, new_id
from gonogo.platforms.process.platform import await_start, records_folder, start_jobs
from gonogo.platforms.process.volumes import write_files

__all__ = ["DockerPlatform"]

_KEEPER = "gonogo.platforms.docker.keeper.main"
_RELAY = "gonogo.platforms.docker.keeper.relay"


class DockerPlatform:
    """Runs topologies in the Docker daemon of this machine.

    Args:
        base_image: image with Python, for forwarders and for gonogo's own images.
        cores: CPUs for everything that a stack runs, once it is ready; empty: all.
        stop_timeout_s: the longest time between SIGTERM and SIGKILL; None: what the manifests say.
        families: glob of the images that ship with gonogo to their family.
        stand_ins: glob of images that may be out of reach to the shipped image that then takes their place.
        announce: told before something that takes long.
    """

    name = "docker"

    def __init__(
        self,
        base_image: str = "python:3.11-slim-bookworm",
        cores: tuple[int, ...] = (),
        *,
        stop_timeout_s: float | None = None,
        families: Mapping[str, str] | None = None,
        stand_ins: Mapping[str, str] | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._base_image = base_image
        self._cores = cores
        self._stop_timeout_s = stop_timeout_s
        self._families = families or {}
        self._stand_ins = stand_ins or {}
        self._announce = announce

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> DockerStack:
        """Start everything in ``topology`` and return when every replica is ready.

        Args:
            topology: what to start.
            workdir: an empty folder for logs and volumes; logs stay in it after the stop.
            ready_timeout_s: after it an unready replica is a StackError with its last log lines.

        Raises:
            AbsentPlatform: this machine has no Docker daemon.
            ManifestError: a reference in the topology leads nowhere.
            EnvironmentFault: an image is missing, or Docker has no room, network or answer; nothing was left running.
            StackError: something did not start or get ready; everything started before has been removed.
        """
        pods = plan_pods(topology)
        client = connect()
        try:
            reap(client)
            stock = self._provide(client, _images(topology))
            through = pack(forwarded(topology))
            if through:
                provide(client, (self._base_image,))
            ensure_pause(client)
            stack = new_id()
            labels = {STACK: stack, OWNER: str(Owner.here())}
            try:
                network = make_network(client, stack, labels)
                sandboxes = make_pods(client, pods, network, labels)
                booths = {
                    make_booth(
                        client, services, topology, image=self._base_image, network=network, labels=labels
                    ): services
                    for services in through
                }
                forwards = plan_forwards(topology, sandboxes)
                place = Place(
                    stack, str(workdir.resolve()), labels, stock.read_only, stock.stand_ins, self._stop_timeout_s
                )
                return self._run(
                    client,
                    topology,
                    sandboxes,
                    place,
                    tuple(
                        Booth(container, tuple(forwards[f"{each.namespace}/{each.name}"] for each in services))
                        for container, services in booths.items()
                    ),
                    stock.notes,
                    ready_timeout_s,
                )
            except BaseException:
                remove_stack(client, stack)
                raise
        finally:
            client.close()

    def health(self) -> str:
        """Return a line about the daemon.

        Raises:
            AbsentPlatform: there is none.
        """
        client = connect()
        try:
            with told("say what it is"):
                about = client.info()
        finally:
            client.close()
        limits = "; ".join(f"{limit} is not enforced" for limit in _unsupported(about))
        running = f"Docker {about['ServerVersion']}, cgroup v{about.get('CgroupVersion', 1)}, {about['NCPU']} CPUs"
        return f"{running}; {limits}" if limits else running

    def build_images(self, names: Sequence[str], version: str) -> tuple[Built, ...]:
        """Build the shipped images called ``names`` (all for none) that are missing or outdated.

        Args:
            names: ``gonogo/iris`` or ``iris``, with a tag or without.
            version: the tag of names without one.

        Raises:
            AbsentPlatform: this machine has no Docker daemon.
            UsageError: a name is no shipped image's.
            EnvironmentFault: an image could not be built.
        """
        images = named(names, self._families, version)
        client = connect()
        try:
            return self._builder(client).build(images)
        finally:
            client.close()

    def _provide(self, client: docker.DockerClient, images: Sequence[str]) -> Stock:
        """Have every image on the daemon: the shipped ones as their sources say, the others pulled or stood in for."""
        if shipped := choose(images, self._families):
            self._builder(client).build(shipped)
        stock = provide(client, images, self._stand_ins)
        names = tuple(dict.fromkeys(stock.stand_ins.values()))
        if not names:
            return stock
        self._builder(client).build(choose(names, self._families))
        return replace(stock, read_only=stock.read_only | provide(client, names).read_only)

    def _builder(self, client: docker.DockerClient) -> Builder:
        return Builder(
            client, root=sources(), base_image=self._base_image, environment=os.environ, announce=self._announce
        )

    def _run(
        self,
        client: docker.DockerClient,
        topology: Topology,
        sandboxes: Mapping[str, Sandbox],
        place: Place,
        booths: tuple[Booth, ...],
        said: tuple[str, ...],
        ready_timeout_s: float,
    ) -> DockerStack:
        """Hand everything to a keeper and wait until it is ready."""
        plan = plan_stack(topology, sandboxes, place)
        write_files(plan.folders, plan.files)
        Path(place.workdir, "volumes").chmod(0o700)
        with told("say what it can do"):
            about = client.info()
        with ExitStack() as opened:
            records = records_folder()
            reap_records(records)
            lock, record = open_record(records, Record(place.stack, (), (f"{place.workdir}/volumes",)))
            opened.callback(os.close, lock)
            spec = DockerStackSpec(
                id=place.stack,
                owner=os.getpid(),
                record=str(record),
                replicas=plan.replicas,
                reserve=plan.reserve,
                ready_timeout_s=ready_timeout_s,
                choice=Choice(),
                cores=self._cores,
                booths=booths,
                forwarder=lean.command(_RELAY, site=True),
                cgroups=int(about.get("CgroupVersion") or 1),
            )
            link = Link(spec, log=Path(place.workdir, "supervisor.log"), held=(lock,), program=_KEEPER, site=True)
        addresses = AddressPlan(0, {}, {name: sandbox.address for name, sandbox in sandboxes.items()})
        notes = (
            *said,
            *_notes(booths),
            *(f"{limit} is not enforced: {why}" for limit, why in _unsupported(about).items()),
        )
        maker = DockerPodMaker(f"gonogo-{place.stack}", place)
        running = DockerStack(topology, plan, addresses, link, notes, maker, stack=place.stack, sandboxes=sandboxes)
        try:
            start_jobs(running)
            await_start(link, plan)
        except BaseException:
            running.stop()
            raise
        return running


def _images(topology: Topology) -> tuple[str, ...]:
    templates = [job.template for job in (*topology.jobs, *(each.job for each in topology.cron_jobs))]
    return tuple(
        dict.fromkeys(
            container.image
            for workload in (*topology.workloads, *templates)
            for container in (*workload.init_containers, *workload.containers)
        )
    )


def _unsupported(about: Mapping[str, object]) -> dict[str, str]:
    """Limits that the daemon says it cannot hold (GET /info)."""
    held = {"CpuCfsQuota": "the CPU limit", "MemoryLimit": "the memory limit"}
    return {limit: f"Docker reports {key} off" for key, limit in held.items() if about.get(key) is False}


def _notes(booths: Sequence[Booth]) -> tuple[str, ...]:
    return tuple(
        f"Service {forward.service} is reached from inside the stack through a forwarder, which costs a hop and CPU"
        " time (the load generator goes to the replicas directly)"
        for booth in booths
        for forward in booth.forwards
    )
