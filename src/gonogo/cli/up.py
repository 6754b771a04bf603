"""``gonogo up``: bring a stack up and keep it until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from gonogo.platforms.interface import RunningStack
from gonogo.wiring import placement_for, read_topology, settings_here, start_stack

__all__ = ["up"]


def up(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…|-", help="Files and folders of YAML; - reads stdin.")],
    platform: Annotated[str, typer.Option(metavar="P", help="Where to run: process.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the endpoints as one line of JSON.")] = False,  # noqa: FBT002
) -> int:
    """Bring a stack up from its manifests, print its addresses, and stop it on Ctrl-C or SIGTERM."""
    settings = settings_here(os.environ, platform=platform)
    topology, findings, _ = read_topology(paths, stdin=sys.stdin)
    for finding in findings:
        typer.echo(str(finding), err=True)
    with (
        tempfile.TemporaryDirectory(prefix="gonogo-up-") as workdir,
        start_stack(topology, settings, placement_for(topology, settings), Path(workdir)) as stack,
    ):
        endpoints = _endpoints(stack)
        if as_json:
            typer.echo(json.dumps({"services": endpoints, "logs": workdir}))
        else:
            for service, addresses in endpoints.items():
                typer.echo(f"{service}: {', '.join(addresses)}")
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


def _wait_for_the_end(stack: RunningStack) -> None:
    """Wait for SIGINT or SIGTERM and tell what goes wrong meanwhile."""
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    told = 0
    try:
        while signal.sigtimedwait(signals, 1.0) is None:
            problems = stack.problems()
            for problem in problems[told:]:
                typer.echo(problem, err=True)
            told = len(problems)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
