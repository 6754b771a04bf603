"""``gonogo render``: the proxy configuration that traffic rules come to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gonogo import mesh
from gonogo.manifests.build import assemble
from gonogo.manifests.findings import Severity
from gonogo.manifests.reader import read

__all__ = ["render"]


def render(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…|-", help="Files and folders of YAML; - reads stdin.")],
    to: Annotated[
        str,
        typer.Option(
            metavar="envoy|nginx|istio",
            help="The proxy to configure; istio: EnvoyFilters for what Istio's own objects have no field for.",
        ),
    ],
) -> int:
    """Print the configuration of the client's proxy for the traffic rules of manifests."""
    assembly = assemble(read(paths, stdin=sys.stdin))
    if to == "istio":
        typer.echo(mesh.envoy_filters(mesh.read(assembly), mesh.layout(assembly.topology)))
        return 0
    rendering = mesh.render(mesh.read(assembly), mesh.layout(assembly.topology), to=to)
    for finding in rendering.findings:
        typer.echo(str(finding), err=True)
    typer.echo(rendering.text)
    return 1 if any(finding.severity is Severity.ERROR for finding in rendering.findings) else 0
