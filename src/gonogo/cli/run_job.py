"""``gonogo run-job``: bring a stack up, run one of its Jobs to its end, and stop the stack."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gonogo.errors import UsageError
from gonogo.manifests.topology import Job, Topology
from gonogo.suite.stack import Stack
from gonogo.units import format_duration
from gonogo.wiring import placement_for, read_topology, settings_here, start_stack

__all__ = ["run_job"]


def run_job(
    name: Annotated[str, typer.Argument(help="Name of a Job or a CronJob; job/NAME or cronjob/NAME where both exist.")],
    paths: Annotated[list[str], typer.Argument(metavar="PATH…|-", help="Files and folders of YAML; - reads stdin.")],
    env: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Set a variable for its Pods.")] = None,
    timeout: Annotated[str, typer.Option(metavar="D", help="How long it may take; then it is ended.")] = "1h",
    platform: Annotated[str, typer.Option(metavar="P", help="Where to run: process.")] = "",
) -> int:
    """Bring a stack up, run one of its Jobs, print what its Pods wrote, and say how it ended; 1 when it failed."""
    variables = _variables(env or [])
    settings = settings_here(os.environ, platform=platform)
    topology, findings, _ = read_topology(paths, stdin=sys.stdin)
    for finding in findings:
        typer.echo(str(finding), err=True)
    chosen = _chosen(topology, name)
    with (
        tempfile.TemporaryDirectory(prefix="gonogo-job-") as workdir,
        start_stack(topology, settings, placement_for(topology, settings), Path(workdir)) as running,
    ):
        stack = Stack(running)
        table = stack.jobs if chosen.kind == "Job" else stack.cron_jobs
        job = table[f"{chosen.namespace}/{chosen.name}"].run(env=variables, timeout=timeout)
        typer.echo(job.log, nl=False)
    restarts = sum(pod.restarts for pod in job.pods)
    typer.echo(
        f"{job.name}: {job.reason} after {format_duration(job.duration_s)},"
        f" {len(job.pods)} Pods, {restarts} restarts, exit status {job.exit_code}",
        err=True,
    )
    return 0 if job.succeeded else 1


def _chosen(topology: Topology, name: str) -> Job:
    """Return what is called ``name``: a Job, or what a CronJob makes Jobs of.

    Raises:
        UsageError: there is none, or more than one.
    """
    kind, slash, rest = name.partition("/")
    kinds = {"job": ("Job",), "cronjob": ("CronJob",)}.get(kind if slash else "", ("Job", "CronJob"))
    short = rest if len(kinds) == 1 else name
    declared = (*topology.jobs, *(cron_job.job for cron_job in topology.cron_jobs))
    found = [job for job in declared if job.kind in kinds and short in (job.name, f"{job.namespace}/{job.name}")]
    if len(found) == 1:
        return found[0]
    known = ", ".join(map(str, declared)) or "none"
    if found:
        raise UsageError(
            f"{len(found)} Jobs and CronJobs are called {name!r}", mend=f"write job/NAME or cronjob/NAME: {known}"
        )
    raise UsageError(f"no Job or CronJob is called {name!r}", mend=f"the manifests declare: {known}")


def _variables(given: list[str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise UsageError(f"{name!r} sets no variable", where="--env", mend="write NAME=VALUE")
    return {name: value for name, _, value in pairs}
