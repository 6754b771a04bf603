"""``gonogo up``: bring a stack up and keep it until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gonogo.manifests.schedule import Schedule
from gonogo.platforms.interface import JobRunner, RunningStack
from gonogo.suite.schedule import ScheduleKeeper
from gonogo.suite.traffic import Traffic
from gonogo.wiring import (
    carrier_for,
    order_sidecar,
    placement_for,
    read_manifests,
    settings_here,
    start_stack,
    start_traffic,
)

__all__ = ["up"]


def up(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…|-", help="Files and folders of YAML; - reads stdin.")],
    platform: Annotated[str, typer.Option(metavar="P", help="Where to run: process, docker, cluster, kind.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the endpoints as one line of JSON.")] = False,  # noqa: FBT002
) -> int:
    """Bring a stack up from its manifests, print its addresses, and stop it on Ctrl-C or SIGTERM."""
    settings = settings_here(os.environ, platform=platform)
    declared = read_manifests(paths, stdin=sys.stdin)
    topology, sidecar = declared.topology, order_sidecar(declared)
    for finding in (*declared.findings, *(() if sidecar.wanted else declared.dormant)):
        typer.echo(str(finding), err=True)
    placement = placement_for(topology, settings)
    with ExitStack() as opened:
        workdir = opened.enter_context(tempfile.TemporaryDirectory(prefix="gonogo-up-"))
        stack = opened.enter_context(start_stack(topology, settings, placement, Path(workdir)))
        ruled: dict[str, str] = {}
        if sidecar.wanted:
            folder = Path(workdir) / "sidecar"
            acting = start_traffic(
                stack,
                declared,
                sidecar,
                proxy=carrier_for(settings),
                placement=placement,
                folder=folder,
                istio_proxy=settings.istio_proxy,
            )
            opened.callback(acting.stop)
            for finding in acting.findings:
                typer.echo(str(finding), err=True)
            for note in acting.cage.unheld:
                typer.echo(f"note: {note}", err=True)
            ruled = _ruled(stack, acting)
        endpoints = _endpoints(stack)
        if as_json:
            typer.echo(json.dumps({"services": endpoints, "through_rules": ruled, "logs": workdir}))
        else:
            for service, addresses in endpoints.items():
                typer.echo(f"{service}: {', '.join(addresses)}")
            for service, address in ruled.items():
                typer.echo(f"{service} by its traffic rules: {address}")
            for note in stack.notes():
                typer.echo(f"note: {note}")
            typer.echo(f"logs: {workdir}/logs; Ctrl-C stops the stack")
        _wait_for_the_end(stack)
    return 0


def _endpoints(stack: RunningStack) -> dict[str, list[str]]:
    """URLs of the ready replicas by ``namespace/service`` and port."""
    return {
        f"{service.namespace}/{service.name}:{port.port}": [
            f"http://{endpoint.host}:{endpoint.port}" for endpoint in stack.endpoints(service, port.port)
        ]
        for service in stack.topology.services
        for port in service.ports
    }


def _ruled(stack: RunningStack, acting: Traffic) -> dict[str, str]:
    """Where Services with traffic rules are reached through the client's sidecar."""
    return {
        f"{service.namespace}/{service.name}:{port.port}": f"http://{way}"
        for service in stack.topology.services
        for port in service.ports
        if (way := acting.outlet(service, port.port))
    }


def _wait_for_the_end(stack: RunningStack) -> None:
    """Wait for SIGINT or SIGTERM and tell what goes wrong meanwhile."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    told = 0
    schedules = _schedules(stack)
    try:
        while signal.sigtimedwait(signals, 1.0) is None:
            if schedules is not None:
                schedules.tick(datetime.now(UTC))
            problems = stack.problems()
            for problem in problems[told:]:
                typer.echo(problem, err=True)
            told = len(problems)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _schedules(stack: RunningStack) -> ScheduleKeeper | None:
    """Return what keeps the schedules of the stack's CronJobs; None when it has none."""
    cron_jobs = stack.topology.cron_jobs
    if not cron_jobs:
        return None
    if not isinstance(stack, JobRunner):
        typer.echo("note: this platform runs no Jobs: schedules of CronJobs are not kept", err=True)
        return None
    now = datetime.now(UTC)
    for cron_job in cron_jobs:
        due = Schedule(cron_job.schedule, cron_job.time_zone).next_times(now, 1)
        when = "suspended" if cron_job.suspended else f"next due at {due[0]}" if due else "never due"
        typer.echo(f"{cron_job}: {when}", err=True)
    return ScheduleKeeper(stack, cron_jobs, now, lambda line: typer.echo(line, err=True))
