"""Starting a topology as processes: plan it, check the machine, hand it to a supervisor, wait until it is ready."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from gonogo.errors import AbsentPlatform, EnvironmentFault, SettingsError
from gonogo.manifests.topology import Topology
from gonogo.platforms.process import lean
from gonogo.platforms.process.addresses import plan_addresses
from gonogo.platforms.process.catalogue import Catalogue
from gonogo.platforms.process.cgroups.cell import group_name
from gonogo.platforms.process.cgroups.choice import Choice
from gonogo.platforms.process.cgroups.here import choice_here
from gonogo.platforms.process.environment import base_environment
from gonogo.platforms.process.jobs.pods import PodMaker
from gonogo.platforms.process.leftovers import Record, open_record, private_folder, reap
from gonogo.platforms.process.link import Link, new_id
from gonogo.platforms.process.network import check_ports, claim_block
from gonogo.platforms.process.plan import Place, StackPlan, plan_stack
from gonogo.platforms.process.programs import check_programs
from gonogo.platforms.process.report import start_error
from gonogo.platforms.process.spec import StackSpec
from gonogo.platforms.process.stack import ProcessStack
from gonogo.platforms.process.volumes import write_files

__all__ = ["ProcessPlatform", "await_start", "records_folder", "start_jobs"]


class ProcessPlatform:
    """Runs topologies as plain processes on this Linux machine.

    Args:
        images: glob of images to command template (``[tool.gonogo.images]``).
        cores: CPUs for everything that a stack runs; empty: wherever the kernel puts it.
        stop_timeout_s: the longest time between SIGTERM and SIGKILL; None: what the manifests say.
        choice: where control groups are made; None: found out from this machine.

    Raises:
        SettingsError: an entry of ``images`` cannot be used.
    """

    name = "process"

    def __init__(
        self,
        images: Mapping[str, str | Sequence[str]],
        cores: tuple[int, ...] = (),
        *,
        stop_timeout_s: float | None = None,
        choice: Choice | None = None,
    ) -> None:
        self._catalogue = Catalogue.read(images)
        self._cores = cores
        self._stop_timeout_s = stop_timeout_s
        self._choice = choice

    def start(self, topology: Topology, *, workdir: Path, ready_timeout_s: float) -> ProcessStack:
        """Start everything in ``topology`` and return when every replica is ready.

        Args:
            topology: what to start.
            workdir: an empty folder for logs and volumes; logs stay in it after the stop.
            ready_timeout_s: after it an unready replica is a StackError with its last log lines.

        Raises:
            SettingsError: images without a command (all of them are named), or CPUs that are not there.
            ManifestError: a reference in the topology leads nowhere.
            StackError: something did not start or get ready; everything started before has been stopped.
            EnvironmentFault: a port is in use, a program is missing, or no addresses are left; nothing was started.
            AbsentPlatform: this machine runs no Linux.
        """
        if sys.platform != "linux":
            raise AbsentPlatform(
                f"the process platform needs Linux, and this is {sys.platform}",
                mend="run in Docker: --gonogo-platform docker",
            )
        if foreign := sorted(set(self._cores) - os.sched_getaffinity(0)):
            raise SettingsError(
                f"this process may not use the CPUs {foreign}",
                where="service_cores",
                mend=f"choose from {sorted(os.sched_getaffinity(0))}",
            )
        with ExitStack() as opened:
            workdir = workdir.resolve()
            records = records_folder()
            reap(records)
            block, claim = claim_block(os.getpid())
            opened.callback(claim.close)
            addresses = plan_addresses(topology, block)
            stack = new_id()
            place = Place(
                stack=stack,
                workdir=str(workdir),
                root=str(Path.cwd()),
                python=sys.executable,
                environment=base_environment(os.environ, sys.executable),
                grace_cap_s=self._stop_timeout_s,
            )
            plan = plan_stack(topology, addresses=addresses, catalogue=self._catalogue, place=place)
            check_programs((*plan.replicas, *plan.templates))
            check_ports(plan.ports)
            write_files((f"{workdir}/logs", *plan.folders), plan.files)
            choice = self._choice or choice_here()
            lock, record = open_record(
                records,
                Record(
                    stack,
                    tuple(f"{folder}/{group_name(stack)}" for folder in choice.folders),
                    (f"{workdir}/volumes",),
                ),
            )
            opened.callback(os.close, lock)
            spec = StackSpec(
                id=stack,
                owner=os.getpid(),
                record=str(record),
                replicas=plan.replicas,
                ready_timeout_s=ready_timeout_s,
                choice=choice,
                forwards=plan.forwards,
                forwarder=lean.command("gonogo.platforms.process.forwarder.main", site=True),
                cores=self._cores,
                reserve=plan.reserve,
            )
            link = Link(spec, log=workdir / "supervisor.log", held=(lock, claim.fileno()))
        maker = PodMaker(topology, addresses, self._catalogue, place)
        running = ProcessStack(topology, plan, addresses, link, _notes(plan), maker)
        try:
            start_jobs(running)
            await_start(link, plan)
        except BaseException:
            running.stop()
            raise
        return running


def await_start(link: Link, plan: StackPlan) -> None:
    """Wait until every replica is ready.

    Raises:
        StackError: one cannot become it, or the supervisor died.
    """
    started = link.started()
    if started.failures:
        raise start_error(started.failures, len(plan.replicas), plan.redact)


def records_folder() -> Path:
    """Return this user's folder for records of running stacks.

    Raises:
        EnvironmentFault: it cannot be used.
    """
    try:
        return private_folder(Path(tempfile.gettempdir()))
    except OSError as error:
        raise EnvironmentFault(
            f"the folder for records of running stacks cannot be used: {error.strerror}",
            where=str(error.filename or tempfile.gettempdir()),
            mend="remove it, or point TMPDIR to a folder of your own",
        ) from error


def start_jobs(running: ProcessStack) -> None:
    """Start the Jobs of the manifests, as Kubernetes does when they are applied unless they are suspended."""
    for job in running.topology.jobs:
        if not job.suspended:
            running.start_job(job, job.name, {})


def _notes(plan: StackPlan) -> tuple[str, ...]:
    return tuple(
        f"Service {forward.service} is reached from inside the stack through a forwarder, which costs a hop and CPU"
        " time (the load generator goes to the replicas directly)"
        for forward in plan.forwards
    )
